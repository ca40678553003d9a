// SPDX-License-Identifier: Apache-2.0

package pgtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is the time allowed for the server to start or to stop on a busy machine.
const patience = 5 * time.Minute

// process is a running server.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

// Stop shuts the server down. It closes open connections and refuses new ones. It does
// nothing if the server is not running.
func (s *Server) Stop(t testing.TB) { s.end(t, syscall.SIGINT) }

// Kill kills the server with all of its processes, like a loss of power. Without their
// server, those processes would continue to answer their clients for a while. Kill does
// nothing if the server is not running.
func (s *Server) Kill(t testing.TB) { s.end(t, syscall.SIGKILL) }

// Restart starts the server on the same port and with the same data. It stops a running
// server first.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop(t)
	// After Kill, orphaned processes hold the shared memory for a while.
	deadline := time.Now().Add(patience)
	for {
		err := s.run()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *Server) end(t testing.TB, signal os.Signal) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return
	}
	if signal == syscall.SIGKILL {
		s.proc.killChildren()
	}
	if err := s.proc.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	select {
	case <-s.proc.done:
		s.proc = nil
	case <-time.After(patience):
		t.Fatalf("the server in %s did not end within %v", s.dir, patience)
	}
}

// run starts the server and waits until it accepts connections.
func (s *Server) run() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := s.command("postgres", "-D", s.data(), "-p", strconv.Itoa(s.port), "-k", s.dir,
		"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", "-c", "fsync="+s.fsync)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.done)
	}()
	deadline := time.After(patience)
	for {
		select {
		case <-p.done:
			return s.failed("has ended")
		case <-deadline:
			_ = cmd.Process.Kill()
			<-p.done
			return s.failed(fmt.Sprintf("is not ready after %v", patience))
		case <-time.After(20 * time.Millisecond):
		}
		if s.ready(cmd.Process.Pid) {
			s.proc = p
			return nil
		}
	}
}

// ready reports whether the server's lock file shows that it accepts connections. The
// first line is its process number, and the eighth its state.
func (s *Server) ready(pid int) bool {
	lock, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(lock), "\n")
	return len(lines) > 7 && lines[0] == strconv.Itoa(pid) && strings.TrimSpace(lines[7]) == "ready"
}

func (s *Server) failed(what string) error {
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return fmt.Errorf("postgres in %s %s:\n%s", s.dir, what, log)
}

// remove stops the server and removes its folder, through the watch.
func (s *Server) remove() {
	_ = s.watch.Close()
}

// watchScript waits for the end of its input. The input ends with the test binary, even
// if that is killed. The script then stops the server, waits for its end for a while,
// and removes the folder. A server that the script cannot find yet ends by itself when
// its folder disappears.
const watchScript = `
cat >/dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && [ -n "$pid" ] && {
	kill -QUIT "$pid"
	for i in $(seq 100); do
		[ -e "$1/data/postmaster.pid" ] || break
		sleep 0.05
	done
}
rm -rf "$1"
`

// watch starts the watch over a folder. Closing the returned value makes it do its
// work, and waits for it.
func watch(dir string) (io.Closer, error) {
	cmd := exec.Command("/bin/sh", "-c", watchScript, "watch", dir)
	cmd.Dir = "/"
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return watcher{in, cmd}, nil
}

type watcher struct {
	in  io.Closer
	cmd *exec.Cmd
}

func (w watcher) Close() error {
	if err := w.in.Close(); err != nil {
		return err
	}
	return w.cmd.Wait()
}
