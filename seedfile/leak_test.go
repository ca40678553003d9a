// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/proptest"
)

// onlyLetters returns a text without the characters that separate groups.
func onlyLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

var fours = regexp.MustCompile(`(.{4})\B`)

// leakSeed is a seed to look for in messages.
type leakSeed struct {
	spellings []string // in each encoding, whole and in groups
	parts     []string // 10 characters of a spelling, at least 40 bits
}

func newLeakSeed(seed []byte) (l leakSeed) {
	whole := []string{
		hex.EncodeToString(seed), strings.ToUpper(hex.EncodeToString(seed)),
		base32.StdEncoding.EncodeToString(seed), strings.ToLower(base32.StdEncoding.EncodeToString(seed)),
		base64.StdEncoding.EncodeToString(seed),
	}
	l.spellings = slices.Clone(whole)
	const part = 10
	for _, s := range whole {
		for _, separator := range []string{" ", "-", ":", ".", "_", "/"} {
			l.spellings = append(l.spellings, string(fours.ReplaceAll([]byte(s), []byte("${1}"+separator))))
		}
		s = onlyLetters(s)
		for i := 0; i+part <= len(s); i++ {
			l.parts = append(l.parts, s[i:i+part])
		}
	}
	return l
}

// in returns the part of the seed that a message contains in any spelling, or "" for
// none.
func (l *leakSeed) in(message string) string {
	text := onlyLetters(message)
	for _, part := range l.parts {
		if strings.Contains(text, part) {
			return part
		}
	}
	return ""
}

// corpus returns all bad files, all samples and the seed corpus of the fuzz tests.
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

// TestNoSeedInMessages puts a seed, in each spelling, into each place of all these
// files. It reads them in their own format and in the detected one, and checks that no
// error or warning contains a part of the seed. It tries two of the spellings in each
// place, in turn, or fifteen in a long run.
func TestNoSeedInMessages(t *testing.T) {
	own := newLeakSeed([]byte("12345678901234567890")) // the seed of the files
	seeds := []leakSeed{
		own,
		newLeakSeed([]byte{0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0xfa, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd}),
		newLeakSeed([]byte{0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x21, 0xde, 0xad, 0xbe, 0xef}), // JBSWY3DPEHPK3PXP, of 80 bits
	}
	type spelling struct {
		seed *leakSeed
		text string
	}
	var all []spelling
	for i := range seeds {
		for _, text := range seeds[i].spellings {
			all = append(all, spelling{&seeds[i], text})
		}
	}
	private, err := os.ReadFile(filepath.Join("testdata", "pskc", "test-key.pem"))
	require.NoError(t, err)
	key, err := hex.DecodeString("12345678901234567890123456789012") // of RFC 6030, as the password
	require.NoError(t, err)
	keys := Keys{Key: key, Password: []byte("qwerty"), Private: private}
	each := 2
	if proptest.Long() {
		each = 15
	}
	place := regexp.MustCompile(`[A-Za-z0-9+/=]+`)
	read := func(text string, format *Format) (messages []string) {
		say := func(s string) { messages = append(messages, s) }
		options := []ReadOptions{{}}
		if strings.Contains(text, "Encrypt") { // the decrypted content is examined further
			options = append(options, ReadOptions{Keys: keys})
		}
		for _, o := range options {
			o.Step, o.Warn, o.Skip = 60, say, func(err error) { say(err.Error()) }
			r, f, err := Reader(nil), format, error(nil)
			if f == nil {
				r, f, err = NewReader(strings.NewReader(text), o)
			} else {
				r, err = f.NewReader(strings.NewReader(text), o)
			}
			if err == nil {
				r = Unique(r, f.Name)
			}
			for err == nil {
				_, err = r.Read()
			}
			if err != io.EOF {
				say(err.Error())
			}
		}
		return messages
	}
	files, messages := 0, 0
	for _, text := range corpus(t) {
		formats := []*Format{nil}
		for _, f := range Formats() {
			// A reader of another format refuses a file at its beginning.
			if f.Readable() {
				formats = append(formats, f)
			}
		}
		for _, f := range formats {
			for _, m := range read(text, f) {
				require.Empty(t, own.in(m), m)
			}
		}
		_, detected, err := NewReader(strings.NewReader(text), ReadOptions{})
		if err != nil {
			detected = nil
		}
		places := place.FindAllStringIndex(text, -1)
		if testing.Short() {
			places = places[:min(len(places), 20)]
		}
		for _, at := range places {
			for range each {
				// 37 and the number of spellings have no common divisor, so all are
				// used in turn.
				now := all[files*37%len(all)]
				changed := text[:at[0]] + now.text + text[at[1]:]
				for _, m := range read(changed, detected) {
					messages++
					require.Empty(t, now.seed.in(m), "%s\n%s", m, changed)
				}
				files++
			}
		}
	}
	t.Logf("%d files, %d messages", files, messages)
	require.Greater(t, messages, 1000)
}

