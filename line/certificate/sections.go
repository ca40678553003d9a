// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (b *Batch) summary(p *page) {
	expiry := "none"
	if s := b.Expiry.String(); s != "" {
		expiry = s
	}
	facts := [][2]string{
		{"Order", b.Order},
		{"Customer", b.Customer},
		{"Model", b.Model},
		{"Serial numbers", b.First.String() + " to " + b.Last.String()},
		{"Expiry date", expiry},
		{"Started", instant(b.Started)},
		{"Finished", instant(b.Finished)},
		{"Stations", strings.Join(b.Stations, ", ")},
	}
	if len(b.Operators) > 0 {
		facts = append(facts, [2]string{"Operators", strings.Join(b.Operators, ", ")})
	}
	p.facts(facts)
	p.heading("Tokens")
	p.facts([][2]string{
		{"Ordered", strconv.Itoa(b.Ordered)},
		{"Made", strconv.Itoa(b.Made)},
		{"Void", strconv.Itoa(len(b.Void))},
		{"Yield", share(b.Made, b.Made+len(b.Void))},
	})
	if reasons := b.countReasons(); len(reasons) > 0 {
		p.table([]column{{"Reason", 110, left}, {"Bin", 40, left}, {"Tokens", 20, right}}, reasons)
	}
}

// countReasons returns how often each reason and bin occurs, the most frequent first.
func (b *Batch) countReasons() [][]string {
	count := map[[2]string]int{}
	var keys [][2]string
	for _, v := range b.Void {
		key := [2]string{v.Reason, v.Bin}
		if count[key] == 0 {
			keys = append(keys, key)
		}
		count[key]++
	}
	slices.SortFunc(keys, func(x, y [2]string) int {
		if count[x] != count[y] {
			return count[y] - count[x]
		}
		return slices.Compare(x[:], y[:])
	})
	var rows [][]string
	for _, k := range keys {
		rows = append(rows, []string{k[0], k[1], strconv.Itoa(count[k])})
	}
	return rows
}

func (b *Batch) line(p *page) {
	if len(b.Ports) > 0 {
		p.heading("Ports")
		var rows [][]string
		for _, port := range b.Ports {
			rows = append(rows, []string{
				port.Name, strconv.Itoa(port.Made), strconv.Itoa(port.Failed), share(port.Made, port.Made+port.Failed),
				seconds(port.Cycle), seconds(port.Slowest),
			})
		}
		p.table([]column{
			{"Port", 50, left}, {"Made", 20, right}, {"Failed", 20, right}, {"Yield", 22, right}, {"Mean time", 29, right}, {"Longest", 29, right},
		}, rows)
	}
	if len(b.Limits) > 0 {
		p.heading("Limits")
		var rows [][2]string
		for _, l := range b.Limits {
			rows = append(rows, [2]string{l.Name, l.Value})
		}
		p.facts(rows)
	}
	if len(b.Firmware) > 0 {
		p.heading("Firmware")
		var rows [][]string
		for _, f := range b.Firmware {
			rows = append(rows, []string{f.Version, strconv.Itoa(f.Tokens), hex.EncodeToString(f.Image[:])})
		}
		p.table([]column{{"Version", 35, left}, {"Tokens", 20, right}, {"SHA-256 of the image", 115, left}}, rows)
	}
}

func (b *Batch) files(p *page) {
	if len(b.Files) > 0 {
		p.heading("Files")
		var rows [][]string
		for _, f := range b.Files {
			rows = append(rows, []string{f.Name, strconv.FormatInt(f.Bytes, 10), hex.EncodeToString(f.Digest[:])})
		}
		p.table([]column{{"File", 35, left}, {"Bytes", 20, right}, {"SHA-256", 115, left}}, rows)
	}
	p.heading("Journal")
	signer := b.Journal.Signer
	if signer == "" {
		signer = "not signed"
	}
	p.facts([][2]string{
		{"Records", strconv.Itoa(b.Journal.Records)},
		{"Head of the chain", hex.EncodeToString(b.Journal.Head[:])},
		{"Signed by", signer},
	})
}

func (b *Batch) voids(p *page) {
	if len(b.Void) == 0 {
		return
	}
	p.heading("Void serial numbers")
	var rows [][]string
	for _, v := range b.Void {
		rows = append(rows, []string{v.Serial.String(), v.Reason, v.Bin})
	}
	p.table([]column{{"Serial number", 45, left}, {"Reason", 90, left}, {"Bin", 35, left}}, rows)
}

// instant writes a time in UTC.
func instant(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s" }

// share writes a part of a whole in percent, rounded down: only a whole is 100 %.
func share(part, whole int) string {
	if whole == 0 {
		return "-"
	}
	tenths := part * 1000 / whole
	return fmt.Sprintf("%d.%d %%", tenths/10, tenths%10)
}
