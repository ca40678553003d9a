// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/procgroup"
	"github.com/d204ef64/fob/internal/reqtemplate"
)

const (
	readyTimeout = 2 * time.Minute  // by default
	endGrace     = 10 * time.Second // between SIGTERM and SIGKILL
	pollEvery    = 20 * time.Millisecond
)

// program is a running program.
type program struct {
	file   *Program
	v      values // to start it again
	cmd    *exec.Cmd
	output *procgroup.Output
	cancel context.CancelFunc // ends it

	*procgroup.Process
}

// prepareStart checks a program of setup.
func (f *File) prepareStart(p *Program, known []string) (err error) {
	if err := reqtemplate.CheckNames(known, p.texts()...); err != nil {
		return err
	}
	if err := f.checkArguments(&p.Command); err != nil {
		return err
	}
	r := &p.Ready
	given := 0
	for _, text := range []string{r.Line, r.HTTP, r.TCP} {
		if text != "" {
			given++
		}
	}
	if given > 1 {
		return errors.New("ready: want one of line, http and tcp")
	}
	if r.line, err = regexp.Compile(reqtemplate.Sample(r.Line)); err != nil {
		return fmt.Errorf("ready: line: %w", err)
	}
	if err := f.checkURL(r.HTTP); r.HTTP != "" && err != nil {
		return fmt.Errorf("ready: http: %w", err)
	}
	if _, _, err := net.SplitHostPort(reqtemplate.Sample(r.TCP)); r.TCP != "" && err != nil {
		return fmt.Errorf("ready: tcp %q: want HOST:PORT", r.TCP)
	}
	r.timeout = readyTimeout
	if r.Timeout != "" {
		if r.timeout, err = time.ParseDuration(r.Timeout); err != nil || r.timeout <= 0 {
			return fmt.Errorf("ready: timeout %q: want a duration such as 30s", r.Timeout)
		}
	}
	return nil
}

func (p *Program) texts() []string {
	return append(p.Command.texts(), p.Ready.Line, p.Ready.HTTP, p.Ready.TCP)
}

// start starts a program, and waits until it is ready. The answer has its output.
func (t *Open) start(ctx context.Context, file *Program, v values) (*answer, error) {
	p := &program{file: file, v: v}
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	t.programs = append(t.programs, p)
	if err := t.awaitReady(ctx, p); err != nil {
		return nil, err
	}
	return &answer{body: []byte(p.output.String())}, nil
}

func (p *program) start(ctx context.Context) error {
	argv := p.file.arguments(p.v)
	cmd, output := exec.Command(argv[0], argv[1:]...), &procgroup.Output{} //nolint:gosec // the program of the target file
	dir, err := pathOf(p.file.Dir, p.v)
	if err != nil {
		return err
	}
	cmd.Dir = dir
	p.file.complete(cmd, p.v)
	cmd.Stdout, cmd.Stderr = output, output
	// A run that is interrupted ends it at the end, after the requests.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	process, err := procgroup.Start(ctx, cmd, procgroup.Options{Grace: endGrace, Bound: true})
	if err != nil { // p stays the process that has ended
		cancel()
		return fmt.Errorf("%w: %w", conform.ErrUnreachable, err)
	}
	p.cmd, p.output, p.cancel, p.Process = cmd, output, cancel, process
	return nil
}

// awaitReady waits until a program is ready.
func (t *Open) awaitReady(ctx context.Context, p *program) error {
	r := &p.file.Ready
	ready := t.readiness(r, p)
	end := time.After(r.timeout)
	for {
		changed := p.output.More()
		if ready(ctx) {
			return t.ended(p.v, 0) // another program may listen there
		}
		var poll <-chan time.Time
		if r.Line == "" {
			poll = time.After(pollEvery)
		}
		select {
		case <-changed:
		case <-poll:
		case <-p.Done():
			return p.died(p.v)
		case <-end:
			return fmt.Errorf("%w: %s is not ready after %s%s", conform.ErrUnreachable, p.cmd.Args[0], r.timeout, p.last(p.v))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// readiness returns a function that reports whether a program is ready.
func (t *Open) readiness(r *Ready, p *program) func(context.Context) bool {
	switch {
	case r.Line != "":
		line := r.line
		if strings.Contains(r.Line, "{{") {
			line = regexp.MustCompile(p.v.Fill(r.Line, regexp.QuoteMeta)) // prepareStart has compiled it with other values
		}
		return func(context.Context) bool {
			return slices.ContainsFunc(strings.Split(p.output.String(), "\n"), line.MatchString)
		}
	case r.HTTP != "":
		address := p.v.URL(r.HTTP)
		return func(ctx context.Context) bool {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
			if err != nil {
				return false
			}
			res, err := t.client.Do(req)
			if err != nil {
				return false
			}
			_ = res.Body.Close()
			return res.StatusCode < http.StatusInternalServerError
		}
	case r.TCP != "":
		return func(ctx context.Context) bool {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.v.Fill(r.TCP, reqtemplate.Plain))
			if err != nil {
				return false
			}
			_ = conn.Close()
			return true
		}
	}
	return func(context.Context) bool { return true }
}

// lastLines is the number of lines of a program's output in an error.
const lastLines = 10

// last returns the last lines of the program's output for an error, without the secrets
// among the values.
func (p *program) last(v values) string {
	text := strings.TrimSpace(p.output.String())
	if text == "" {
		return "; it has printed nothing"
	}
	lines := strings.Split(text, "\n")
	return "; its last output:\n" + hide(v, strings.Join(lines[max(0, len(lines)-lastLines):], "\n"))
}

// died describes the end of a program.
func (p *program) died(v values) error {
	return fmt.Errorf("%w: %s has ended (%s)%s", conform.ErrUnreachable, p.cmd.Args[0], p.cmd.ProcessState, p.last(v))
}

// ended returns an error if a program ends within a time.
func (t *Open) ended(v values, wait time.Duration) error {
	for _, p := range t.programs {
		select {
		case <-p.Done():
			return p.died(v)
		default:
		}
		if wait == 0 {
			continue
		}
		select {
		case <-p.Done():
			return p.died(v)
		case <-time.After(wait):
		}
	}
	return nil
}

// startAgain stops the programs, and starts them again.
func (t *Open) startAgain(ctx context.Context) error {
	t.stopAll()
	for _, p := range t.programs {
		if err := p.start(ctx); err != nil {
			return err
		}
		if err := t.awaitReady(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// stopAll ends the programs, the newest first.
func (t *Open) stopAll() {
	for _, p := range slices.Backward(t.programs) {
		p.cancel()
		<-p.Done()
	}
}