// TestPSKCSeedInErrors puts a seed into every wrong place, and checks that no error or
// warning contains eight characters of it.
func TestPSKCSeedInErrors(t *testing.T) {
	const format = `<ResponseFormat Length="6" Encoding="DECIMAL"/>`
	plain := "<PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue>"
	for _, seed := range []string{
		"3132333435363738393031323334353637383930",
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
		"MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=",
		"qrvM3e7/ABEiM0RV+neImaq7zN0=",
	} {
		name := "S" + strings.NewReplacer("+", "", "/", "", "=", "").Replace(seed)
		value := "<PlainValue>" + seed + "</PlainValue>"
		entity := pskcWith(t, "123<", "&"+seed+";<")
		for place, file := range map[string]string{
			"TimeInterval":      pskcWith(t, ">60<", ">"+seed+"<"),
			"Counter":           dataWith(t, "<Counter>"+value+"</Counter>"),
			"Time":              dataWith(t, "<Time>"+value+"</Time>"),
			"TimeDrift":         dataWith(t, "<TimeDrift>"+value+"</TimeDrift>"),
			"Secret, two":       pskcWith(t, plain, strings.Replace(plain, "MTIz", seed+"!", 1)),
			"text":              pskcWith(t, "<Policy>", seed+"<Policy>"),
			"Length":            pskcWith(t, format, `<ResponseFormat Length="`+seed+`" Encoding="DECIMAL"/>`),
			"Encoding":          pskcWith(t, format, `<ResponseFormat Length="6" Encoding="`+seed+`"/>`),
			"CheckDigits":       pskcWith(t, format, `<ResponseFormat Length="6" CheckDigits="`+seed+`"/>`),
			"Suite":             pskcWith(t, format, "<Suite>"+seed+"</Suite>"+format),
			"date":              policyWith(t, "<ExpiryDate>"+seed+"</ExpiryDate>"),
			"KeyUsage":          policyWith(t, "<KeyUsage>"+seed+"</KeyUsage>"),
			"SerialNo":          pskcWith(t, "123<", seed+seed+"<"),
			"Algorithm":         pskcWith(t, "urn:ietf:params:xml:ns:keyprov:pskc:totp", seed),
			"Version":           pskcWith(t, `"1.0"`, `"`+seed+`"`),
			"minor version":     pskcWith(t, `"1.0"`, `"2.`+seed+`"`),
			"Key Id":            strings.Replace(pskcWith(t, `"k"`, `"`+seed+`"`), "<SerialNo>123</SerialNo>", "<DeviceBinding>x</DeviceBinding>", 1),
			"name in Secret":    pskcWith(t, plain, "<"+name+"/>"),
			"foreign name":      dataWith(t, `<x:`+name+` xmlns:x="z"/>`),
			"root":              "<" + name + "/>",
			"draft":             pskcWith(t, `:pskc"`, `:pskc:`+seed+`"`),
			"entity":            entity,
			"entity not closed": strings.Replace(entity, ";<", "<", 1),
			"end tag":           pskcWith(t, "</PlainValue></Secret>", "</"+name+"></Secret>"),
			"end tag in parts":  pskcWith(t, "</PlainValue></Secret>", "</"+seed[:12]+"+x></Secret>"),
			"attribute":         pskcWith(t, "<Secret>", "<Secret "+seed+">"),
			"XML's version":     `<?xml version="` + seed + `"?>` + pskcBase,
			"encoding":          `<?xml version="1.0" encoding="` + seed + `"?>` + pskcBase,
			"EncryptionMethod": pskcWith(t, plain, `<EncryptedValue><x:EncryptionMethod xmlns:x="`+nsXENC+`" Algorithm="`+seed+
				`"/><x:CipherData xmlns:x="`+nsXENC+`"><x:CipherValue>AAAA</x:CipherValue></x:CipherData></EncryptedValue>`),
		} {
			var messages []string
			_, err := pskcAll(file, ReadOptions{Warn: func(s string) { messages = append(messages, s) }})
			if err == nil {
				require.Contains(t, []string{"foreign name", "Time"}, place)
			} else {
				messages = append(messages, err.Error())
			}
			require.NotEmpty(t, messages, place)
			for i := range seed[:len(seed)-8] {
				require.NotContains(t, strings.Join(messages, "\n"), seed[i:i+8], place)
			}
		}
	}
}

// TestErrorPrintable checks that the names in a file cannot control a terminal.
func TestErrorPrintable(t *testing.T) {
	for _, c := range []string{
		"\x1b[31m", "\n", "\r", "\t", "\b", "\x00", "\x7f", "\u0085", "\u009b31m", // C0, DEL, C1
		"\u202a", "\u202e", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c", // bidi
		"\u2028", "\u2029", "\u200b", "\ufeff", "\xff",
	} {
		for _, e := range []*Error{
			{Format: "f", Record: "a" + c + "b", Err: ErrValue},
			{Format: "f", Field: "a" + c + "b", Err: ErrValue},
			{Format: "f", Err: errors.New("a" + c + "b")},
		} {
			require.NotContains(t, e.Error(), c)
			require.Contains(t, e.Error(), "a\uFFFD")
		}
	}
	require.Equal(t, "f: line 2: token 東京-1 é: user: bad value",
		(&Error{"f", 2, "東京-1 é", "user", ErrValue}).Error())
}
