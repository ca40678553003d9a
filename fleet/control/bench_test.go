// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/fleet/control"
	"github.com/d204ef64/fob/virtual"
)

const benchClients = 16

// bare is a connection on which a prepared request is sent again and again. It costs the
// machine little beside the server that is measured.
type bare struct {
	net.Conn
	r       *bufio.Reader
	request string
}

func (b *bare) do() error {
	if _, err := io.WriteString(b.Conn, b.request); err != nil {
		return err
	}
	length := 0
	for first := true; ; first = false {
		line, err := b.r.ReadString('\n')
		if err != nil {
			return err
		}
		if first && !strings.HasPrefix(line, "HTTP/1.1 200 ") {
			return errors.New(line)
		}
		if n, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			if length, err = strconv.Atoi(strings.TrimSpace(n)); err != nil {
				return err
			}
		}
		if line == "\r\n" {
			_, err = b.r.Discard(length)
			return err
		}
	}
}

// bareClients connects to a server on loopback with many tokens.
func bareClients(b *testing.B, c virtual.Config) []*bare {
	b.Helper()
	w, err := virtual.NewWorld(c)
	require.NoError(b, err)
	f, err := fleet.New(w, fleet.Config{Lots: []fleet.Lot{{Count: 1000, Ready: true}}})
	require.NoError(b, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	server := &http.Server{Handler: control.New(f, control.Options{Key: key}), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- f.Serve(ctx) }()
	b.Cleanup(func() {
		server.Close()
		stop()
		require.NoError(b, <-served)
	})
	var clients []*bare
	for m := range f.All(0) {
		serial, _ := m.Token.BackLabel()
		conn, err := net.Dial("tcp", l.Addr().String())
		require.NoError(b, err)
		b.Cleanup(func() { conn.Close() })
		clients = append(clients, &bare{conn, bufio.NewReader(conn), "GET /v1/tokens/" + serial.String() + "/code HTTP/1.1\r\nHost: " +
			l.Addr().String() + "\r\nAuthorization: Bearer " + key + "\r\n\r\n"})
		if len(clients) == benchClients {
			break
		}
	}
	return clients
}

// BenchmarkCode reads codes over loopback as fast as the server answers:
//
//	go test -run=^$ -bench=BenchmarkCode$ -benchtime=5s ./fleet/control
func BenchmarkCode(b *testing.B) {
	clients := bareClients(b, virtual.Config{Seed: 7, Mode: virtual.Real})
	var wait sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for i, c := range clients {
		wait.Go(func() {
			for n := i; n < b.N; n += len(clients) {
				if err := c.do(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "codes/s")
}

// BenchmarkCodeLatency sends 7,500 requests a second, on a schedule that does not wait
// for answers, and reports the time from when a request was due to its answer:
//
//	go test -run=^$ -bench=BenchmarkCodeLatency -benchtime=50000x ./fleet/control
func BenchmarkCodeLatency(b *testing.B) {
	const rate = 7500
	clients := bareClients(b, virtual.Config{Seed: 7, Mode: virtual.Real})
	took := make([]time.Duration, b.N)
	due := make(chan int, b.N)
	start := time.Now()
	at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Second / rate) }
	var wait sync.WaitGroup
	for _, c := range clients {
		wait.Go(func() {
			for n := range due {
				if err := c.do(); err != nil {
					b.Error(err)
					return
				}
				took[n] = time.Since(at(n))
			}
		})
	}
	for n := range b.N {
		if wait := time.Until(at(n)); wait > 0 {
			time.Sleep(wait)
		}
		due <- n
	}
	close(due)
	wait.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "codes/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
