// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/chain"
	"github.com/d204ef64/fob/internal/sqldb"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/token"
)

// BenchmarkSize allocates and records units in a journal with FOB_RECORDS records (20,000
// unless set; the documented size is 10,000,000). The records and the units are made in
// bulk, and are right. Each unit passes through all states, in the transactions of a
// station with and without a printer. FOB_JOURNAL names a folder that keeps the journal for the
// next run.
func BenchmarkSize(b *testing.B) {
	wanted := 20_000
	if s := os.Getenv("FOB_RECORDS"); s != "" {
		var err error
		wanted, err = strconv.Atoi(s)
		require.NoError(b, err)
	}
	dir := os.Getenv("FOB_JOURNAL")
	if dir == "" {
		dir = b.TempDir()
	}
	ctx := b.Context()
	j, err := OpenFile(ctx, Config{Database: filepath.Join(dir, "line.db"), Create: true, Station: "station-1"})
	require.NoError(b, err)
	defer func() { require.NoError(b, j.Close()) }()
	for number := 1; ; number++ { // an order has at most a million units
		batch := largeOrder(b, j, number)
		c, err := batch.Counts(ctx)
		require.NoError(b, err)
		if c.Done == 0 {
			makeUnit(b, batch, number<<32, false)
			fill(b, batch, wanted)
		}
		if batch.head(b) >= int64(wanted) {
			batch.Close()
			break
		}
		batch.Close()
	}
	batch := largeOrder(b, j, 99)
	defer batch.Close()
	for name, labels := range map[string]bool{"label": true, "plain": false} {
		b.Run(name, func(b *testing.B) {
			c, err := batch.Counts(ctx)
			require.NoError(b, err)
			n := int(c.Done)
			makeUnit(b, batch, 99<<32+n, labels) // the run, and the first block
			for b.Loop() {
				n++
				makeUnit(b, batch, 99<<32+n, labels)
			}
			b.ReportMetric(float64(batch.head(b)), "records")
		})
	}
}

// largeOrder begins an order for a million units.
func largeOrder(b *testing.B, j *Journal, number int) *Batch {
	text := strings.NewReplacer("ORD-2026-0001", fmt.Sprintf("ORD-2026-%04d", number), "count: 10", "count: 1000000",
		"ZZFB00000001", fmt.Sprintf("ZZ%02d00000001", number), "ZZFB00000012", fmt.Sprintf("ZZ%02d02000000", number)).Replace(string(order.Sample(j.now())))
	if have, err := j.OrderInfo(b.Context(), fmt.Sprintf("ORD-2026-%04d", number)); err == nil { // of an earlier run
		text = string(have.Content)
	}
	o, err := order.Parse([]byte(text))
	require.NoError(b, err)
	recipients, err := Recipients(o, nil)
	require.NoError(b, err)
	batch, err := j.Batch(b.Context(), o, []byte(text), recipients)
	require.NoError(b, err)
	return batch
}

// head returns the number of records.
func (b *Batch) head(t testing.TB) (n int64) {
	require.NoError(t, b.read(context.Background(), func(tx *sqldb.Tx) error { return tx.Row("SELECT seq FROM record_chain", nil, &n) }))
	return n
}

func numberedDevice(n int) Device {
	d := Device{Socket: "usb 1-1", Results: Results{Model: "button-6", Firmware: "1.4.0", Read: "device"}}
	binary.BigEndian.PutUint64(d.HardwareID[:], uint64(n)*0x9e3779b97f4a7c15) // as random as real ones
	copy(d.Key[:], d.HardwareID[:])
	return d
}

