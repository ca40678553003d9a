// SPDX-License-Identifier: Apache-2.0

package printer

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/tooltest"
)

// backend is a printer of CUPS. It writes each job to a file, or fails. It ends with the test,
// which removes its folder.
const backend = `#!/bin/sh
[ $# -gt 0 ] || { echo 'direct capture "Unknown" "capture"'; exit 0; }
case $DEVICE_URI in
*/fails) echo 'ERROR: head open' >&2; exit 1 ;;
*/slow) while [ -d %[1]s ] && [ ! -e %[1]s/go ]; do sleep 0.05; done ;;
esac
cat "${6:--}" >"%[1]s/part-$1" && mv "%[1]s/part-$1" "%[1]s/$3"
`

const cupsFiles = `ServerRoot %[1]s/root
ServerBin %[1]s/bin
RequestRoot %[1]s/spool
TempDir %[1]s/spool/tmp
CacheDir %[1]s/cache
StateDir %[1]s/state
AccessLog %[1]s/access_log
ErrorLog %[1]s/error_log
PageLog %[1]s/page_log
SystemGroup root
`

const cupsConf = `Listen %s
Browsing Off
DefaultAuthType None
<Location />
Allow all
</Location>
<Policy default>
<Limit All>
Allow all
</Limit>
</Policy>
`

// startCUPS starts a real CUPS server with its own folders and queues. It returns its
// address, and the folder of printed jobs.
func startCUPS(t *testing.T) (address, out string) {
	t.Helper()
	cupsd := tooltest.Find(t, "cupsd")
	tooltest.Find(t, "lp")
	helper := tooltest.File(t, "cups-exec", "/usr/lib/cups/daemon/cups-exec", "/usr/libexec/cups/daemon/cups-exec")
	// The server's folders must be open to its user lp, and t.TempDir is not.
	dir, err := os.MkdirTemp("", "cups")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, d := range []string{"", "root", "bin", "bin/backend", "bin/filter", "spool", "spool/tmp", "cache", "state", "out"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, d), 0o755))
		require.NoError(t, os.Chmod(filepath.Join(dir, d), 0o755))
	}
	out = filepath.Join(dir, "out")
	require.NoError(t, os.Chmod(out, 0o777))
	require.NoError(t, os.Symlink(filepath.Dir(helper), filepath.Join(dir, "bin/daemon")))
	address = tooltest.FreeAddress(t)

	write := func(name, text string, mode os.FileMode) {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), mode))
		require.NoError(t, os.Chmod(file, mode))
	}
	write("bin/backend/capture", fmt.Sprintf(backend, out), 0o755)
	write("root/cups-files.conf", fmt.Sprintf(cupsFiles, dir), 0o644)
	write("root/cupsd.conf", fmt.Sprintf(cupsConf, address), 0o644)
	queues := ""
	for _, q := range []struct{ name, state string }{
		{"good", "State Idle\nAccepting Yes"},
		{"slow", "State Idle\nAccepting Yes"},
		{"fails", "State Idle\nAccepting Yes\nErrorPolicy stop-printer"},
		{"off", "State Stopped\nStateMessage Paper jam\nAccepting Yes"},
		{"rejects", "State Idle\nAccepting No"},
	} {
		queues += fmt.Sprintf("<Printer %s>\nDeviceURI capture:/%[1]s\n%s\n</Printer>\n", q.name, q.state)
	}
	write("root/printers.conf", queues, 0o600)

	cmd := exec.Command(cupsd, "-f", "-c", filepath.Join(dir, "root/cupsd.conf"), "-s", filepath.Join(dir, "root/cups-files.conf"))
	log, err := os.Create(filepath.Join(t.TempDir(), "cupsd"))
	require.NoError(t, err)
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
	})
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return address, out
		}
		select {
		case err := <-exited:
			exited <- err
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("cupsd ended: %v: %s", err, text)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// TestCUPS prints with a real CUPS server.
func TestCUPS(t *testing.T) {
	address, out := startCUPS(t)
	queue := func(name string) *cupsPrinter {
		p := open(t, "cups:"+name+"@"+address).(*cupsPrinter)
		p.printLimit = 5 * time.Minute
		return p
	}
	document := Job{Name: "labels", Format: PDF, Data: []byte("%PDF-1.3\n")}
	for _, job := range []Job{label, document} {
		require.NoError(t, queue("good").Print(context.Background(), job))
		data, err := os.ReadFile(filepath.Join(out, job.Name))
		require.NoError(t, err)
		require.Equal(t, job.Data, data)
		require.NoError(t, os.Remove(filepath.Join(out, job.Name)))
	}

	require.NoError(t, queue("good").Check(context.Background(), ZPL))
	require.ErrorIs(t, queue("off").Check(context.Background(), ZPL), ErrNotReady)
	require.ErrorIs(t, queue("none").Check(context.Background(), PDF), ErrAddress)
	requireError(t, queue("off").Print(context.Background(), label), ErrNotReady, false, "the queue is disabled (Paper jam)")
	requireError(t, queue("rejects").Print(context.Background(), label), ErrNotReady, false, "the queue rejects jobs")
	requireError(t, queue("none").Print(context.Background(), label), ErrAddress, false, "the server has no queue none")
	requireError(t, queue("fails").Print(context.Background(), label), ErrNotReady, true, "the queue is disabled (head open): job fails-")
	require.NoFileExists(t, filepath.Join(out, label.Name))

	// Print returns when the job has left the queue, not before.
	p := queue("slow")
	done := make(chan error, 1)
	go func() { done <- p.Print(context.Background(), label) }()
	for {
		text, err := p.run(context.Background(), "lpstat", nil, "-W", "not-completed", "-o", "slow")
		require.NoError(t, err)
		if text != "" {
			break
		}
	}
	require.Empty(t, done)
	require.NoError(t, os.WriteFile(filepath.Join(out, "go"), nil, 0o600))
	require.NoError(t, <-done)
	require.FileExists(t, filepath.Join(out, label.Name))

	require.NoError(t, os.Remove(filepath.Join(out, "go")))
	p.printLimit = 2 * time.Second // lp itself takes a part of it
	err := p.Print(context.Background(), label)
	require.ErrorIs(t, err, ErrNotReady)
	require.ErrorContains(t, err, "it did not finish in 2s")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	requireError(t, p.Print(ctx, label), context.Canceled, false, "context canceled")
	require.NoError(t, os.WriteFile(filepath.Join(out, "go"), nil, 0o600)) // ends the backend

	nowhere := tooltest.FreeAddress(t)
	requireError(t, open(t, "cups:good@"+nowhere).Print(context.Background(), label), ErrUnreachable, false, "the CUPS server is not running")
}

// TestNoCUPS runs without CUPS's programs.
func TestNoCUPS(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	requireError(t, open(t, "cups:q").Print(context.Background(), label), ErrUnreachable, false, "the program lpstat is missing: install the package cups-client")
}
