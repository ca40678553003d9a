// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/target"
	"github.com/d204ef64/fob/internal/errclass"
)

const needsFile = `
name: x
needs: {sh: dash, no-such-program: some-package, "/no/such/*/libx.so /etc/passw?": base, "/no/such/*/liby.so /no/lib/liby.so": other-package}
import: {file: {path: "{{dir}}/x"}}
check: {command: {argv: [cat], stdin: "{{code}}"}, accepted: {exit: 0}, refused: {exit: 1}}
`

// TestNeeds: before anything is done, all that is not installed is one error.
func TestNeeds(t *testing.T) {
	_, err := parse(t, needsFile).Open(t.Context())
	require.ErrorIs(t, err, target.ErrMissing)
	require.EqualError(t, err, "setting up the target: not installed: liby.so, no-such-program: on Debian: apt-get install other-package some-package")
	class, _ := errclass.Of(err)
	require.Equal(t, errclass.Unsupported, class)
	for _, needs := range []string{`{sh: ""}`, `{"": dash}`, `{"/x/[": x}`} {
		_, err := target.Parse([]byte("name: x\nneeds: "+needs+"\nimport: {file: {path: x}}\ncheck: {}\n"), target.Options{})
		require.ErrorContains(t, err, "needs: ")
	}
}

// TestNeedsOfPreset: the error without django-otp names its Debian package.
func TestNeedsOfPreset(t *testing.T) {
	text, err := target.Preset("django-otp")
	require.NoError(t, err)
	elsewhere := strings.NewReplacer("/usr/lib/", t.TempDir()+"/", "/usr/bin/python3:", "sh:").Replace(string(text))
	f, err := target.Parse([]byte(elsewhere), target.Options{Read: target.PresetFile})
	require.NoError(t, err)
	_, err = f.Open(t.Context())
	require.ErrorIs(t, err, target.ErrMissing)
	require.ErrorContains(t, err, "not installed: django, django_otp: on Debian: apt-get install python3-django python3-django-otp")
}

// TestNeedsMultiOTP: a program that no Debian package has is named with the words about it.
func TestNeedsMultiOTP(t *testing.T) {
	text, err := target.Preset("multiotp")
	require.NoError(t, err)
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	_, err = parse(t, string(text)).Open(t.Context())
	require.ErrorIs(t, err, target.ErrMissing)
	require.ErrorContains(t, err, "not installed: faketime, multiotp, php: on Debian: apt-get install faketime php-cli; multiotp: a link to multiotp.php of multiOTP")
	for _, name := range []string{"php", "faketime"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o700)) //nolint:gosec // a program
	}
	_, err = parse(t, string(text)).Open(t.Context())
	require.ErrorIs(t, err, target.ErrMissing)
	require.ErrorContains(t, err, "not installed: multiotp: multiotp: a link to")
}

// TestFrom: a file beside the target file arrives as it is.
func TestFrom(t *testing.T) {
	const text = `
name: x
import: {file: {path: "{{dir}}/{{serial}}", from: server.py}}
check: {command: {argv: [cat, "{{dir}}/{{serial}}"], stdin: "{{code}}"}, accepted: {body: "^print.'{{code}}'.$"}, refused: {exit: 0}}
`
	read := func(path string) ([]byte, error) {
		if path != "server.py" {
			return nil, errors.New("another file")
		}
		return []byte("print('{{code}}')\n"), nil
	}
	f, err := target.Parse([]byte(text), target.Options{Read: read})
	require.NoError(t, err)
	o, err := f.Open(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, o.Close()) }()
	token := &conform.Token{Serial: "1"}
	require.NoError(t, o.Target.Import(t.Context(), token))
	a, err := o.Target.Check(t.Context(), conform.Attempt{Token: token, Code: "7"})
	require.NoError(t, err)
	require.Equal(t, "exit code 0 print('{{code}}')", a.Text)

	_, err = target.Parse([]byte(text), target.Options{})
	require.ErrorContains(t, err, "import: file: from: files cannot be read here")
	_, err = target.Parse([]byte(text), target.Options{Read: func(string) ([]byte, error) { return nil, os.ErrNotExist }})
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestPresets: every preset can be parsed with the files beside it.
func TestPresets(t *testing.T) {
	for _, name := range target.Presets() {
		text, err := target.Preset(name)
		require.NoError(t, err)
		_, err = target.Parse(text, target.Options{Read: target.PresetFile, Secret: func(string) ([]byte, error) { return []byte("s\n"), nil }})
		require.NoError(t, err, name)
	}
	_, err := target.PresetFile(filepath.Join("..", "presets.go"))
	require.Error(t, err)
}
