// SPDX-License-Identifier: Apache-2.0

package printer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

// cupsPrinter is a queue of a CUPS server. It uses the programs lp and lpstat, which read
// the configuration of the computer: its server, certificates and accounts.
type cupsPrinter struct {
	address string
	queue   string
	server  []string // -h HOST:PORT, or nothing

	printLimit   time.Duration
	checkLimit   time.Duration
	pollInterval time.Duration

	mu sync.Mutex
}

var _ Printer = (*cupsPrinter)(nil)

var (
	queueName  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,126}$`)
	serverName = regexp.MustCompile(`^[A-Za-z0-9_[][A-Za-z0-9_.:[\]-]*$`)
	requestID  = regexp.MustCompile(`request id is (\S+-[0-9]+) `)
)

func openCUPS(address, rest string) (*cupsPrinter, error) {
	queue, host, remote := strings.Cut(rest, "@")
	p := &cupsPrinter{address: address, queue: queue, printLimit: 2 * time.Minute, checkLimit: 30 * time.Second, pollInterval: 200 * time.Millisecond}
	if !queueName.MatchString(queue) || remote && !serverName.MatchString(host) {
		return nil, fmt.Errorf("%w %q: want cups:QUEUE or cups:QUEUE@HOST:PORT", ErrAddress, address)
	}
	if remote {
		p.server = []string{"-h", host}
	}
	return p, nil
}

func (p *cupsPrinter) String() string { return p.address }

// Print puts a job into the queue and waits until it has left it. ZPL is sent to the
// printer unchanged (raw). Nothing is sent to a queue that is disabled.
//
// The queue must not have the error policy abort-job: a job that CUPS has given up
// leaves the queue like one that was printed. The others, retry-job and stop-printer,
// keep it.
func (p *cupsPrinter) Print(ctx context.Context, job Job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := job.validate(); err != nil {
		return failure(p, job, false, err)
	}
	limited, cancel := context.WithTimeout(ctx, p.printLimit)
	defer cancel()
	sent, err := p.send(limited, job)
	switch {
	case err != nil && ctx.Err() != nil:
		err = ctx.Err()
	case err != nil && limited.Err() != nil:
		err = fmt.Errorf("%w: it did not finish in %v", ErrNotReady, p.printLimit)
	}
	if err != nil {
		return failure(p, job, sent, err)
	}
	return nil
}

// Check implements [Printer]. The queue must exist and be enabled.
func (p *cupsPrinter) Check(ctx context.Context, _ Format) error {
	limited, cancel := context.WithTimeout(ctx, p.checkLimit)
	defer cancel()
	err := p.checkEnabled(limited)
	switch {
	case err != nil && ctx.Err() != nil:
		err = ctx.Err()
	case err != nil && limited.Err() != nil:
		err = fmt.Errorf("%w: it did not answer in %v", ErrUnreachable, p.checkLimit)
	}
	return unfit(p, err)
}

func (p *cupsPrinter) send(ctx context.Context, job Job) (sent bool, err error) {
	if err := p.checkEnabled(ctx); err != nil {
		return false, err
	}
	args := []string{"-d", p.queue, "-t", job.Name}
	if job.Format == ZPL {
		args = append(args, "-o", "raw")
	}
	out, err := p.run(ctx, "lp", job.Data, args...)
	if err != nil {
		// lp may have been stopped after the server had the job.
		return ctx.Err() != nil, err
	}
	id := requestID.FindStringSubmatch(out)
	if id == nil {
		return true, fmt.Errorf("%w: unknown answer of lp: %q", ErrFailed, out)
	}
	for {
		queued, err := p.run(ctx, "lpstat", nil, "-W", "not-completed", "-o", p.queue)
		if err != nil {
			return true, err
		}
		if !strings.Contains(queued, id[1]+" ") {
			return true, nil
		}
		if err := p.checkEnabled(ctx); err != nil {
			return true, fmt.Errorf("%w: job %s waits in the queue: mend the printer and enable the queue, or cancel the job with: cancel %[2]s", err, id[1])
		}
		select {
		case <-ctx.Done():
			return true, ctx.Err()
		case <-time.After(p.pollInterval):
		}
	}
}

// checkEnabled returns an error if the queue is disabled. lpstat prints "printer NAME
// disabled since DATE -", and the reason in the next line.
func (p *cupsPrinter) checkEnabled(ctx context.Context) error {
	out, err := p.run(ctx, "lpstat", nil, "-p", p.queue)
	if err != nil {
		return err
	}
	first, rest, _ := strings.Cut(out, "\n")
	if !strings.HasPrefix(first, "printer "+p.queue+" disabled") {
		return nil
	}
	reason := strings.Join(strings.Fields(rest), " ")
	if reason == "" {
		reason = "no reason is given"
	}
	return fmt.Errorf("%w: the queue is disabled (%s)", ErrNotReady, reason)
}

// running reports whether the server answers.
func (p *cupsPrinter) running(ctx context.Context) bool {
	out, err := p.run(ctx, "lpstat", nil, "-r")
	return err == nil && strings.HasPrefix(out, "scheduler is running")
}

// run runs a program of CUPS with English messages.
func (p *cupsPrinter) run(ctx context.Context, name string, input []byte, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, append(p.server[:len(p.server):len(p.server)], args...)...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	cmd.Stdin = bytes.NewReader(input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	message := strings.TrimSpace(stderr.String())
	switch {
	case err == nil:
		return stdout.String(), nil
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("%w: the program %s is missing: install the package cups-client", ErrUnreachable, name)
	case name != "lpstat" || !strings.Contains(message, "Invalid destination name"):
	case !p.running(ctx): // lpstat gives the same error
		return "", fmt.Errorf("%w: the CUPS server is not running", ErrUnreachable)
	default:
		return "", fmt.Errorf("%w: the server has no queue %s: lpstat -e lists its queues", ErrAddress, p.queue)
	}
	if strings.Contains(message, "not accepting") {
		return "", fmt.Errorf("%w: the queue rejects jobs: enable it with: cupsaccept %s", ErrNotReady, p.queue)
	}
	return "", fmt.Errorf("%w: %s: %w: %s", ErrUnreachable, name, err, message)
}
