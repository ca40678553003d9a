// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/internal/procgroup"
	"github.com/d204ef64/fob/internal/reqtemplate"
)

const maxAnswer = 1 << 20 // bytes

// endWait is how long an unanswered request waits for the news that its server has ended,
// which explains it.
const endWait = time.Second

// do does a step. It calls ready, if it is not nil, before it submits anything.
func (t *Open) do(ctx context.Context, s *Step, v values, ready func()) (*answer, error) {
	if err := t.ended(v, 0); err != nil {
		return nil, err
	}
	a, err := t.doStep(ctx, s, v, ready)
	if errors.Is(err, conform.ErrUnreachable) {
		if ended := t.ended(v, endWait); ended != nil {
			err = ended
		}
	}
	if a != nil {
		a.filled = v
		conform.Answered(ctx, a.text())
	}
	return a, err
}

func (t *Open) doStep(ctx context.Context, s *Step, v values, ready func()) (*answer, error) {
	if ready != nil && s.Command == nil && s.PAM == nil {
		ready()
	}
	switch {
	case s.HTTP != nil:
		return t.request(ctx, s.HTTP, v)
	case s.Command != nil:
		return run(ctx, s.Command, v, ready)
	case s.Radius != nil:
		return s.Radius.ask(ctx, v, t.file.options.Timeout)
	case s.PAM != nil:
		return t.logIn(ctx, s.PAM, v, ready)
	}
	path, err := pathOf(s.File.Path, v)
	if err != nil {
		return nil, err
	}
	if s.File.Remove {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		return &answer{}, nil
	}
	text := s.File.from
	if s.File.From == "" {
		text = []byte(v.Fill(s.File.Text, reqtemplate.Plain))
	}
	return &answer{}, atomicfile.Overwrite(path, text)
}

// ownValues are the values of paths that are paths themselves.
var ownValues = []string{"dir", "me"}

// pathOf returns a path. Values that come from a server or are entries must not lead out of its
// folder.
func pathOf(text string, v values) (string, error) {
	for _, name := range reqtemplate.Names(text) {
		if value := v[name]; !slices.Contains(ownValues, name) && (value == "." || strings.ContainsAny(value, "/\\\x00") || strings.Contains(value, "..")) {
			return "", fmt.Errorf("%w: {{%s}} in a path has a value with /, \\, .. or NUL", conform.ErrUnsendable, name)
		}
	}
	path := v.Fill(text, reqtemplate.Plain)
	if slices.Contains(strings.Split(path, "/"), "..") && !slices.Contains(strings.Split(text, "/"), "..") {
		return "", fmt.Errorf("%w: the values make a path with .. in it", conform.ErrUnsendable)
	}
	return path, nil
}

