// SPDX-License-Identifier: Apache-2.0

package practice

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/order"
)

// The files of a practice order in its folder.
const (
	OrderFile    = "order.yaml"
	AllowedFile  = "allowed_signers"
	CustomerFile = "customer.key" // the age identity that decrypts the seeds
)

// NewOrder writes the sample order for a number of tokens into a folder. Its customer and
// the people who sign it are made up for it. The limit for the crystal is generous, and
// one code is compared: a token takes less than a second.
func NewOrder(dir string, tokens int, now time.Time) error {
	customer, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	last := "ZZFB" + fmt.Sprintf("%08d", 2*tokens+100) // voided tokens use up numbers, too
	text := string(order.Sample(now))
	for _, r := range [][2]string{
		{"count: 10 ", "count: " + strconv.Itoa(tokens) + " "},
		{`"ZZFB00000012"`, strconv.Quote(last)},
		{"verification: two steps displayed", "verification: device check of one step"},
		{"drift_ppm: 20 ", "drift_ppm: 4000 "},
		{order.SampleRecipient, customer.Recipient().String()},
	} {
		if !strings.Contains(text, r[0]) {
			return errors.New("practice: internal error: the sample order has no " + r[0])
		}
		text = strings.Replace(text, r[0], r[1], 1)
	}
	if err := atomicfile.Write(filepath.Join(dir, CustomerFile), []byte(customer.String()+"\n")); err != nil {
		return fmt.Errorf("writing the customer's key: %w", err)
	}
	path := filepath.Join(dir, OrderFile)
	if err := atomicfile.WriteMode(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing the order: %w", err)
	}
	var allowed strings.Builder
	for _, name := range []string{"tanaka@example.com", "sato@example.com"} {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			return err
		}
		signer, err := sshsig.NewSigner(key)
		if err != nil {
			return err
		}
		signature, err := order.Sign([]byte(text), signer, now)
		if err != nil {
			return err
		}
		file, err := order.SignatureFile(path, name)
		if err != nil {
			return err
		}
		if err := atomicfile.WriteMode(file, signature, 0o644); err != nil {
			return fmt.Errorf("writing a signature: %w", err)
		}
		fmt.Fprintf(&allowed, "%s namespaces=\"fob-order\" %s", name, sshsig.FormatPublicKey(signer.PublicKey()))
	}
	if err := os.WriteFile(filepath.Join(dir, AllowedFile), []byte(allowed.String()), 0o644); err != nil {
		return fmt.Errorf("writing the allowed signers: %w", err)
	}
	return nil
}

// UseOrder reads the order that [NewOrder] wrote into the folder, and checks its
// signatures.
func (c *Config) UseOrder(now time.Time) (signers []order.Signer, err error) {
	text, err := os.ReadFile(filepath.Join(c.Dir, AllowedFile))
	if err != nil {
		return nil, fmt.Errorf("reading the allowed signers: %w", err)
	}
	allowed, err := order.ParseAllowed(text, time.UTC)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(c.Dir, OrderFile)
	if c.Order, signers, err = order.VerifyFile(path, allowed, now); err != nil {
		return nil, err
	}
	if c.Content, err = order.ReadFile(path); err != nil {
		return nil, err
	}
	c.Recipients, err = journal.Recipients(c.Order, nil)
	return signers, err
}