// makeUnit takes a unit through all states.
func makeUnit(b *testing.B, batch *Batch, n int, labels bool) {
	ctx := b.Context()
	seed, err := token.GenerateSeed(rand.Reader, token.DefaultSeedLen)
	require.NoError(b, err)
	u, err := batch.Start(ctx, numberedDevice(n), seed)
	require.NoError(b, err)
	require.NoError(b, batch.Verified(ctx, &u, seed))
	require.NoError(b, batch.Advance(ctx, &u, Locking))
	if !labels {
		require.NoError(b, batch.Advance(ctx, &u, Locked, Labelled, Done))
		return
	}
	require.NoError(b, batch.Advance(ctx, &u, Locked))
	label, err := batch.Printing(ctx, &u, "usb 1-1", "file:labels", "")
	require.NoError(b, err)
	require.NoError(b, batch.Labelled(ctx, &u, label, NoWait))
	require.NoError(b, batch.Advance(ctx, &u, Done))
}

// fill repeats the only unit of an order, until the journal has enough records or the order
// is done.
func fill(b *testing.B, batch *Batch, wanted int) {
	ctx := b.Context()
	list, _, err := batch.Units(ctx, batch.order.ID, UnitFilter{})
	require.NoError(b, err)
	first := list[0]
	var unit []Record
	require.NoError(b, batch.Records(ctx, first.ID, func(r Record) error {
		unit = append(unit, r)
		return nil
	}))
	var mark []byte
	require.NoError(b, batch.read(ctx, func(tx *sqldb.Tx) error {
		return tx.Row("SELECT fingerprint FROM unit WHERE id = $1", []any{first.ID}, &mark)
	}))
	most := min(batch.order.Count-1000, (wanted-int(batch.head(b))+len(unit)-1)/len(unit))
	for made := 0; made < most; {
		require.NoError(b, batch.db.Long(ctx, func(tx *sqldb.Tx) error {
			h, err := records.Lock(tx, batch.keys)
			if err != nil {
				return err
			}
			for end := min(made+50_000, most); made < end; made++ {
				if err := repeat(tx, batch, h, &first, unit, mark, int64(made+1)); err != nil {
					return err
				}
			}
			if err := tx.ExecOne("UPDATE orders SET done = $2 WHERE id = $1", batch.id, made+1); err != nil {
				return err
			}
			if err := tx.ExecOne("UPDATE block SET count = $2, next = $2, told = $2 WHERE order_id = $1", batch.id, made+1); err != nil {
				return err
			}
			return records.Put(tx, batch.keys, h)
		}))
	}
}

// repeat adds a unit like the first one, with another device, seed and number.
func repeat(tx *sqldb.Tx, batch *Batch, h *chain.Head, first *Unit, unit []Record, mark []byte, number int64) error {
	serial, _ := batch.order.Serial(uint64(number))
	d := numberedDevice(int(first.ID)<<32 + int(number))
	fingerprint := binary.BigEndian.AppendUint64(nil, uint64(number)*0x9e3779b97f4a7c15)
	fingerprint = append(fingerprint, mark[8:]...)
	id := first.ID + number
	if _, err := tx.Exec(`INSERT INTO unit SELECT $2, order_id, $3, $4, $5, $6, $7, expiry, state, attempts, failures, socket, began, ended, $8, reason, bin, results
		FROM unit WHERE id = $1`, first.ID, id, number, serial.String(), fingerprint, d.HardwareID.String(), d.Key[:], number+1); err != nil {
		return err
	}
	replace := strings.NewReplacer(first.Serial.String(), serial.String(), first.HardwareID.String(), d.HardwareID.String(),
		fmt.Sprintf("%x", first.DeviceKey), fmt.Sprintf("%x", d.Key), fmt.Sprintf("%x", mark), fmt.Sprintf("%x", fingerprint),
		`"number":0`, fmt.Sprintf(`"number":%d`, number))
	for _, r := range unit {
		r.Unit, r.Data = id, []byte(replace.Replace(string(r.Data)))
		code := h.Append(batch.keys, func(id, seq int64) []byte {
			r.Chain, r.Seq = id, seq
			return r.canonical()
		})
		if err := tx.ExecOne("INSERT INTO record (chain, seq, at, unit, kind, data, mac) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			r.Chain, r.Seq, r.Time.UnixMilli(), r.Unit, string(r.Kind), string(r.Data), code); err != nil {
			return err
		}
	}
	return nil
}
