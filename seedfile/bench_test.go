// SPDX-License-Identifier: Apache-2.0

package seedfile

import (
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

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
