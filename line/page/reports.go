// SPDX-License-Identifier: Apache-2.0

package page

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
)

const (
	// staleAfter is the age of a report after which its station is shown as stale. A
	// station reports every few seconds.
	staleAfter = 15 * time.Second
	// reportInterval is the shortest time between two looks at the ledger.
	reportInterval = 2 * time.Second
	reportTimeout  = 5 * time.Second
)

// stationStatus is a station in the supervisor's view.
type stationStatus struct {
	Name   string       `json:"station"`
	Here   bool         `json:"here"` // in the process that answers
	URL    string       `json:"url,omitempty"`
	Seen   time.Time    `json:"seen,omitzero"` // when it reported; zero: unknown
	Stale  bool         `json:"stale"`
	Status *line.Status `json:"status,omitempty"`
}

// reportCache has the reports of the shared ledger. However many pages are open, the
// ledger is read once in an interval.
type reportCache struct {
	read func(context.Context) ([]journal.StationReport, error)
	now  func() time.Time

	mu   sync.Mutex // guards the fields below
	at   time.Time
	list []journal.StationReport
	err  error
}

func (c *reportCache) get(ctx context.Context) ([]journal.StationReport, error) {
	if c.read == nil {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.at) >= reportInterval {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reportTimeout)
		defer cancel()
		list, err := c.read(ctx)
		if err == nil {
			c.list = list
		}
		c.at, c.err = now, err
	}
	return c.list, c.err
}

// stations returns the stations of this process and of the shared ledger, by name. If the
// ledger cannot be reached, the list has the reports of before.
func (s *server) stations(ctx context.Context) ([]stationStatus, error) {
	reports, err := s.reports.get(ctx)
	now := s.now()
	var list []stationStatus
	here := map[string]bool{}
	for _, one := range s.o.Stations {
		st := one.view.Status()
		here[one.name] = true
		list = append(list, stationStatus{Name: one.name, Here: true, URL: pathOf(one.name), Seen: now.UTC(), Status: &st})
	}
	for _, r := range reports {
		if here[r.Name] {
			continue
		}
		// The clocks of stations differ by less than their limit, which is far below a second.
		one := stationStatus{Name: r.Name, URL: r.URL, Seen: r.Seen.UTC(), Stale: now.Sub(r.Seen).Abs() > staleAfter}
		if !strings.HasPrefix(one.URL, "http://") && !strings.HasPrefix(one.URL, "https://") {
			one.URL = ""
		}
		if y := one.Seen.Year(); y < 1 || y > 9999 { // JSON has no such time
			one.Seen, one.Stale = time.Time{}, true
		}
		var st line.Status
		if json.Unmarshal(r.Report, &st) == nil {
			one.Status = &st
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b stationStatus) int { return cmp.Compare(a.Name, b.Name) })
	return list, err
}
