// SPDX-License-Identifier: Apache-2.0

package printer

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var label = Job{Name: "2600124800001", Format: ZPL, Data: []byte("^XA^FO8,8^A0N,24,24^FDlabel^FS^XZ\n")}

func open(t *testing.T, address string) Printer {
	t.Helper()
	p, err := Open(address)
	require.NoError(t, err)
	require.Equal(t, address, p.String())
	return p
}

// requireError checks the class of an error, and whether it reports that the printer
// has the job.
func requireError(t *testing.T, err, target error, sent bool, text string) {
	t.Helper()
	require.ErrorIs(t, err, target)
	var own *Error
	require.ErrorAs(t, err, &own)
	require.Equal(t, sent, own.Sent, "%v", err)
	require.ErrorContains(t, err, text)
	require.Equal(t, sent, strings.HasSuffix(err.Error(), "look before you print it again"))
}

func TestOpenErrors(t *testing.T) {
	for _, address := range []string{
		"", "file", "file:", "lpt1", "usb:zebra", "tcp:", "tcp:host", "tcp::9100", "tcp:host:", "cups:", "cups:a/b", "cups:-o",
		"cups:a b", "cups:q@", "cups:q@-h", "cups:q@a b", "cups:q@h/x",
	} {
		_, err := Open(address)
		require.ErrorIs(t, err, ErrAddress, address)
	}
	for _, address := range []string{"file:a", "file:/x/", "tcp:[::1]:9100", "tcp:zebra:9100", "cups:Zebra_ZT410", "cups:q@[::1]:631", "cups:q@cups.example:631"} {
		open(t, address)
	}
}

func TestJobErrors(t *testing.T) {
	for _, p := range []Printer{open(t, "file:"+t.TempDir()), open(t, "tcp:127.0.0.1:1"), open(t, "cups:q@127.0.0.1:1")} {
		for _, job := range []Job{
			{Name: "", Data: label.Data},
			{Name: "../x", Data: label.Data},
			{Name: ".x", Data: label.Data},
			{Name: "-o", Data: label.Data},
			{Name: "a b", Data: label.Data},
			{Name: strings.Repeat("a", 81), Data: label.Data},
			{Name: "x"},
			{Name: "x", Format: 2, Data: label.Data},
		} {
			requireError(t, p.Print(context.Background(), job), ErrJob, false, p.String())
		}
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	p := open(t, "file:"+dir)
	document := Job{Name: label.Name, Format: PDF, Data: []byte("%PDF-")}
	for _, job := range []Job{label, label, document, label} {
		require.NoError(t, p.Print(context.Background(), job))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, files, 4)
	for _, name := range []string{"2600124800001.zpl", "2600124800001-2.zpl", "2600124800001-3.zpl"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, label.Data, data)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	requireError(t, p.Print(ctx, label), context.Canceled, false, "context canceled")
	requireError(t, open(t, "file:"+dir+"/none/").Print(context.Background(), label), ErrUnreachable, false, "no such file")
	requireError(t, open(t, "file:"+files[0]+"/").Print(context.Background(), label), ErrUnreachable, false, "not a ")
	require.Len(t, must(filepath.Glob(filepath.Join(dir, "*")))(t), 4)
}

func TestAppend(t *testing.T) {
	file := filepath.Join(t.TempDir(), "all.zpl")
	p := open(t, "file:"+file)
	for range 3 {
		require.NoError(t, p.Print(context.Background(), label))
	}
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat(string(label.Data), 3), string(data))
	requireError(t, p.Print(context.Background(), Job{Name: "x", Format: PDF, Data: []byte("%PDF-")}), ErrJob, false, "a pdf document cannot be appended to a file: give a folder")
	requireError(t, open(t, "file:"+file+"/x").Print(context.Background(), label), ErrUnreachable, false, "not a directory")
	requireError(t, open(t, "file:"+filepath.Dir(file)+"/none/x").Print(context.Background(), label), ErrUnreachable, false, "no such file")
}

// TestCheckFile checks printers that cannot take a job. Nothing is left behind.
func TestCheckFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "old")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, c := range []struct {
		path   string
		format Format
		err    error
		text   string
	}{
		{dir, ZPL, nil, ""},
		{dir, PDF, nil, ""},
		{file, ZPL, nil, ""},
		{dir + "/new.zpl", ZPL, nil, ""},
		{os.DevNull, ZPL, nil, ""},
		{file, PDF, ErrJob, "a pdf document cannot be appended to a file: give a folder"},
		{file + "/", ZPL, ErrUnreachable, "it is not a folder"},
		{dir + "/labels", ZPL, ErrUnreachable, "make it first, or name a file such as labels.zpl"},
		{dir + "/labels/", ZPL, ErrUnreachable, "make it first"},
		{dir + "/labels", PDF, ErrUnreachable, "no such file or directory: make it first"},
		{dir + "/new.pdf", PDF, ErrUnreachable, "make it first"},
		{dir + "/none/new.zpl", ZPL, ErrUnreachable, "no such file"},
	} {
		p := open(t, "file:"+c.path)
		err := p.Check(context.Background(), c.format)
		require.ErrorIs(t, err, c.err, c.path)
		if c.err == nil {
			continue
		}
		require.ErrorContains(t, err, "checking the printer file:"+c.path+": ")
		require.ErrorContains(t, err, c.text)
		job := label
		job.Format = c.format
		requireError(t, p.Print(context.Background(), job), c.err, false, "") // nor does it print
	}
	require.Len(t, must(os.ReadDir(dir))(t), 1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, open(t, "file:"+dir).Check(ctx, ZPL), context.Canceled)
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		require.NoError(t, err)
		return v
	}
}
