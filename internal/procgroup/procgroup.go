// SPDX-License-Identifier: Apache-2.0

// Package procgroup runs a command together with the processes that it starts. They are
// a process group of their own, which gets every signal, and none of them stays behind
// after the command has ended.
//
//	err := procgroup.Run(ctx, cmd, procgroup.Options{Grace: 10 * time.Second})
//
// Systems without process groups only end the command itself.
package procgroup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Options are the settings of a Process.
type Options struct {
	// Grace is the time between the request to end and SIGKILL.
	Grace time.Duration

	// Foreground makes the command take the place of this process, as with env or timeout:
	// the command can read the terminal, and signals to this process are forwarded to the
	// group. The command then decides when it ends: the context only matters before it is
	// started.
	Foreground bool

	// Leave lets processes that the command leaves behind run on after it has ended by
	// itself, such as a server that it has started.
	Leave bool

	// Bound sends SIGTERM to the command if this process is killed, on Linux.
	Bound bool
}

// Process is a command that was started with its group.
type Process struct {
	cmd     *exec.Cmd
	o       Options
	signals chan os.Signal
	tty     *terminal
	copies  copies
	done    chan struct{}
	err     error // valid once done is closed
}

// Run starts a command and waits until it and its group have ended. The error is the
// same as from [exec.Cmd.Run]. If the context ends, the group is ended.
func Run(ctx context.Context, cmd *exec.Cmd, o Options) error {
	p, err := Start(ctx, cmd, o)
	if err != nil {
		return err
	}
	return p.Wait()
}

// Start starts a command, which must come from [exec.Command], without a context. It
// sets the fields SysProcAttr, Stdin, Stdout and Stderr of cmd.
func Start(ctx context.Context, cmd *exec.Cmd, o Options) (*Process, error) {
	p := &Process{cmd: cmd, o: o, signals: make(chan os.Signal, 16), done: make(chan struct{})}
	if o.Foreground {
		signal.Notify(p.signals, forwarded...)
		p.tty = openTerminal(p.signals)
	}
	err := ctx.Err() // after Notify: a signal in between would be lost
	if err == nil {
		err = p.copies.connect(cmd)
	}
	if err == nil {
		p.prepare()
		if o.Bound {
			err = StartBound(cmd, syscall.SIGTERM, func() { <-p.done })
		} else {
			err = cmd.Start()
		}
		if err != nil {
			err = startError(cmd, err)
		}
	}
	p.copies.started(err)
	if err != nil {
		signal.Stop(p.signals)
		p.tty.close()
		return nil, err
	}
	go p.run(ctx)
	return p, nil
}

// startError names the command once, unlike the errors of package exec.
func startError(cmd *exec.Cmd, err error) error {
	if cmd.Args[0] == "" {
		return errors.New("running a command: its name is empty: give the name of a program")
	}
	var lookup *exec.Error
	var path *fs.PathError
	switch {
	case errors.As(err, &lookup):
		err = lookup.Err
	case errors.As(err, &path):
		err = path.Err
	}
	return fmt.Errorf("running %s: %w", cmd.Args[0], err)
}

// Done returns a channel that is closed when the command and its group have ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits until the command and its group have ended.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// pollEvery is how often the group is checked after the command has ended.
const pollEvery = 10 * time.Millisecond

// run forwards signals until the group has ended.
func (p *Process) run(ctx context.Context) {
	defer close(p.done)
	exited := make(chan error, 1)
	go func() { exited <- p.cmd.Wait() }()
	stop := ctx.Done()
	if p.o.Foreground {
		stop = nil
	}
	var kill, giveUp, poll <-chan time.Time
	ending := false
	end := func() {
		p.terminate()
		if !ending {
			ending, kill = true, time.After(p.o.Grace)
		}
	}
	for running := true; running; {
		select {
		case p.err = <-exited:
			exited = nil
			p.tty.takeBack(p.cmd.Process.Pid)
			if running = (ending || !p.o.Leave) && p.alive(); running {
				end()
				tick := time.NewTicker(pollEvery)
				defer tick.Stop()
				poll = tick.C
			}
		case <-poll:
			running = p.alive()
		case <-stop:
			stop = nil
			end()
		case <-kill:
			p.kill()
			giveUp = time.After(p.o.Grace)
		case <-giveUp: // the kernel does not end a process that waits for a broken disk
			running = exited != nil
		case s := <-p.signals:
			p.received(s)
		}
	}
	signal.Stop(p.signals)
	p.tty.close()
	p.copies.finish(p.o.Grace)
}

// copies connects the standard streams of a command that are not files. Unlike package
// exec, it lets the caller end the group before the streams have ended.
type copies struct {
	child   []*os.File // the command's ends
	readers []*os.File // our ends of its outputs
	input   *os.File   // our end of its input
	running sync.WaitGroup
	begin   []func()
}

func (c *copies) connect(cmd *exec.Cmd) error {
	if _, file := cmd.Stdin.(*os.File); cmd.Stdin != nil && !file {
		from := cmd.Stdin
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		cmd.Stdin, c.child, c.input = r, append(c.child, r), w
		c.begin = append(c.begin, func() {
			go func() {
				_, _ = io.Copy(w, from) // it ends early if the command does not read
				w.Close()
			}()
		})
	}
	for _, stream := range []*io.Writer{&cmd.Stdout, &cmd.Stderr} {
		if _, file := (*stream).(*os.File); *stream == nil || file {
			continue
		}
		to := *stream
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		*stream, c.child, c.readers = w, append(c.child, w), append(c.readers, r)
		c.begin = append(c.begin, func() {
			c.running.Go(func() {
				_, _ = io.Copy(to, r)
				r.Close()
			})
		})
	}
	return nil
}

// started closes the command's ends, and begins to copy unless the start failed.
func (c *copies) started(err error) {
	for _, f := range c.child {
		f.Close()
	}
	if err == nil {
		for _, begin := range c.begin {
			begin()
		}
		return
	}
	for _, f := range c.readers {
		f.Close()
	}
	if c.input != nil {
		c.input.Close()
	}
}

// finish waits until the outputs have ended. A process that has left the group may keep
// them open: they are closed after a time.
func (c *copies) finish(wait time.Duration) {
	if c.input != nil {
		c.input.Close()
	}
	ended := make(chan struct{})
	go func() {
		c.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(wait):
		for _, f := range c.readers {
			f.Close()
		}
		<-ended
	}
}

// The exit codes of a shell for commands that it cannot start, and the code that it adds
// to the number of a signal.
const (
	codeNotExecutable = 126
	codeNotFound      = 127
	codeSignal        = 128
)

// ExitCode returns the exit code by which a shell would report how a command has ended.
// err is the error of [Run] or [Start] for cmd. A command that was ended by signal N has
// the code 128+N, one that cannot be found 127, and one that cannot be executed 126.
func ExitCode(cmd *exec.Cmd, err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if code := exit.ExitCode(); code >= 0 {
			return code
		}
		return codeSignal + signalOf(exit.ProcessState)
	case missing(cmd, err):
		return codeNotFound
	}
	return codeNotExecutable
}

// missing reports whether a command failed to start because the file does not exist.
func missing(cmd *exec.Cmd, err error) bool {
	name := cmd.Args[0]
	if name == "" {
		return true
	}
	if !errors.Is(err, exec.ErrNotFound) {
		return errors.Is(err, fs.ErrNotExist) // it, or the interpreter of a script
	}
	path := ""
	for _, variable := range cmd.Environ() {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			path = value
		}
	}
	for _, dir := range filepath.SplitList(path) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.IsDir() {
			return false // package exec skips files that cannot be executed
		}
	}
	return true
}
