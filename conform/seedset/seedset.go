// SPDX-License-Identifier: Apache-2.0

package seedset

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/d204ef64/fob/token"
)

// Verdict is the duty of an importer.
type Verdict string

// The verdicts.
const (
	Import Verdict = "import" // all tokens, as described
	Refuse Verdict = "refuse" // and import nothing of it
	Either Verdict = "either" // import the tokens exactly as described, or refuse the file
)

// Kind is a kind of file. [Kinds] lists them.
type Kind struct {
	ID          string
	Name        string // of the file
	Format      string // in the names of fob seeds
	Verdict     Verdict
	Enforced    bool   // Refuse does not apply to an importer that then refuses the code alone
	Must        bool   // a standard requires it; otherwise it is recommended
	Requirement string // a sentence
	Source      string // documents and sections, separated by semicolons
	Why         string // the harm if an importer does something else

	make func(*maker) File
}

// File is a seed file.
type File struct {
	*Kind
	Text     []byte
	Key      []byte // pre-shared AES key to enter; nil: none
	Password string // to enter; "": none
	Period   int64  // seconds, to enter because the file does not have it; 0: do not enter one
	// Tokens are the tokens of the file. An importer that refuses the file must import
	// none of them.
	Tokens []Token
	// Right is a correct file with tokens of this one. It is nil if this file must be
	// imported. An importer that also refuses Right has not shown why it refuses the file.
	Right *File
}

// Token is a token of a file.
type Token struct {
	Serial    string // in files without serial numbers, the user
	Key       []byte
	Algorithm token.Algorithm
	Digits    uint8
	Period    int64 // seconds
	Drift     int64 // steps that the token's clock is ahead

	Start, Expiry time.Time // the period in which codes are accepted; zero: no limit
}

// Code returns the code that a token's clock shows in a step.
func (t *Token) Code(step int64) string {
	return string(token.AppendHOTP(nil, t.Key, t.Algorithm, t.Digits, uint64(step))) //nolint:gosec // steps are not negative
}

// Kinds returns all kinds in the order of their IDs.
func Kinds() []Kind {
	all := slices.Concat(plainKinds, eitherKinds, sealedKinds, wrongKinds, csvKinds)
	slices.SortFunc(all, func(a, b Kind) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// KindOf returns the kind of the files with a name. It panics if there is none.
func KindOf(name string) Kind {
	all := Kinds()
	return all[slices.IndexFunc(all, func(k Kind) bool { return k.Name == name })]
}

// Formats returns the formats of the files, in alphabetical order.
func Formats() (names []string) {
	for _, k := range Kinds() {
		names = append(names, k.Format)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Source supplies the chance in files.
type Source struct {
	Random *rand.Rand
	// Token returns a serial number and a seed that no other token has.
	Token func() (serial string, key []byte)
}

// Make makes a file of this kind.
func (k Kind) Make(s Source) File {
	m := &maker{Source: s}
	f := k.make(m)
	f.Kind = &k
	if f.Right != nil {
		f.Right.Kind = &k
	}
	return f
}

// Files returns a file of each kind. The same number gives the same files.
func Files(number uint64) (files []File) {
	for i, k := range Kinds() {
		r, count := Random(number, k.ID, 0), 0
		files = append(files, k.Make(Source{r, func() (string, []byte) {
			count++
			return Serial(number, Number(i+1), count), Key(r)
		}}))
	}
	return files
}

// Number returns the part of the serial numbers in the file of the n-th kind.
func Number(n int) int { return 330 + n }

// Random returns the random numbers of a part of a run. They depend on the number of the
// run, the part and the attempt, and not on other parts.
func Random(run uint64, part string, attempt int) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, part, attempt) // never fails
	return rand.New(rand.NewPCG(run, h.Sum64()))
}

// Serial returns a serial number of 12 digits, which begins with the number of the run.
func Serial(run uint64, part, count int) string {
	return fmt.Sprintf("%06d%03d%03d", run%1_000_000, part%1000, count%1000)
}

// Key returns a random seed of 20 bytes.
func Key(r *rand.Rand) []byte {
	key := make([]byte, token.DefaultSeedLen)
	fill(key, r)
	return key
}

func fill(b []byte, r *rand.Rand) {
	var word [4]byte
	for i := 0; i < len(b); i += 4 {
		binary.BigEndian.PutUint32(word[:], r.Uint32())
		copy(b[i:], word[:])
	}
}

// maker makes one file.
type maker struct{ Source }

// token returns a token with the usual profile.
func (m *maker) token() Token {
	serial, key := m.Token()
	return Token{Serial: serial, Key: key, Digits: 6, Period: 60}
}

func (m *maker) bytes(n int) []byte {
	b := make([]byte, n)
	fill(b, m.Random)
	return b
}

// replaced replaces a part of a text, which must occur.
func replaced(text, old, by string) string {
	if !strings.Contains(text, old) {
		panic("seedset: " + old + " is not in the file") // a mistake in a kind
	}
	return strings.Replace(text, old, by, 1)
}

// spoiled returns a wrong file: f with another text. f is the correct one.
func spoiled(f File, text string) File {
	wrong := f
	wrong.Text, wrong.Right = []byte(text), &f
	return wrong
}
