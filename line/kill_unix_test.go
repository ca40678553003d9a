// SPDX-License-Identifier: Apache-2.0

//go:build unix

package line_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/journal"
	"github.com/d204ef64/fob/line/journal/journaltest"
	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
)

// The environment of a child process.
const (
	childEnv   = "FOB_LINE_CHILD"   // folder of the journal
	socketsEnv = "FOB_LINE_SOCKETS" // folder of the sockets
	masterEnv  = "FOB_LINE_MASTER"
	limitEnv   = "FOB_LINE_LIMIT" // bytes by which a file may grow; "": no limit
)

// TestChild is not a test: it is a station that the other tests kill. It prints its events
// as lines of JSON.
func TestChild(t *testing.T) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		t.Skip("the child of other tests")
	}
	content, err := os.ReadFile(filepath.Join(dir, "order.yaml"))
	require.NoError(t, err)
	o, err := order.Parse(content)
	require.NoError(t, err)
	j, err := journal.Open(t.Context(), journaltest.Config(t, dir, os.Getenv(masterEnv)))
	require.NoError(t, err)
	b := journaltest.Begin(t, j, o, content)
	find, err := line.Ports("pty:" + filepath.Join(os.Getenv(socketsEnv), "*"))
	require.NoError(t, err)
	job := line.JobOf(o)
	job.DriftLimit = 0
	if text := os.Getenv(limitEnv); text != "" {
		bytes, err := strconv.ParseInt(text, 10, 64)
		require.NoError(t, err)
		limitFiles(t, dir, bytes)
	}
	out := json.NewEncoder(os.Stderr)
	err = line.New(line.Config{
		Job: job, Journal: b, Key: host.InsecureTestStationKey(), Find: find, Printer: &testPrinter{print: func() error { return nil }},
		Report: func(e line.Event) { _ = out.Encode(e) }, HostClock: func(context.Context) error { return nil }, Poll: 5 * time.Millisecond,
	}).Run(t.Context())
	fmt.Fprintf(os.Stderr, "%q\n", fmt.Sprint(err))
}

// limitFiles limits the growth of the journal's files, on systems that can.
var limitFiles func(t *testing.T, dir string, bytes int64)

// station is a child process.
type station struct {
	cmd    *exec.Cmd
	out    bytes.Buffer
	events chan line.Event
	last   string // its last line without an event
}

// child starts a station as a child process.
func (b *bench) child(limit string) *station {
	b.t.Helper()
	s := &station{cmd: exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.count=1"), events: make(chan line.Event, 1<<16)}
	s.cmd.Env = append(os.Environ(), childEnv+"="+b.dir, socketsEnv+"="+b.sockets, masterEnv+"="+journaltest.Master(), limitEnv+"="+limit)
	s.cmd.Stdout = &s.out
	pipe, err := s.cmd.StderrPipe()
	require.NoError(b.t, err)
	require.NoError(b.t, s.cmd.Start())
	go func() {
		defer close(s.events)
		lines := bufio.NewScanner(pipe)
		for lines.Scan() {
			var e line.Event
			if json.Unmarshal(lines.Bytes(), &e) == nil {
				s.events <- e
			} else {
				s.last = lines.Text()
			}
		}
	}()
	return s
}

// operator keeps sockets filled: a device that is finished makes room for the next one.
type operator struct {
	*bench
	mu      sync.Mutex // guards the fields below
	ports   map[string]*fleet.Port
	results map[line.Result]int
}

// fill plugs a blank device into a socket.
func (o *operator) fill(socket int) {
	p := o.plug(o.device(), socket)
	o.ports[p.Addr()] = p
}

// see reacts to an event.
func (o *operator) see(e line.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch e.Result {
	case line.Pass, line.Known, line.Fail:
	default:
		return
	}
	o.results[e.Result]++
	p := o.ports[e.Socket]
	if p == nil || hardware(p) != e.HardwareID {
		return // an event of the device before
	}
	delete(o.ports, e.Socket)
	var socket int
	_, err := fmt.Sscanf(filepath.Base(e.Socket), "s%02d", &socket)
	require.NoError(o.t, err)
	o.pull(p)
	o.fill(socket)
}

func hardware(p *fleet.Port) host.HardwareID { return p.Member().Token.HardwareID() }

// TestKill kills a station with SIGKILL at random moments, while an operator goes on
// plugging devices in. The station goes on after each kill. FOB_KILLS is the number of
// kills; the full campaign is
//
//	FOB_KILLS=2000 go test ./line -run '^TestKill$' -timeout 2h
func TestKill(t *testing.T) {
	kills := 12
	if text := os.Getenv("FOB_KILLS"); text != "" {
		var err error
		kills, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	b := newBench(t, append(quick, "count: 10", "count: 50000", "ZZFB00000012", "ZZFB00099999")...)
	require.NoError(t, b.batch.Journal.Close())
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "order.yaml"), b.content, 0o600))
	o := &operator{bench: b, ports: map[string]*fleet.Port{}, results: map[line.Result]int{}}
	for socket := range 6 {
		o.fill(socket)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	at := map[line.Step]int{} // the step of a socket when the station was killed
	for range kills {
		s := b.child("")
		after := random.IntN(60) // events
		if random.IntN(10) == 0 {
			after = 0 // while it starts
		}
		steps := map[string]line.Step{}
		timer := time.After(patience)
		for n := 0; n < after; n++ {
			select {
			case e, ok := <-s.events:
				require.True(t, ok, "the station ended: %s %s", s.last, &s.out)
				steps[e.Socket] = e.Step
				o.see(e)
			case <-timer:
				require.FailNow(t, "the station hangs")
			}
		}
		time.Sleep(time.Duration(random.IntN(20000)) * time.Microsecond)
		require.NoError(t, s.cmd.Process.Kill())
		for e := range s.events {
			steps[e.Socket] = e.Step
			o.see(e)
		}
		_ = s.cmd.Wait()
		for _, step := range steps {
			at[step]++
		}
	}
	t.Logf("killed %d times, at the steps %v; results %v", kills, at, o.results)
	require.Zero(t, o.results[line.Fail])

	// The last station finishes all units.
	s := b.child("")
	for open := len(o.ports); open > 0; {
		select {
		case e, ok := <-s.events:
			require.True(t, ok, "the station ended: %s %s", s.last, &s.out)
			if e.Result == line.Pass || e.Result == line.Known {
				if p := o.ports[e.Socket]; p != nil && hardware(p) == e.HardwareID {
					o.pull(p)
					delete(o.ports, e.Socket)
					open--
				}
			}
		case <-time.After(patience):
			require.FailNow(t, "the station hangs")
		}
	}
	require.NoError(t, s.cmd.Process.Kill())
	_ = s.cmd.Wait()
	b.batch = journaltest.Batch(t, b.dir, b.order, b.content)
	b.invariants()
}

