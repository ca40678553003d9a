// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"net"

	"github.com/d204ef64/fob/validator/radius"
)

// RADIUS returns the interface of a RADIUS server that listens on the given address. On
// a reload, clients returns the new list of RADIUS clients; if it is nil, the clients
// do not change.
func RADIUS(s *radius.Server, listen string, clients func() ([]radius.Client, error)) Packets {
	p := Packets{Name: "RADIUS", Listen: listen}
	if clients != nil {
		p.Reload = func() error {
			all, err := clients()
			if err != nil {
				return err
			}
			return s.SetClients(all)
		}
	}
	p.Serve = func(ctx context.Context, conn net.PacketConn) error {
		stopped := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(stopped)
			patience, end := context.WithTimeout(context.Background(), DefaultPatience)
			defer end()
			_ = s.Shutdown(patience) // requests that it abandons get no answer
		})
		err := s.Serve(conn)
		if !stop() {
			<-stopped
		}
		if errors.Is(err, radius.ErrServerClosed) {
			return nil
		}
		return err
	}
	return p
}
