// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"slices"
	"time"

	"github.com/d204ef64/fob/serialproto"
)

// Reader finds the messages of both directions in recorded bytes. The zero value is
// ready to use.
type Reader struct {
	// Last is the number of messages that are kept, the newest. 0 keeps all: an attacker
	// needs three bytes for a message of 300 bytes.
	Last int

	messages []Message // at most 2*Last
	left     int       // number of messages before them
	start    time.Time
	begun    bool
	sides    [2]half                // in the order of sides
	open     map[exchange]time.Time // requests without an answer: when they were sent
}

var sides = [2]Side{Host, Token}

// half is one direction of the line.
type half struct {
	in      serialproto.Deframer
	at      moment // of the last byte
	size    int    // bytes of the current packet on the wire
	line    int    // bytes of its current line
	outside noise  // not yet an entry
	last    byte   // fed
	start   byte   // of the current line
}

// moment is a time by the machine's clock and by the world's.
type moment struct{ at, world time.Time }

// exchange identifies a request and its answer.
type exchange struct {
	group   serialproto.Group
	seq     uint8
	command uint8
}

// noise is a run of bytes outside a line. Their content is not kept: after a byte is lost or
// damaged, a password may be among them.
type noise struct {
	at     moment // of the last byte
	size   int
	binary bool // not only ASCII text
}

// maxPause is the longest pause within a run of bytes outside a line.
const maxPause = time.Second

// Feed reads bytes that one side sent at a time by the machine's clock and by the
// world's, which may be zero. Bytes must come in the order of their times.
func (r *Reader) Feed(at, world time.Time, from Side, data []byte) {
	if !r.begun {
		r.start, r.begun = at, true
	}
	h := &r.sides[0]
	if from == Token {
		h = &r.sides[1]
	}
	uptime := at.Sub(r.start).Milliseconds()
	before := h.in.FramingErrors
	if h.in.Expire(uptime); h.in.FramingErrors != before {
		r.fault(from, h, before, false) // at the time of its last byte
	}
	if h.outside.size > 0 && at.Sub(h.outside.at.at) > maxPause {
		r.flush()
	}
	h.at = moment{at, world}
	for _, b := range data {
		r.feed(from, h, b, uptime)
	}
}

// feed reads one byte.
func (r *Reader) feed(from Side, h *half, b byte, uptime int64) {
	before, inside, last := h.in.FramingErrors, h.in.InLine(), h.last
	message := h.in.Feed(b, uptime)
	h.last = b
	now := h.in.InLine()
	switch started := isStart(last) && inside; {
	case !inside && !now:
		h.skip(b)
		return
	case !inside || started && now && isStart(b): // b begins a line
		if started {
			h.unread()
		}
		h.line, h.start = 0, b
	case started && now:
		r.flush() // not before: the first byte of a line may turn out to be noise
	case started: // neither last nor b belongs to a line
		h.unread()
		h.skip(b)
		return
	}
	h.size++
	h.line++
	if h.in.FramingErrors != before {
		if now { // b begins the next line
			h.line = 1
		}
		r.fault(from, h, before, now || message != nil || h.in.Partial())
	}
	if message != nil {
		r.message(from, h, message)
	}
}

// isStart reports whether a byte is the first of a line; see PROTOCOL.md, section 2.
func isStart(b byte) bool { return b == 0x06 || b == 0x04 }

// unread moves the last byte outside the line that it seemed to begin.
func (h *half) unread() {
	h.size--
	h.skip(h.start)
}

// skip notes a byte outside a line.
func (h *half) skip(b byte) {
	text := b >= ' ' && b <= '~' || b == '\n' || b == '\r' || b == '\t'
	h.outside = noise{h.at, h.outside.size + 1, h.outside.binary || !text}
}

// message returns the entry of a run of bytes outside a line.
func (n noise) message() Message {
	m := Message{Kind: Noise, Bytes: n.size, Text: count(n.size) + " of text, not shown"}
	if n.binary {
		m.Text = count(n.size) + ", not shown"
	}
	return m
}

// End returns the newest messages, at most Last, in the order in which they ended, and how
// many older ones are left out. A packet or line that is not complete is an error with the
// status "unfinished". More bytes may be fed afterwards.
func (r *Reader) End() (newest []Message, left int) {
	open := r.outside()
	for i, from := range sides {
		if h := &r.sides[i]; h.in.Partial() {
			open = append(open, h.at.stamp(from, Message{Kind: Error, Bytes: h.size, Status: "unfinished", Text: faultTexts["unfinished"]}))
		}
	}
	slices.SortStableFunc(open, earlier)
	over := 0
	if all := len(r.messages) + len(open); r.Last > 0 && all > r.Last {
		over = all - r.Last
	}
	kept := r.messages[min(over, len(r.messages)):]
	open = open[over-(len(r.messages)-len(kept)):]
	return append(append(make([]Message, 0, len(kept)+len(open)), kept...), open...), r.left + over
}

