// SPDX-License-Identifier: Apache-2.0

//go:build unix

package load

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// answersEnv makes the test process the server of [BenchmarkShare].
const answersEnv = "FOB_TEST_LOAD_ANSWERS"

// TestAnswers is the server of [BenchmarkShare], in a process of its own: its processor
// time must not count. It ends with its standard input.
func TestAnswers(t *testing.T) {
	if os.Getenv(answersEnv) == "" {
		t.Skip("BenchmarkShare starts it")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	fmt.Println(l.Addr())
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"answer":"accepted"}`))
	})}
	go func() { _ = server.Serve(l) }()
	_, _ = os.Stdin.Read(make([]byte, 1))
	require.NoError(t, server.Close())
}

// processorTime returns the processor time that this process has used.
func processorTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkShare measures the share of the processor time of a load of 1,000 users that
// the computation of their codes takes.
func BenchmarkShare(b *testing.B) {
	const count = 1000
	cmd := exec.Command(os.Args[0], "-test.run=^TestAnswers$")
	cmd.Env = append(os.Environ(), answersEnv+"=1")
	stdin, err := cmd.StdinPipe()
	require.NoError(b, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	defer func() {
		stdin.Close()
		_ = cmd.Wait()
	}()
	address, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(b, err)
	target, err := Bank("http://"+strings.TrimSpace(address), "key")
	require.NoError(b, err)

	var all, codes time.Duration
	for b.Loop() {
		b.StopTimer()
		users := realUsers(b, 1, count)
		b.StartTimer()
		before := processorTime(b)
		r, err := Run(b.Context(), Options{Scenario: Steady, Users: users, Target: target, Duration: time.Second})
		all += processorTime(b) - before
		require.NoError(b, err)
		require.Equal(b, count, r.Accepted, r.Problems)

		const times = 10 // one computation of each code is too short to measure
		before = processorTime(b)
		for range times {
			for _, u := range users {
				_ = u.Code(time.Now())
			}
		}
		codes += (processorTime(b) - before) / times
	}
	share := 100 * codes.Seconds() / all.Seconds()
	require.Less(b, share, 5.0, "of %v are %v for codes", all, codes)
	b.ReportMetric(0, "ns/op") // the load lasts a second
	b.ReportMetric(share, "%-for-codes")
	b.ReportMetric(float64(b.N*count)/codes.Seconds(), "codes/cpu-s")
}
