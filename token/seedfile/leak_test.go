// SPDX-License-Identifier: Apache-2.0

package seedfile_test

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token/seedfile"
)

// onlyLetters is a text without what groups its characters.
func onlyLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// spellings are a seed in each encoding, in one piece and in groups.
func spellings(seed []byte) []string {
	whole := []string{
		hex.EncodeToString(seed), strings.ToUpper(hex.EncodeToString(seed)),
		base32.StdEncoding.EncodeToString(seed), strings.ToLower(base32.StdEncoding.EncodeToString(seed)),
		base64.StdEncoding.EncodeToString(seed),
	}
	all := slices.Clone(whole)
	for _, s := range whole {
		for _, separator := range []string{" ", "-", ":", ".", "_", "/"} {
			all = append(all, string(regexp.MustCompile(`(.{4})\B`).ReplaceAll([]byte(s), []byte("${1}"+separator))))
		}
	}
	return all
}

// leaks returns the part of a seed that a message has, in whatever spelling: 10
// characters, which are 40 bits of it or more. "" for none.
func leaks(message string, seed []byte) string {
	const part = 10
	text := onlyLetters(message)
	for _, s := range []string{
		hex.EncodeToString(seed), base32.StdEncoding.EncodeToString(seed), base64.StdEncoding.EncodeToString(seed),
	} {
		s = onlyLetters(s)
		for i := 0; i+part <= len(s); i++ {
			if strings.Contains(text, s[i:i+part]) {
				return s[i : i+part]
			}
		}
	}
	return ""
}

// corpus is every bad file, every sample and every file that the fuzz tests begin
// with.
func corpus(t *testing.T) (texts []string) {
	for _, b := range badFiles {
		if len(b.text) < 4000 {
			texts = append(texts, b.text)
		}
	}
	require.NoError(t, filepath.WalkDir("testdata", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, ".pem") || strings.HasSuffix(path, ".md") {
			return err
		}
		b, err := os.ReadFile(path)
		texts = append(texts, string(b))
		return err
	}))
	return texts
}

// TestNoSeedInMessages puts a seed, in each spelling, into each place of all files
// that there are, and reads them by their own format and by what is detected: no
// error and no warning has a part of it.
func TestNoSeedInMessages(t *testing.T) {
	seeds := [][]byte{
		[]byte("12345678901234567890"),
		{0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0xfa, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd},
		{0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x21, 0xde, 0xad, 0xbe, 0xef}, // JBSWY3DPEHPK3PXP, of 80 bits
	}
	place := regexp.MustCompile(`[A-Za-z0-9+/=]+`)
	read := func(text string, format *seedfile.Format) (said []string) {
		say := func(s string) { said = append(said, s) }
		o := seedfile.ReadOptions{Step: 60, Warn: say, Skip: func(err error) { say(err.Error()) }}
		var err error
		if format == nil {
			_, err = readDetected(text, o)
		} else {
			_, err = readAll(format, text, o)
		}
		if err != nil {
			say(err.Error())
		}
		return said
	}
	files, messages := 0, 0
	for _, text := range corpus(t) {
		var own []*seedfile.Format
		for _, f := range seedfile.Formats() {
			// By another format, a file is refused at its beginning.
			if f.Readable() {
				own = append(own, f)
			}
		}
		for _, f := range append(own, nil) {
			for _, m := range read(text, f) {
				require.Empty(t, leaks(m, seeds[0]), m)
			}
		}
		_, detected, err := seedfile.NewReader(strings.NewReader(text), seedfile.ReadOptions{})
		if err != nil {
			detected = nil
		}
		places := place.FindAllStringIndex(text, -1)
		if testing.Short() {
			places = places[:min(len(places), 20)]
		}
		for i, at := range places {
			for j, seed := range seeds {
				all := spellings(seed)
				// Each spelling comes to each kind of place; not all to all.
				for k := (i + j) % 7; k < len(all); k += 7 {
					changed := text[:at[0]] + all[k] + text[at[1]:]
					for _, m := range read(changed, detected) {
						messages++
						require.Empty(t, leaks(m, seed), "%s\n%s", m, changed)
					}
					files++
				}
			}
		}
	}
	t.Logf("%d files, %d messages", files, messages)
	require.Greater(t, messages, 1000)
}
