// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"fmt"
	"net"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// wildcardConn is a socket on all addresses of a machine. It answers from the address
// to which the request was sent. Otherwise the system would choose the source address
// by the route to the client, and the client would drop the answer.
type wildcardConn struct {
	*net.UDPConn
	oob []byte // for ReadFrom, which is called by one goroutine
}

// wildcardAddr is the address of a client and the address to which it sent its packet.
type wildcardAddr struct {
	*net.UDPAddr
	asked net.IP // nil if the system did not report it
}

// wrapWildcard returns conn, or a wildcardConn if conn listens on all addresses.
func wrapWildcard(conn net.PacketConn) (net.PacketConn, error) {
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return conn, nil
	}
	at, ok := udp.LocalAddr().(*net.UDPAddr)
	if !ok || !at.IP.IsUnspecified() {
		return conn, nil
	}
	// A socket of IPv6 may also receive IPv4, and some systems need both options then.
	err4 := ipv4.NewPacketConn(udp).SetControlMessage(ipv4.FlagDst, true)
	err6 := ipv6.NewPacketConn(udp).SetControlMessage(ipv6.FlagDst, true)
	err := err6
	if at.IP.To4() != nil {
		err = err4
	}
	if err != nil {
		return nil, fmt.Errorf("listening on all addresses (%v): this system does not report the address to which a packet was sent: "+
			"listen on one address: %w", at, err)
	}
	const room = 256 // for both control messages
	return &wildcardConn{udp, make([]byte, room)}, nil
}

// ReadFrom reads a packet. The address that it returns is for WriteTo.
func (c *wildcardConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, oobn, _, from, err := c.ReadMsgUDP(b, c.oob)
	if err != nil {
		return n, nil, err
	}
	return n, &wildcardAddr{from, askedAddress(c.oob[:oobn])}, nil
}

// WriteTo writes a packet to an address that ReadFrom returned.
func (c *wildcardConn) WriteTo(b []byte, to net.Addr) (int, error) {
	w, ok := to.(*wildcardAddr)
	if !ok || w.asked == nil {
		return c.UDPConn.WriteTo(b, to)
	}
	n, _, err := c.WriteMsgUDP(b, sourceMessage(w.asked), w.UDPAddr)
	return n, err
}

// askedAddress reads the destination address of a packet.
func askedAddress(oob []byte) net.IP {
	var v6 ipv6.ControlMessage
	if v6.Parse(oob) == nil && v6.Dst != nil {
		return v6.Dst
	}
	var v4 ipv4.ControlMessage
	if v4.Parse(oob) == nil {
		return v4.Dst
	}
	return nil
}

// sourceMessage returns the control message that sets the source address of a packet.
func sourceMessage(source net.IP) []byte {
	if source.To4() != nil {
		return (&ipv4.ControlMessage{Src: source}).Marshal()
	}
	return (&ipv6.ControlMessage{Src: source}).Marshal()
}
