// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/gofrs/flock"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/secretfile"
	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/internal/vault"
)

// The files beside a journal FILE.
const (
	masterSuffix = ".key"  // the master key
	lockSuffix   = ".lock" // is locked by the station that works with the journal
	signSuffix   = ".ssh"  // the station's SSH key, which signs the records; its public half has .pub, too
)

// ErrKeys is the error of a journal whose keys are missing.
var ErrKeys = errclass.New(errclass.Usage, "the keys of the journal")

// ErrInUse is the error of a journal with which another process programs tokens.
var ErrInUse = errclass.New(errclass.Refused, "another process works with this journal")

// Lock locks the journal in a file for the process that programs tokens with it, or gives
// them up. Other programs may use the journal meanwhile. The system releases the lock when
// the process ends. The error wraps [ErrInUse].
func Lock(database string) (release func() error, err error) {
	lock := flock.New(database+lockSuffix, flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	switch {
	case err != nil:
		return nil, errclass.With(errclass.Usage, fmt.Errorf("locking the journal: %w", err))
	case !got:
		return nil, fmt.Errorf("%w: %s: end that line first, or name another journal", ErrInUse, database)
	}
	return lock.Unlock, nil
}

// OpenFile opens a journal with the keys in the files beside it: FILE.key has the master
// key, FILE.ssh the station's SSH key, and FILE.ssh.pub its public half. With create, it
// makes the files of a new journal, which only their owner can read. The master and the
// key of c are ignored.
func OpenFile(ctx context.Context, c Config) (*Journal, error) {
	info, err := os.Stat(c.Database)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !c.Create:
		return nil, fmt.Errorf("%w: %s does not exist", ErrNone, c.Database)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, errclass.With(errclass.Usage, fmt.Errorf("opening the journal: %w", err))
	}
	fresh := err != nil || info.Size() == 0
	if c.Master, err = openMaster(c.Database+masterSuffix, fresh && c.Create); err != nil {
		return nil, err
	}
	defer c.Master.Destroy()
	if c.Key, err = openKey(c.Database+signSuffix, fresh && c.Create); err != nil {
		return nil, err
	}
	return Open(ctx, c)
}

// missing explains a key file that is not there.
func missing(path string) error {
	return fmt.Errorf("%w: %s is missing, and the journal cannot be used without it: put the file back, or name another journal", ErrKeys, path)
}

// openMaster reads the master key, or makes it.
func openMaster(path string, create bool) (vault.Master, error) {
	m, err := Realm.ReadFile(path)
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return m, err
	case !create:
		return m, missing(path)
	}
	if m, err = Realm.NewMaster(); err != nil {
		return m, err
	}
	return m, vault.WriteFile(path, m)
}

// openKey reads the station's SSH key, or makes it. The public half is written first: a
// run that was killed in between makes both again.
func openKey(path string, create bool) (ed25519.PrivateKey, error) {
	text, err := secretfile.Read(path)
	switch {
	case err == nil:
		defer clear(text)
		key, err := sshsig.ParseEd25519(text, nil)
		if err != nil {
			return nil, fmt.Errorf("reading the station's SSH key from %s: %w", path, err)
		}
		return key, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, errclass.With(errclass.Usage, fmt.Errorf("reading the station's SSH key: %w", err))
	case !create:
		return nil, missing(path)
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	signer, err := sshsig.NewSigner(key)
	if err != nil {
		return nil, err
	}
	private, err := sshsig.FormatEd25519(key)
	if err != nil {
		return nil, err
	}
	defer clear(private)
	if err := atomicfile.OverwriteMode(path+".pub", sshsig.FormatPublicKey(signer.PublicKey()), 0o644); err != nil {
		return nil, fmt.Errorf("writing the station's public key: %w", err)
	}
	if err := atomicfile.Write(path, private); err != nil {
		return nil, fmt.Errorf("writing the station's SSH key: %w", err)
	}
	return key, nil
}