// invariants compares all devices with the journal.
func (b *bench) invariants() {
	t := b.t
	t.Helper()
	ctx := t.Context()
	units := map[string]journal.Unit{} // by serial number
	numbers := map[int64]bool{}
	page := journal.UnitFilter{}
	for {
		list, next, err := b.batch.Units(ctx, b.order.ID, page)
		require.NoError(t, err)
		for _, u := range list {
			units[u.Serial.String()] = u
			numbers[u.Number] = true
		}
		if next == "" {
			break
		}
		page.After = next
	}
	// Every number up to the highest belongs to a unit, and none is unaccounted for.
	require.Len(t, numbers, len(units))
	for i := range int64(len(units)) {
		require.True(t, numbers[i], "number %d was used up without a unit", i)
	}
	seeds := journaltest.Seeds(t, b.batch)
	devices := map[string]host.HardwareID{}
	var secrets [][]byte
	for m := range b.fleet.All(0) {
		serial, _ := m.Token.BackLabel()
		state := m.Token.State()
		if state == serialproto.StateBlank || state == serialproto.StateWiped {
			continue
		}
		id := host.HardwareID(m.Token.HardwareID())
		require.NotContains(t, devices, serial.String(), "two devices have one number")
		devices[serial.String()] = id
		u, ok := units[serial.String()]
		require.True(t, ok, "%s is not in the journal", serial)
		require.Equal(t, id, u.HardwareID)
		seed, _ := m.Token.Secrets()
		secrets = append(secrets, seed.Bytes())
		if state == serialproto.StateLocked {
			require.Equal(t, journal.Done, u.State)
			require.True(t, seed.Equal(seeds[serial.String()]), "%s is locked, and the customer does not get its seed", serial)
		}
	}
	done := 0
	for _, u := range units {
		if u.State == journal.Done {
			done++
			require.Equal(t, u.HardwareID, devices[u.Serial.String()])
		}
	}
	t.Logf("%d units, %d done, %d devices with a seed", len(units), done, len(devices))
	c, err := b.batch.Counts(ctx)
	require.NoError(t, err)
	require.EqualValues(t, done, c.Done)
	b.clear(secrets)
	report, err := b.batch.Verify(ctx, "")
	require.NoError(t, err)
	require.Empty(t, report.Faults)
}

// clear searches all files of the journal's folder for seeds in clear: as bytes, and in
// hexadecimal and base32 digits.
func (b *bench) clear(secrets [][]byte) {
	b.t.Helper()
	require.NotEmpty(b.t, secrets)
	searched := 0
	require.NoError(b.t, filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		upper := bytes.ToUpper(text)
		for _, s := range secrets {
			require.False(b.t, bytes.Contains(text, s), path)
			require.False(b.t, bytes.Contains(upper, fmt.Appendf(nil, "%X", s)), path)
			require.False(b.t, bytes.Contains(upper, []byte(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s))), path)
		}
		searched += strings.Count(string(text), "ZZFB0000000")
		return nil
	}))
	require.Positive(b.t, searched, "the search finds what is there")
}