// stamp returns an entry with its sender and time.
func (t moment) stamp(from Side, m Message) Message {
	m.From, m.At = from, t.at.UTC()
	if !t.world.IsZero() {
		world := t.world.UTC()
		m.World = &world
	}
	return m
}

func earlier(a, b Message) int { return a.At.Compare(b.At) }

// add adds an entry with the time of the last byte, after the bytes outside a line that
// passed before it.
func (r *Reader) add(from Side, h *half, m Message) {
	r.flush()
	r.keep(h.at.stamp(from, m))
}

// flush adds the bytes outside a line of both sides.
func (r *Reader) flush() {
	for _, m := range r.outside() {
		r.keep(m)
	}
	r.sides[0].outside, r.sides[1].outside = noise{}, noise{}
}

// outside returns the entries of the bytes outside a line that are not yet added.
func (r *Reader) outside() (all []Message) {
	for i, from := range sides {
		if n := r.sides[i].outside; n.size > 0 {
			all = append(all, n.at.stamp(from, n.message()))
		}
	}
	slices.SortStableFunc(all, earlier)
	return all
}

// keep adds an entry. Only from time to time it drops those before the last ones.
func (r *Reader) keep(m Message) {
	if r.Last > 0 && len(r.messages) >= 2*r.Last {
		over := len(r.messages) - r.Last
		r.left += over
		r.messages = slices.Delete(r.messages, 0, over)
	}
	r.messages = append(r.messages, m)
}

// fault adds the framing errors by which the counters differ from before. There are two
// if a line cuts a packet off and is damaged itself. If the line is good, it remains.
func (r *Reader) fault(from Side, h *half, before serialproto.FramingErrors, good bool) {
	now := h.in.FramingErrors
	var all []string
	for _, c := range [...]struct {
		status string
		n      uint32
	}{
		{"size", now.Size - before.Size}, // first: it may be the packet before the line
		{"line", now.Line - before.Line},
		{"base64", now.Base64 - before.Base64},
		{"stray", now.Stray - before.Stray},
		{"crc", now.CRC - before.CRC},
		{"timeout", now.Timeout - before.Timeout},
	} {
		for range c.n {
			all = append(all, c.status)
		}
	}
	for i, status := range all {
		size := h.size
		if good || i < len(all)-1 {
			size -= h.line
		}
		r.discard(from, h, status, size)
	}
}

// discard adds a framing error of so many bytes.
func (r *Reader) discard(from Side, h *half, status string, size int) {
	r.add(from, h, Message{Kind: Error, Bytes: size, Status: status, Text: faultTexts[status]})
	h.size -= size
}

var faultTexts = map[string]string{
	"line":       "a line is too long, or cut off by the start of another line",
	"base64":     "a line is not base64",
	"stray":      "a continuation line without a first line",
	"size":       "a packet that does not match its length field, or is cut off by another packet",
	"crc":        "the checksum of a packet is wrong",
	"header":     "a message that this side cannot send, or whose body does not match its header",
	"timeout":    "a packet was not completed within 3 s",
	"unfinished": "a packet or line is not complete yet",
}

// message adds a message that arrived intact.
func (r *Reader) message(from Side, h *half, message []byte) {
	header, ok := serialproto.ParseHeader(message)
	body := message[serialproto.HeaderSize:]
	isRequest := header.Op == serialproto.OpRead || header.Op == serialproto.OpWrite
	isAnswer := header.Op == serialproto.OpReadResponse || header.Op == serialproto.OpWriteResponse
	if !ok || int(header.Length) != len(body) || from == Host && !isRequest || from == Token && !isAnswer {
		r.discard(from, h, "header", h.size)
		return
	}
	m := Message{Kind: Request, Bytes: h.size, Version: int(header.Version) + 1}
	h.size = 0
	m.Group, m.Command = number(int(header.Group)), number(int(header.Command))
	m.Seq, m.Length = number(int(header.Seq)), number(len(body))
	m.Operation = read
	if header.Op == serialproto.OpWrite || header.Op == serialproto.OpWriteResponse {
		m.Operation = write
	}
	m.Name = nameOf(*m.Group, *m.Command, m.Operation)
	key := exchange{header.Group, header.Seq, header.Command}
	sent, asked := r.open[key]
	if from == Host {
		m.Repeat = asked
		if r.open == nil {
			r.open = map[exchange]time.Time{}
		}
		r.open[key] = h.at.at
	} else {
		m.Kind = Answer
		if asked {
			ms := float64(h.at.at.Sub(sent).Microseconds()) / 1000
			m.TookMS = &ms
			delete(r.open, key)
		}
	}
	m.body(body)
	r.add(from, h, m)
}

func number(n int) *int { return &n }
