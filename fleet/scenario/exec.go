// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"strings"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/procgroup"
)

type execStep struct {
	Run     []string `yaml:"run" doc:"the command and its arguments, without a shell; ${fob} is fob itself. It runs in a temporary folder, ${dir}, with each variable in its environment: ${alice.serial} is FOB_ALICE_SERIAL" required:"true"`
	Stdin   string   `yaml:"stdin" doc:"text for its standard input"`
	Exit    int      `yaml:"exit" doc:"exit code; 0 by default" min:"0" max:"255"`
	Fails   bool     `yaml:"fails" doc:"any exit code but 0"`
	Stdout  string   `yaml:"stdout" doc:"regular expression (RE2) for its output; its named groups become variables" format:"regex"`
	Stderr  string   `yaml:"stderr" doc:"the same for its standard error" format:"regex"`
	Timeout string   `yaml:"timeout" doc:"by this machine's clock; two minutes by default. Then the command and the processes that it has started are ended"`

	Background bool `yaml:"background" doc:"continue with the next step when a line of its output matches stdout; the command is ended after the last step"`
}

func (s *execStep) check(c *checker) error {
	c.outside(s.Background)
	names := cmp.Or(c.texts(append([]string{s.Stdin}, s.Run...)...), c.pattern("stdout", s.Stdout), c.pattern("stderr", s.Stderr))
	return cmp.Or(s.checkFields(), names)
}

// checkFields checks the fields apart from variables and patterns.
func (s *execStep) checkFields() error {
	if len(s.Run) == 0 || s.Run[0] == "" {
		return errors.New("run: the command is missing: give a list, such as [sh, -c, 'echo $FOB_CODE']")
	}
	if s.Exit < 0 || s.Exit > 255 {
		return fmt.Errorf("exit: %d, want 0 to 255", s.Exit)
	}
	if s.Exit != 0 && s.Fails {
		return errors.New("give exit or fails")
	}
	if s.Background && (s.Exit != 0 || s.Fails || s.Stderr != "") {
		return errors.New("background cannot be combined with exit, fails or stderr")
	}
	if s.Background && s.Stdout == "" {
		return errors.New("background needs stdout: the line by which the command shows that it is ready")
	}
	_, err := period("timeout", s.Timeout, 0, time.Millisecond, 24*time.Hour)
	return err
}

// command returns the command of the step.
func (s *execStep) command(r *runner) *exec.Cmd {
	var args []string
	for _, a := range s.Run {
		args = append(args, r.expand(a))
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = r.dir
	cmd.Env = append(append([]string(nil), r.Environment...), r.environment()...)
	cmd.Env = append(cmd.Env, "FOB_URL="+r.Fleet.URL, "FOB_API_KEY="+r.Fleet.Key)
	cmd.Stdin = strings.NewReader(r.expand(s.Stdin))
	return cmd
}

// How long the processes of a command may take to end after SIGTERM. A server in the
// background may have work to finish.
const (
	grace           = 2 * time.Second
	backgroundGrace = 10 * time.Second
)

func (s *execStep) run(r *runner) error {
	timeout, _ := period("timeout", s.Timeout, 2*time.Minute, 0, 24*time.Hour)
	if s.Background {
		return s.start(r, timeout)
	}
	ctx, cancel := context.WithTimeout(r.ctx, timeout)
	defer cancel()
	cmd := s.command(r)
	before := maps.Clone(r.log.hosts)
	var stdout, stderr procgroup.Output
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := procgroup.Run(ctx, cmd, procgroup.Options{Grace: grace})
	var exit *exec.ExitError
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case ctx.Err() != nil:
		return unmet(fmt.Sprintf("%s to end within %s", s.Run[0], fleet.FormatPeriod(timeout)), "it still runs%s%s", r.shown("stdout", &stdout), r.shown("stderr", &stderr))
	case err != nil && !errors.As(err, &exit):
		return err
	}
	if err := r.log.left(r, before); err != nil {
		return err
	}
	code := procgroup.ExitCode(cmd, err)
	if s.Fails && code == 0 {
		return unmet("the command to fail", "its exit code is 0%s", r.shown("stdout", &stdout))
	}
	if !s.Fails && code != s.Exit {
		return unmet(fmt.Sprintf("exit code %d", s.Exit), "it is %d%s%s", code, r.shown("stderr", &stderr), r.shown("stdout", &stdout))
	}
	for _, o := range []struct {
		name, want string
		got        *procgroup.Output
	}{{"stdout", s.Stdout, &stdout}, {"stderr", s.Stderr, &stderr}} {
		if o.want == "" {
			continue
		}
		re, err := r.compile(o.want)
		if err != nil {
			return err
		}
		if !r.match(re, o.got.String()) {
			return unmet(fmt.Sprintf("%s that matches %q", o.name, o.want), "it is %s", shorten(r.mask(o.got.String())))
		}
	}
	return nil
}

// shorten quotes a text for a failure, or its end if it is long.
func shorten(text string) string {
	const most = 2000
	if text == "" {
		return "empty"
	}
	if len(text) > most {
		return fmt.Sprintf("…%q", text[len(text)-most:])
	}
	return fmt.Sprintf("%q", text)
}

// start runs the command in the background until it is ready.
func (s *execStep) start(r *runner, timeout time.Duration) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.ctx))
	p := &process{name: s.Run[0], cmd: s.command(r), cancel: cancel}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	re, err := r.compile(s.Stdout)
	if err != nil {
		cancel()
		return err
	}
	if p.Process, err = procgroup.Start(ctx, p.cmd, procgroup.Options{Grace: backgroundGrace}); err != nil {
		cancel()
		return err
	}
	r.procs = append(r.procs, p)
	end := time.After(timeout)
	for {
		changed := p.stdout.More()
		if r.match(re, p.stdout.String()) {
			return nil
		}
		want := fmt.Sprintf("output that matches %q", s.Stdout)
		select {
		case <-changed:
		case <-p.Done():
			if r.match(re, p.stdout.String()) {
				return nil
			}
			return unmet(want, "the command ended (%s)%s%s", p.cmd.ProcessState, r.shown("stderr", &p.stderr), r.shown("stdout", &p.stdout))
		case <-end:
			return unmet(want+" within "+fleet.FormatPeriod(timeout), "there is none%s%s", r.shown("stdout", &p.stdout), r.shown("stderr", &p.stderr))
		case <-r.ctx.Done():
			return r.ctx.Err()
		}
	}
}
