// SPDX-License-Identifier: Apache-2.0

package linetest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/journal/journaltest"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/line/printer"
	"github.com/d204ef64/fob/serialproto/host"
)

// Rig is an order, the folder of its station, and the sockets for devices.
type Rig struct {
	Order   *order.Order
	Content []byte // of the order
	Dir     string // of the journal, the labels and the events
	Sockets string // folder of the pseudo-terminals
	seeds   string // file with all seeds that stations made, outside of Dir
}

// Quick are replacements in the sample order for one code and a coarse drift limit.
var Quick = []string{
	"verification: two steps displayed", "verification: device check of one step",
	"drift_ppm: 20 ", "drift_ppm: 1000",
	"next_unit: after label scanned", "next_unit: at once",
}

// NewRig makes a rig for the sample order with replacements.
func NewRig(t testing.TB, replacements ...string) *Rig {
	t.Helper()
	r := &Rig{Dir: t.TempDir(), seeds: filepath.Join(t.TempDir(), "seeds")}
	var err error
	r.Sockets, err = os.MkdirTemp("", "fob") // short, because the path of a socket is limited
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(r.Sockets)) })
	r.Order, r.Content = journaltest.Order(t, replacements...)
	return r
}

// Socket returns the address of a socket.
func (r *Rig) Socket(number int) string { return fmt.Sprintf("pty:%s/s%02d", r.Sockets, number) }

// Find finds the devices in all sockets.
func (r *Rig) Find(t testing.TB) line.Finder {
	t.Helper()
	find, err := line.Ports("pty:" + filepath.Join(r.Sockets, "*"))
	require.NoError(t, err)
	return find
}

// childEnv has the parameters of a child process.
const childEnv = "FOB_LINE_CHILD"

type childParams struct {
	Dir, Sockets, Seeds, Master string

	Limit int64 // bytes by which a file of the journal may grow; -1: no limit
}

// Child is the station of a [Rig], if this process was started for it. A test TestChild of
// the package must do nothing else.
func Child(t *testing.T) {
	text := os.Getenv(childEnv)
	if text == "" {
		t.Skip("the child of other tests")
	}
	var p childParams
	require.NoError(t, json.Unmarshal([]byte(text), &p))
	content, err := os.ReadFile(filepath.Join(p.Dir, "order.yaml"))
	require.NoError(t, err)
	o, err := order.Parse(content)
	require.NoError(t, err)
	j, err := journal.Open(t.Context(), journaltest.Config(t, p.Dir, p.Master))
	require.NoError(t, err)
	seeds, err := os.OpenFile(p.Seeds, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(t, err)
	labels, err := printer.Open("file:" + filepath.Join(p.Dir, "labels"))
	require.NoError(t, err)
	job := line.JobOf(o)
	job.DriftLimit = 0
	c := line.Config{
		Job: job, Journal: journaltest.Begin(t, j, o, content), Key: host.InsecureTestStationKey(), Find: (&Rig{Sockets: p.Sockets}).Find(t),
		Printer: line.NewPrinter(o, labels, line.LabelOptions{Format: printer.ZPL, DPI: 300}), Random: io.TeeReader(rand.Reader, seeds),
		HostClock: func(context.Context) error { return nil }, Poll: 5 * time.Millisecond,
	}
	if p.Limit >= 0 {
		limitFiles(t, p.Dir, p.Limit)
	}
	out := json.NewEncoder(os.Stderr)
	c.Report = func(e line.Event) { _ = out.Encode(e) }
	err = line.New(c).Run(t.Context())
	fmt.Fprintf(os.Stderr, "%q\n", fmt.Sprint(err))
}

// Station is a running child process.
type Station struct {
	Events <-chan line.Event // closed when the station has ended
	Last   string            // its last line that is not an event; valid when Events is closed

	cmd *exec.Cmd
	out bytes.Buffer
}

// NoLimit is the limit of a station whose files may grow.
const NoLimit = -1

// Start starts a station whose journal may grow by limit bytes, or [NoLimit].
func (r *Rig) Start(t testing.TB, limit int64) *Station {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Join(r.Dir, "labels"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(r.Dir, "order.yaml"), r.Content, 0o600))
	params, err := json.Marshal(childParams{r.Dir, r.Sockets, r.seeds, journaltest.Master(), limit})
	require.NoError(t, err)
	s := &Station{cmd: exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.count=1")}
	s.cmd.Env = append(os.Environ(), childEnv+"="+string(params))
	s.cmd.Stdout = &s.out
	pipe, err := s.cmd.StderrPipe()
	require.NoError(t, err)
	log, err := os.OpenFile(filepath.Join(r.Dir, "events.json"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	t.Cleanup(s.Kill)
	events := make(chan line.Event, 1<<16)
	s.Events = events
	go func() {
		defer close(events)
		defer log.Close()
		lines := bufio.NewScanner(io.TeeReader(pipe, log))
		for lines.Scan() {
			var e line.Event
			if json.Unmarshal(lines.Bytes(), &e) == nil {
				events <- e
			} else {
				s.Last = lines.Text()
			}
		}
	}()
	return s
}

// Kill sends SIGKILL to the station. Its last events may still be in Events.
func (s *Station) Kill() { _ = s.cmd.Process.Kill() }

// Wait waits for the end of a station, and returns its output. Events must have been read to
// their end.
func (s *Station) Wait() string {
	_ = s.cmd.Wait()
	return s.Last + " " + s.out.String()
}
