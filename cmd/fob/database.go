// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/internal/secretfile"
	"github.com/d204ef64/fob/internal/sqldb"
)

// databaseFlags name a database. A password is never in an argument.
type databaseFlags struct{ db, dbFile string }

func (d *databaseFlags) add(f *pflag.FlagSet, usage string) {
	f.StringVar(&d.db, "db", "", usage)
	f.StringVar(&d.dbFile, "db-file", "", "`FILE` with the address of the database, which may contain a password")
}

// given reports whether one of the flags was used.
func (d *databaseFlags) given() bool { return d.db != "" || d.dbFile != "" }

// name returns the name of the database.
func (d *databaseFlags) name(ctx context.Context, a *app) (string, error) {
	switch {
	case d.db != "" && d.dbFile != "":
		return "", usagef("--db and --db-file: use only one")
	case d.dbFile != "":
		text, err := a.readSecret(ctx, "address of the database", d.dbFile)
		if err != nil {
			return "", err
		}
		line := string(bytes.TrimSpace(text))
		if line == "" || strings.ContainsAny(line, "\r\n") {
			return "", usagef("reading the address of the database from %s: want one line that is not empty", source(d.dbFile))
		}
		if !sqldb.IsPostgres(line) { // the error must not quote the line
			return "", usagef("reading the address of the database from %s: want postgres://USER@HOST/NAME", source(d.dbFile))
		}
		if err := sqldb.CheckAddress(line); err != nil {
			return "", fmt.Errorf("%s: %w", source(d.dbFile), err)
		}
		return line, privateFiles(line)
	case !d.given():
		return "", usagef("the database is needed: --db FILE, --db postgres://USER@HOST/NAME or --db-file FILE")
	}
	if !sqldb.IsPostgres(d.db) && strings.Contains(d.db, "://") { // the error must not quote the address
		return "", usagef("--db: want the file of a SQLite database, without sqlite://, or postgres://USER@HOST/NAME")
	}
	if !sqldb.IsPostgres(d.db) {
		return d.db, nil
	}
	if err := sqldb.CheckAddress(d.db); err != nil {
		return "", fmt.Errorf("--db: %w", err)
	}
	if hasPassword(d.db) {
		return "", usagef("--db contains a password, which other users can see: put it in ~/.pgpass, or the address in a file (--db-file)")
	}
	return d.db, privateFiles(d.db)
}

// privateFiles checks the files with secrets that the PostgreSQL driver reads for an
// address: the password file, unless the address contains a password, and the key of a
// client certificate. It returns an error if others can access one of them.
func privateFiles(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return usagef("the address of the database cannot be read")
	}
	named := func(parameter, variable string) string {
		return cmp.Or(u.Query().Get(parameter), os.Getenv(variable))
	}
	files := []string{named("sslkey", "PGSSLKEY")}
	if !hasPassword(address) && os.Getenv("PGPASSWORD") == "" {
		file := named("passfile", "PGPASSFILE")
		if me, err := user.Current(); err == nil && file == "" {
			file = filepath.Join(me.HomeDir, ".pgpass")
		}
		files = append(files, file)
	}
	for _, name := range files {
		f, err := secretfile.Open(name)
		if errors.Is(err, secretfile.ErrMode) {
			return fmt.Errorf("connecting to PostgreSQL: %w", err)
		}
		if err == nil { // the driver reports a missing file
			_ = f.Close()
		}
	}
	return nil
}

// hasPassword reports whether an address contains a password or is invalid.
func hasPassword(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return true
	}
	_, has := u.User.Password()
	return has || u.Query().Has("password")
}

// displayName returns the name of the database for a message.
func (d *databaseFlags) displayName() string {
	if d.dbFile != "" {
		return "of " + source(d.dbFile)
	}
	return d.db
}
