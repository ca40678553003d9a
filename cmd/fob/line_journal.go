// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/internal/secretfile"
	"github.com/d204ef64/fob/internal/sshsig"
	"github.com/d204ef64/fob/line/journal"
)

// journalFlag names the journal of a station. Its keys are in the files beside it.
type journalFlag struct{ file string }

func (f *journalFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "journal", "", "`FILE` of the station's journal; default: ~/.local/state/fob/line.db")
}

// path returns the file of the journal.
func (f *journalFlag) path() (string, error) {
	if f.file != "" {
		return f.file, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "fob", "line.db"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usagef("finding the journal: %w: name it with --journal", err)
	}
	return filepath.Join(home, ".local", "state", "fob", "line.db"), nil
}

// read calls use with the journal, without its keys.
func (f *journalFlag) read(ctx context.Context, use func(j *journal.Journal, path string) error) error {
	path, err := f.path()
	if err != nil {
		return err
	}
	j, err := journal.OpenReader(ctx, path)
	return useJournal(j, err, func(j *journal.Journal) error { return use(j, path) })
}

// write calls use with the journal and its keys.
func (f *journalFlag) write(ctx context.Context, use func(*journal.Journal) error) error {
	path, err := f.path()
	if err != nil {
		return err
	}
	c := journal.Config{Database: path}
	err = f.read(ctx, func(j *journal.Journal, _ string) error {
		c.Station = j.Station()
		return nil
	})
	if err != nil {
		return err
	}
	if c.Master, err = journal.Realm.ReadFile(path + ".key"); err != nil {
		return fmt.Errorf("reading the master key of the journal: %w", err)
	}
	defer c.Master.Destroy()
	text, err := secretfile.Read(path + ".ssh")
	if err != nil {
		return usagef("reading the SSH key of the station: %w", err)
	}
	defer clear(text)
	if c.Key, err = sshsig.ParseEd25519(text, nil); err != nil {
		return fmt.Errorf("reading the SSH key of the station from %s: %w", path+".ssh", err)
	}
	j, err := journal.Open(ctx, c)
	return useJournal(j, err, use)
}

// useJournal calls use with a journal that was opened, and closes it.
func useJournal(j *journal.Journal, err error, use func(*journal.Journal) error) error {
	if err != nil {
		return err
	}
	err = use(j)
	if e := j.Close(); err == nil {
		err = e
	}
	return err
}

// onlyOrder returns the id of the order, or of the only one in the journal if id is "".
func onlyOrder(ctx context.Context, j *journal.Journal, id string) (string, error) {
	if id != "" {
		return id, nil
	}
	list, err := j.Orders(ctx)
	if err != nil {
		return "", err
	}
	var names []string
	for _, o := range list {
		names = append(names, o.Name)
	}
	switch len(names) {
	case 0:
		return "", usagef("the journal has no order")
	case 1:
		return names[0], nil
	}
	return "", usagef("the journal has several orders: name one with --order: %s", plain(strings.Join(names, ", ")))
}