// request sends a request.
func (t *Open) request(ctx context.Context, r *Request, v values) (*answer, error) {
	address := r.Path
	if !whole(address) {
		address = strings.TrimSuffix(t.file.URL, "/") + "/" + strings.TrimPrefix(r.Path, "/")
	}
	header, basic := t.file.headers(r)
	for name := range header {
		if err := reqtemplate.CheckHeaders(map[string]string{name: header.Get(name)}, v); err != nil {
			return nil, fmt.Errorf("%w: %w", conform.ErrUnsendable, err)
		}
		header.Set(name, v.Fill(header.Get(name), reqtemplate.Plain))
	}
	if basic != nil {
		t.seen.save("user and password", basic.set(header, v))
	}
	method, body := r.Method, ""
	switch {
	case len(r.Form) > 0:
		form := url.Values{}
		for name, value := range r.Form {
			form.Set(name, v.Fill(value, reqtemplate.Plain))
		}
		body = form.Encode()
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	case len(r.Upload) > 0:
		var err error
		if body, err = upload(r.Upload, v, header); err != nil {
			return nil, err
		}
	case r.Body != "":
		if header.Get("Content-Type") == "" {
			header.Set("Content-Type", "application/json")
		}
		body = v.Fill(r.Body, reqtemplate.EscapeFor(header.Get("Content-Type")))
	}
	if method == "" {
		method = map[bool]string{true: http.MethodGet, false: http.MethodPost}[body == ""]
	}
	req, err := http.NewRequestWithContext(ctx, method, v.URL(address), strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("method %q or path: not valid", method)
	}
	req.Header = header
	req.Host = header.Get("Host")
	res, err := t.client.Do(req)
	if err != nil && ctx.Err() == nil && isTimeout(err) {
		return nil, noAnswer("no answer in ", t.client.Timeout)
	}
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the address may have a code
		}
		return nil, fmt.Errorf("%w: %w", conform.ErrUnreachable, err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil && ctx.Err() == nil && isTimeout(err) {
		return nil, noAnswer("no complete answer in ", t.client.Timeout)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", conform.ErrUnreachable, err)
	}
	return &answer{status: res.StatusCode, header: res.Header, body: text}, nil
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// noAnswer is the error of a request without an answer in time. Its class is a timeout.
func noAnswer(text string, wait time.Duration) error {
	return errclass.With(errclass.Timeout, fmt.Errorf("%w: %s%g s", conform.ErrUnreachable, text, wait.Seconds()))
}

// run runs a program. Its answer is its output and its exit code. With ready, the program
// gets its input as late as possible.
func run(ctx context.Context, c *Command, v values, ready func()) (*answer, error) {
	argv := c.arguments(v)
	cmd := exec.Command(argv[0], argv[1:]...) //nolint:gosec // the program of the target file
	var err error
	if cmd.Dir, err = pathOf(c.Dir, v); err != nil {
		return nil, err
	}
	c.complete(cmd, v)
	for _, text := range append(slices.Clone(cmd.Args), cmd.Env...) {
		if strings.Contains(text, "\x00") {
			return nil, fmt.Errorf("%w: an argument or a variable of %s has NUL", conform.ErrUnsendable, argv[0])
		}
	}
	out := &beginning{}
	cmd.Stdout, cmd.Stderr = out, out
	if ready != nil {
		late := &lateReader{r: cmd.Stdin, cmd: cmd, ready: sync.OnceFunc(ready)}
		defer late.ready() // a program may end before it reads
		cmd.Stdin = late
	}
	limit := cmp.Or(c.limit, requestTimeout)
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	p, err := procgroup.Start(timed, cmd, procgroup.Options{Grace: endGrace, Leave: true})
	if err == nil {
		err = p.Wait()
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case p == nil:
		return nil, fmt.Errorf("%w: %w", conform.ErrUnreachable, err)
	case timed.Err() != nil:
		return nil, noAnswer("running "+argv[0]+": it has not ended in ", limit)
	case err == nil, errors.As(err, &exit) && exit.ExitCode() >= 0:
		return &answer{exit: cmd.ProcessState.ExitCode(), body: out.text()}, nil
	}
	return nil, fmt.Errorf("%w: running %s: %w", conform.ErrUnreachable, argv[0], err)
}

// beginning keeps the first maxAnswer bytes that are written, and drops the others.
type beginning struct {
	mu sync.Mutex // a process that is left behind may still write
	b  []byte
}

// Write implements [io.Writer].
func (o *beginning) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b = append(o.b, p[:min(len(p), maxAnswer-len(o.b))]...)
	return len(p), nil
}

func (o *beginning) text() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b
}

func (c *Command) arguments(v values) (argv []string) {
	for _, a := range c.Argv {
		argv = append(argv, v.Fill(a, reqtemplate.Plain))
	}
	return argv
}

// complete sets the environment and the input of a program.
func (c *Command) complete(cmd *exec.Cmd, v values) {
	cmd.Env = cmd.Environ()
	for name, value := range c.Env {
		cmd.Env = append(cmd.Env, name+"="+v.Fill(value, reqtemplate.Plain))
	}
	cmd.Stdin = strings.NewReader(v.Fill(c.Stdin, reqtemplate.Plain))
}

// lateReader delays the input of a program until it waits for it.
type lateReader struct {
	r     io.Reader
	cmd   *exec.Cmd
	ready func() // works once
	begun bool
}

// Read implements [io.Reader].
func (l *lateReader) Read(p []byte) (int, error) {
	if !l.begun {
		l.begun = true
		awaitReading(l.cmd)
		l.ready()
	}
	return l.r.Read(p)
}

// loadTime is the time in which a program is assumed to load its libraries, on systems
// without a file for its state. Elsewhere it may take longestLoad.
const (
	loadTime    = 500 * time.Millisecond
	longestLoad = 5 * time.Second
)

// awaitReading waits until a program reads from its pipe.
func awaitReading(cmd *exec.Cmd) {
	begun := time.Now()
	for time.Since(begun) < longestLoad {
		if cmd.Process != nil {
			where, err := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", cmd.Process.Pid))
			if err != nil { // another system, or the program has ended
				time.Sleep(loadTime)
				return
			}
			if bytes.Contains(where, []byte("pipe_read")) {
				return
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
}
