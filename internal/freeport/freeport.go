// SPDX-License-Identifier: Apache-2.0

// Package freeport finds a free TCP port, for servers that stop and start again on the
// same port.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Find returns a TCP port of 127.0.0.1 on which nothing listens. For programs that listen
// on any port, systems choose one of 32768 and more: none of those programs gets this one
// in between.
func Find() (int, error) {
	var err error
	for range 100 {
		port := 10_000 + rand.IntN(20_000)
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("finding a free port: %w", err)
}
