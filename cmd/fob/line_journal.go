// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/line/journal"
)

// journalFlag names the journal of a station. Its keys are in the files beside it.
type journalFlag struct{ file string }

func (f *journalFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "journal", "", "`FILE` of the station's journal; default: ~/.local/state/fob/line.db")
}

// path returns the file of the journal, which may be named by its folder.
func (f *journalFlag) path() (string, error) {
	path := f.file
	if path == "" {
		dir := os.Getenv("XDG_STATE_HOME")
		if !filepath.IsAbs(dir) {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", usagef("finding the journal: %w: name it with --journal", err)
			}
			dir = filepath.Join(home, ".local", "state")
		}
		path = filepath.Join(dir, "fob", "line.db")
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "line.db")
	}
	return path, nil
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
	j, err := journal.OpenFile(ctx, journal.Config{Database: path})
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
