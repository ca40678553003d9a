// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/d204ef64/fob/validator/bank"
)

// Folder writes messages into a folder instead of sending them. Each file has the
// notice's ID as its name, with the extension .eml, and replaces an existing one.
type Folder struct {
	letters letters
	path    string
}

var _ bank.Mailer = (*Folder)(nil)

// NewFolder returns a mailer that writes into a folder. It creates the folder if
// necessary.
func NewFolder(path string, l Letters) (*Folder, error) {
	read, err := l.read()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	return &Folder{read, path}, nil
}

// SendExpiry writes the notice.
func (f *Folder) SendExpiry(_ context.Context, m bank.ExpiryMail) error {
	msg, err := f.letters.expiryMessage(m)
	if err != nil {
		return err
	}
	var eml bytes.Buffer
	if _, err := msg.WriteTo(&eml); err != nil {
		return fmt.Errorf("%w: %w", bank.ErrMailRefused, err)
	}
	if err := f.write(m.ID+".eml", eml.Bytes()); err != nil {
		return fmt.Errorf("%w: %w", bank.ErrMailLater, err)
	}
	return nil
}

// write replaces a file atomically.
func (f *Folder) write(name string, content []byte) (err error) {
	root, err := os.OpenRoot(f.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if err := root.WriteFile(name+".part", content, 0o600); err != nil {
		return err
	}
	return root.Rename(name+".part", name)
}
