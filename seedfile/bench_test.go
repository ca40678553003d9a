// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/proptest"
	"github.com/d204ef64/fob/token"
)

func BenchmarkReadOATHCSV(b *testing.B) {
	b.SetBytes(int64(len(row)))
	b.ReportAllocs()
	r, err := mustFormat(b, "oath-csv").NewReader(&keyStream{key: row, n: b.N}, ReadOptions{})
	require.NoError(b, err)
	for range b.N {
		if _, err := r.Read(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteOATHCSV(b *testing.B) {
	b.SetBytes(int64(len(row)))
	b.ReportAllocs()
	w, err := mustFormat(b, "oath-csv").NewWriter(io.Discard, WriteOptions{})
	require.NoError(b, err)
	r := Record{Serial: testSerial(b, "2600124800001"), Seed: hexSeedOf(b, rfcSeed), Digits: 6, Step: 60}
	for range b.N {
		if err := w.Write(&r); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, w.Close())
}

// TestStreams copies many records through each format. It checks that the copy uses no
// more memory at the end than soon after the beginning.
func TestStreams(t *testing.T) {
	const records = 6000
	for _, d := range dialects {
		r := Record{
			Serial: testSerial(t, "2600124800001"), Seed: hexSeedOf(t, rfcSeed), Digits: 6, Step: 60, User: "alice",
		}
		if d.name == "safenet-xml" {
			r.Type, r.Step = HOTP, 0
		}
		f := mustFormat(t, d.name)
		in, out := io.Pipe()
		go func() {
			w, err := f.NewWriter(out, writeOptions)
			for i := 0; err == nil && i < records; i++ {
				err = w.Write(&r)
			}
			if err == nil {
				err = w.Close()
			}
			out.CloseWithError(err)
		}()
		reader, err := f.NewReader(in, ReadOptions{Step: 60})
		require.NoError(t, err)
		var early uint64
		n := 0
		for ; ; n++ {
			rec, err := reader.Read()
			if err == io.EOF {
				break
			}
			require.NoError(t, err, "%s, record %d", d.name, n)
			require.Equal(t, token.UnixSeconds(r.Step), rec.Step, d.name)
			if n == 1000 {
				early = heap()
			}
		}
		require.Equal(t, records, n, d.name)
		require.Less(t, heap(), early+512<<10, d.name)
	}
}

// heap returns the bytes in use after a garbage collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

const benchKeys = 2000

// benchFile returns a file like those from manufacturers: many unencrypted keys.
func benchFile(b testing.TB, n int) string {
	var out bytes.Buffer
	w, err := pskcFormat.NewWriter(&out, WriteOptions{})
	require.NoError(b, err)
	r := pskcRecord(b)
	for i := range n {
		r.KeyID = strconv.Itoa(i)
		require.NoError(b, w.Write(&r))
	}
	require.NoError(b, w.Close())
	return out.String()
}

func BenchmarkPSKCRead(b *testing.B) {
	file := benchFile(b, benchKeys)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := pskcFormat.NewReader(strings.NewReader(file), ReadOptions{})
		require.NoError(b, err)
		n := 0
		for ; err == nil; n++ {
			_, err = r.Read()
		}
		require.Equal(b, io.EOF, err)
		require.Equal(b, benchKeys, n-1)
	}
}

// BenchmarkTokenWalk only walks through the same file with encoding/xml. It is the
// baseline for BenchmarkPSKCRead.
func BenchmarkTokenWalk(b *testing.B) {
	file := benchFile(b, benchKeys)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		d := xml.NewDecoder(bufio.NewReaderSize(strings.NewReader(file), 64<<10))
		var err error
		for err == nil {
			_, err = d.Token()
		}
		require.Equal(b, io.EOF, err)
	}
}

func BenchmarkPSKCWrite(b *testing.B) {
	r := pskcRecord(b)
	for _, kind := range []struct {
		name string
		o    WriteOptions
	}{
		{"clear", WriteOptions{}},
		{"aes128-cbc", WriteOptions{Encrypt: &Encryption{Key: []byte(rfcSecret[:16])}}},
		{"kw-aes128", WriteOptions{Encrypt: &Encryption{Key: []byte(rfcSecret[:16]), Wrap: true}}},
	} {
		b.Run(kind.name, func(b *testing.B) {
			w, err := pskcFormat.NewWriter(io.Discard, kind.o)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Write(&r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// keyStream is a file of n keys that is never in memory as a whole.
type keyStream struct {
	head, key, tail string
	n               int
	now             string
}

func (s *keyStream) Read(p []byte) (int, error) {
	for s.now == "" {
		switch {
		case s.head != "":
			s.now, s.head = s.head, ""
		case s.n > 0:
			s.now = s.key
			s.n--
		case s.tail != "":
			s.now, s.tail = s.tail, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, s.now)
	s.now = s.now[n:]
	return n, nil
}

// TestPSKCMemory checks that a file of many keys needs no more memory than one of a
// few.
func TestPSKCMemory(t *testing.T) {
	file := benchFile(t, 1)
	from, to := strings.Index(file, "  <KeyPackage"), strings.Index(file, "</KeyContainer")
	n := 2000
	if proptest.Long() {
		n = 20_000
	}
	r, err := pskcFormat.NewReader(&keyStream{head: file[:from], key: file[from:to], tail: file[to:], n: n}, ReadOptions{})
	require.NoError(t, err)
	before, most := uint64(0), uint64(0)
	for i := range n {
		rec, err := r.Read()
		require.NoError(t, err)
		require.Equal(t, token.UnixSeconds(60), rec.Step)
		switch {
		case i == n/20:
			before = heap()
		case i > n/20 && i%(n/10) == 0:
			most = max(most, heap())
		}
	}
	_, err = r.Read()
	require.Equal(t, io.EOF, err)
	require.Less(t, most, before+256<<10)
}
