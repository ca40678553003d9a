// SPDX-License-Identifier: Apache-2.0

package procgroup_test

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// session is an interactive shell on a terminal.
type session struct {
	t    *testing.T
	tty  *os.File
	mu   sync.Mutex
	text string
}

func newSession(t *testing.T) *session {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("the test needs bash")
	}
	cmd := exec.Command(bash, "--norc", "--noprofile", "-i")
	cmd.Env = append(os.Environ(), "PROCGROUP_WRAPPER=1", "W="+os.Args[0], "PS1=prompt> ", "TERM=dumb", "HISTFILE=")
	tty, err := pty.Start(cmd)
	require.NoError(t, err)
	s := &session{t: t, tty: tty}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b := make([]byte, 4096)
		for {
			n, err := tty.Read(b)
			s.mu.Lock()
			s.text += string(b[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		tty.Close()
		<-ended
	})
	s.wait("prompt> ")
	return s
}

func (s *session) send(text string) {
	_, err := io.WriteString(s.tty, text)
	require.NoError(s.t, err)
}

// wait waits for a text, and forgets the output up to its end.
func (s *session) wait(want string) {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		s.mu.Lock()
		i := strings.Index(s.text, want)
		if i >= 0 {
			s.text = s.text[i+len(want):]
		}
		text := s.text
		s.mu.Unlock()
		if i >= 0 {
			return
		}
		require.True(s.t, time.Now().Before(end), "waiting for %q: %q", want, text)
	}
}

// stopped waits until the job in the background has stopped. bash shows that only when
// it is asked.
func (s *session) stopped() {
	s.send("until jobs | grep -q Stopped; do sleep 0.01; done; echo sto''pped\n")
	s.wait("stopped")
}

// TestTerminal runs commands from an interactive shell. They must behave as they do
// without the wrapper.
func TestTerminal(t *testing.T) {
	read := `$W sh -c 'echo rea''dy; read x; echo "got <$x>"'` + "\n"

	t.Run("a command reads the terminal", func(t *testing.T) {
		s := newSession(t)
		s.send(read)
		s.wait("ready")
		s.send("hello\n")
		s.wait("got <hello>")
		s.wait("prompt> ")
		s.send("echo al''ive\n")
		s.wait("alive")
	})
	t.Run("Ctrl-C", func(t *testing.T) {
		s := newSession(t)
		s.send(read)
		s.wait("ready")
		s.send("\x03")
		s.wait("prompt> ")
		s.send("echo co''de $?\n")
		s.wait("code 130")
	})
	t.Run("Ctrl-Z, bg and fg", func(t *testing.T) {
		s := newSession(t)
		s.send(read)
		s.wait("ready")
		s.send("\x1a")
		s.wait("Stopped")
		s.wait("prompt> ")
		s.send("bg\n")
		s.stopped() // the command reads the terminal
		s.send("fg\n")
		s.wait("$W sh -c") // bash prints the command
		s.send("hello\n")
		s.wait("got <hello>")
		s.wait("prompt> ")
	})
	t.Run("in a script", func(t *testing.T) {
		s := newSession(t)
		s.send(`sh -c '$W sh -c "echo rea""dy; read x; echo got \$x"; echo code $?'` + "\n")
		s.wait("ready")
		s.send("\x1a")
		s.wait("Stopped")
		s.wait("prompt> ")
		s.send("fg\n")
		s.wait("$W sh -c")
		s.send("hello\n")
		s.wait("got hello")
		s.wait("code 0")
		s.wait("prompt> ")
	})
	t.Run("in the background", func(t *testing.T) {
		s := newSession(t)
		s.send(read[:len(read)-1] + " &\n")
		s.wait("ready")
		s.stopped() // because it reads
		// fg fails with 1 if the job has ended by then.
		s.send("kill %1; fg; code=$?; [ $code != 1 ] || { wait %1; code=$?; }; echo co''de $code\n")
		s.wait("code 143")
		s.wait("prompt> ")
	})
}
