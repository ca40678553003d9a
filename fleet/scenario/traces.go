// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/fleet/control"
)

// traces are the things of a scenario in a shared fleet, apart from its tokens. They are
// removed at the end.
type traces struct {
	prefix    string          // of the names of its snapshots, which no other client uses
	snapshots map[string]bool // names in the fleet
	ports     []string        // their paths
	faults    map[string]bool // paths of the faults of tokens
}

func newTraces() traces {
	return traces{
		prefix:    "scenario-" + strings.ToLower(rand.Text()[:10]) + "-",
		snapshots: map[string]bool{}, faults: map[string]bool{},
	}
}

// lastTime is how long a request may take after the scenario was interrupted.
const lastTime = 30 * time.Second

// create sends a request whose answer names a thing that end removes. An interrupt
// therefore waits for the answer.
func (r *runner) create(path string, in, out any) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.ctx))
	defer cancel()
	defer context.AfterFunc(r.ctx, func() { time.AfterFunc(lastTime, cancel) })()
	return r.Fleet.Do(ctx, http.MethodPost, path, in, out)
}

// last sends one of the requests at the end of a scenario.
func (r *runner) last(method, path string, in any) error {
	ctx, cancel := context.WithTimeout(r.ctx, lastTime)
	defer cancel()
	return r.Fleet.Do(ctx, method, path, in, nil)
}

// removeTraces removes everything that the scenario has made in a shared fleet.
func (r *runner) removeTraces() error {
	if !r.Shared {
		return nil
	}
	var paths []string
	for name := range r.traces.snapshots {
		paths = append(paths, snapshotPath(name, ""))
	}
	paths = append(append(paths, slices.Collect(maps.Keys(r.traces.faults))...), r.traces.ports...)
	for _, id := range r.mine {
		paths = append(paths, tokenPath(id, ""))
	}
	for _, path := range paths {
		err := r.last(http.MethodDelete, path, nil)
		if refused := (*control.RefusedError)(nil); err != nil && !errors.As(err, &refused) { // refused: it is gone
			return fmt.Errorf("removing the tokens and snapshots of the scenario: %w", err)
		}
	}
	return nil
}

func snapshotPath(name, rest string) string {
	return "/v1/snapshots/" + url.PathEscape(name) + rest
}

// takeSnapshot keeps the state of the tokens, or of all tokens if there are none.
func (r *runner) takeSnapshot(name string, tokens []string) error {
	if len(tokens) == 0 && r.Shared { // the fleet has tokens of others
		tokens = r.mine
	}
	name = r.traces.prefix + name
	if r.Shared {
		r.traces.snapshots[name] = true
	}
	body := map[string]any{"name": name}
	if len(tokens) > 0 { // an empty list is refused
		body["tokens"] = tokens
	}
	return r.create("/v1/snapshots", body, nil)
}

// restOf returns the tokens of a new lot that the answer has left out. The tags of a lot
// follow one another.
func (r *runner) restOf(first tokenView, count int, next string) (rest []tokenView, err error) {
	for next != "" {
		var page tokenPage
		if err := r.get("/v1/tokens?limit="+strconv.Itoa(maxNamed)+"&after="+url.QueryEscape(next), &page); err != nil {
			return rest, err
		}
		for _, t := range page.Items {
			if t.Tag >= first.Tag+uint32(count) {
				return rest, nil
			}
			rest = append(rest, t)
		}
		next = page.Next
	}
	return rest, nil
}
