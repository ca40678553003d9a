// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/practice"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/line/page"
)

const testKey = "the-key-of-the-tests"

// rig is a practice whose stations have pages.
type rig struct {
	t       *testing.T
	config  practice.Config
	pages   *page.Server
	server  *httptest.Server
	results chan *practice.Result
}

// newRig prepares a practice. Change may change its configuration.
func newRig(t *testing.T, tokens, stations, ports int, plan string, change func(*practice.Config)) *rig {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, practice.NewOrder(dir, tokens, time.Now()))
	content, err := order.ReadFile(filepath.Join(dir, practice.OrderFile))
	require.NoError(t, err)
	c := practice.Config{Tokens: tokens, Stations: stations, Ports: ports, Dir: dir, Content: content}
	c.Order, err = order.Check(content, time.Now())
	require.NoError(t, err)
	c.Recipients, err = journal.Recipients(c.Order, func(*order.Recipient) ([]byte, error) { return nil, errors.New("no recipient has a file") })
	require.NoError(t, err)
	if plan != "" {
		c.Plan, err = practice.ParsePlan([]byte(plan))
		require.NoError(t, err)
	}
	r := &rig{t: t, results: make(chan *practice.Result, 1)}
	var shown []*page.Station
	reports := map[string]func(*line.Station) func(line.Event){}
	for i := range stations {
		name := practice.StationName(i)
		v := line.NewView(line.ViewConfig{
			Station: name, Order: c.Order.ID, Customer: c.Order.Customer, Model: c.Order.Model, Labels: line.JobOf(c.Order).Labels,
			Counts: journal.Counts{Wanted: int64(tokens)}, Warnings: []line.Warning{line.WarnPractice},
		})
		var station atomic.Pointer[line.Station]
		s := page.NewStation(v, func(number int, scanned string) error { return station.Load().LabelTaken(number, scanned) })
		shown = append(shown, s)
		reports[name] = func(l *line.Station) func(line.Event) {
			station.Store(l)
			return func(e line.Event) {
				v.Add(e)
				s.Add(e)
			}
		}
	}
	c.Station = func(name string, s *line.Station) func(line.Event) { return reports[name](s) }
	if change != nil {
		change(&c)
	}
	r.config = c
	r.pages = page.New(page.Options{Key: testKey, Stations: shown, Event: func(err error) { t.Errorf("the pages reported: %v", err) }})
	r.server = httptest.NewServer(r.pages)
	t.Cleanup(r.server.Close)
	return r
}

// start begins the practice. It ends with the test.
func (r *rig) start() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		result, err := practice.Run(ctx, r.config)
		if err != nil && ctx.Err() == nil {
			r.t.Errorf("practice: %v", err)
		}
		r.results <- result
	}()
	r.t.Cleanup(func() {
		cancel()
		<-done
	})
}

// stationPath is the path of a station's page.
func stationPath(i int) string { return fmt.Sprintf("/stations/%s", practice.StationName(i)) }
