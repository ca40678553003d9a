// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/secretfile"
	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/line/order"
)

// orderSignOptions are the flags of fob line order sign.
type orderSignOptions struct{ key, passphrase, name string }

func newLineOrderSignCmd(a *app) *cobra.Command {
	var o orderSignOptions
	cmd := &cobra.Command{
		Use:   "sign FILE --key KEY --name NAME",
		Short: "Sign an order",
		Long: `Sign an order with an Ed25519 key of OpenSSH. On a terminal, the order is shown
first. The signature is in FILE.NAME.sig; ssh-keygen -Y verify -n fob-order
accepts it. NAME is your name in the list of allowed signers.

The passphrase of an encrypted key is prompted for if --passphrase-file is
omitted. If KEY is a public key, the ssh-agent at SSH_AUTH_SOCK signs.`,
		Example: `  fob line order sign order.yaml --key ~/.ssh/id_ed25519 --name tanaka@example.com
  fob line order sign order.yaml --key ~/.ssh/id_ed25519.pub --name tanaka@example.com`,
		Args: oneOrder,
		RunE: func(cmd *cobra.Command, args []string) error { return a.signOrder(cmd.Context(), args[0], &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.key, "key", "", "`FILE` of the private key, or of the public key of one in ssh-agent")
	f.StringVar(&o.passphrase, "passphrase-file", "", "`FILE` with the passphrase of the key")
	f.StringVar(&o.name, "name", "", "your `NAME`, as in the list of allowed signers")
	cmd.MarkFlagRequired("key")
	cmd.MarkFlagRequired("name")
	return cmd
}

func (a *app) signOrder(ctx context.Context, path string, f *orderSignOptions) error {
	out, err := order.SignatureFile(path, f.name)
	if err != nil {
		return usagef("--name: %w", err)
	}
	now := time.Now()
	o, err := order.CheckFile(path, now)
	if err != nil {
		return err
	}
	a.warnSample(o)
	if isTerminal(a.stderr) && !a.json { // people see the order before they type a passphrase
		v := showLineOrder(path, o, nil)
		fmt.Fprint(a.stderr, v.text(o, true))
	}
	key, done, err := a.sshKey(ctx, f)
	if err != nil {
		return err
	}
	defer done()
	b, err := order.ReadFile(path)
	if err != nil {
		return err
	}
	if same, err := order.Parse(b); err != nil || same.Digest() != o.Digest() {
		return usagef("signing %s: the file changed after it was shown: run this again", path)
	}
	before, err := order.SignedBefore(path, b, key.PublicKey())
	if err != nil {
		return fmt.Errorf("signing %s: %w", path, err)
	}
	if before != "" {
		return usagef("signing %s: the same key made %s, and counts once: remove that file if its name is wrong", path, plain(before))
	}
	sig, err := order.Sign(b, key, now)
	if err != nil {
		return fmt.Errorf("signing %s: %w", path, err)
	}
	if _, err := os.Lstat(out); err == nil {
		return usagef("writing %s: it exists, and another key made it or the order was different then: remove it, and sign again", plain(out))
	}
	if err := writeNew(out, sig, 0o644); err != nil {
		return err
	}
	fingerprint := sshsig.Fingerprint(key.PublicKey())
	return a.print(map[string]string{"file": out, "fingerprint": fingerprint, "sha256": digestOf(o)}, fmt.Sprintf("%s\n", plain(out)))
}

// sshKey returns a private key of OpenSSH, from a file or from ssh-agent. The caller
// calls done after the last signature.
func (a *app) sshKey(ctx context.Context, f *orderSignOptions) (key sshsig.Signer, done func(), err error) {
	done = func() {}
	text, err := a.readSecret(ctx, "key", f.key)
	if errors.Is(err, secretfile.ErrMode) {
		public, e := a.readPublic(ctx, "key", f.key)
		if e == nil {
			if _, e = sshsig.ParsePublicKey(public); e == nil { // it is not secret
				text, err = public, nil
			}
		}
	}
	if err != nil {
		return nil, done, err
	}
	defer clear(text)
	if public, e := sshsig.ParsePublicKey(text); e == nil {
		return a.agentKey(public, f)
	} else if !errors.Is(e, sshsig.ErrPublicKey) {
		return nil, done, fmt.Errorf("reading the key from %s: %w", source(f.key), e)
	}
	passphrase, err := a.readPassword(ctx, f.passphrase)
	if err != nil {
		return nil, done, err
	}
	defer func() { clear(passphrase) }()
	key, err = sshsig.ParsePrivateKey(text, passphrase)
	if errors.Is(err, sshsig.ErrNeedPassphrase) {
		passphrase, err = a.askOr(ctx, "passphrase of "+plain(f.key), "name its file with --passphrase-file, or run this on a terminal", false)
		if err != nil {
			return nil, done, err
		}
		key, err = sshsig.ParsePrivateKey(text, passphrase)
	}
	if err != nil {
		return nil, done, fmt.Errorf("reading the key from %s: %w", source(f.key), err)
	}
	return key, done, nil
}

// agentKey returns the private key of a public key from ssh-agent.
func (a *app) agentKey(public sshsig.PublicKey, f *orderSignOptions) (sshsig.Signer, func(), error) {
	none := func() {}
	if f.passphrase != "" {
		return nil, none, usagef("--passphrase-file goes with a private key: ssh-agent holds keys without one")
	}
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, none, usagef("%s is a public key, and SSH_AUTH_SOCK names no ssh-agent: start one, or give the private key", source(f.key))
	}
	connection, err := net.Dial("unix", socket)
	if err != nil {
		return nil, none, fmt.Errorf("connecting to ssh-agent: %w", err)
	}
	key, err := sshsig.FromAgent(connection, public)
	if err != nil {
		return nil, none, errors.Join(err, connection.Close())
	}
	return key, func() { _ = connection.Close() }, nil
}
