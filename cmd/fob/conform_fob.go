// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/target"
	"github.com/d204ef64/fob/validator/reference"
)

// ownPreset is the preset of fob's validation server, which is started for the run.
const ownPreset = "fob"

// openedTarget is a target with a function that closes it.
type openedTarget struct {
	*conform.Target
	close func() error
}

// openOwn starts a bank in test mode, in a database without one or by default in a
// temporary file, and opens it as a target. The bank's key is lost with the run.
func (a *app) openOwn(ctx context.Context, db *databaseFlags) (o openedTarget, err error) {
	var database string
	if db.given() {
		if database, err = db.name(ctx, a); err != nil {
			return o, err
		}
	}
	dir, err := os.MkdirTemp("", "fob-conform-")
	if err != nil {
		return o, err
	}
	o.close = func() error { return os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			err = errors.Join(err, o.close())
		}
	}()
	s, err := reference.Start(ctx, reference.Options{Database: cmp.Or(database, filepath.Join(dir, "bank.db"))})
	if err != nil {
		return o, err
	}
	o.close = func() error { return errors.Join(s.Close(), os.RemoveAll(dir)) }
	text, err := target.Preset(ownPreset)
	if err != nil {
		return o, err
	}
	bank := s.Access()
	secrets := map[string]string{"clerk.key": bank.ClerkKey, "check.key": bank.CheckKey, "radius.secret": bank.RADIUSSecret}
	text = []byte(strings.NewReplacer("http://127.0.0.1:8080", bank.URL, "127.0.0.1:1812", bank.RADIUS).Replace(string(text)))
	f, err := target.Parse(text, target.Options{Secret: func(path string) ([]byte, error) { return []byte(secrets[path]), nil }})
	if err != nil {
		return o, err
	}
	t, err := f.Open(ctx)
	if err != nil {
		return o, err
	}
	o.close = func() error { return errors.Join(t.Close(), s.Close(), os.RemoveAll(dir)) }
	o.Target = t.Target
	o.Target.Restart, o.Target.Version = s.Restart, moduleVersion()
	return o, nil
}
