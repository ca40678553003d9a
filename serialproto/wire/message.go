// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Side is an end of the line.
type Side string

// The ends of the line.
const (
	Host  Side = "host"
	Token Side = "token"
)

// Kind is the kind of an entry of a [Reader].
type Kind string

// The kinds of entry.
const (
	Request Kind = "request"
	Answer  Kind = "answer"
	Error   Kind = "error" // a framing error: bytes that the receiver discards
	Noise   Kind = "noise" // a run of bytes outside a line, which the receiver skips
)

// Message is a message on the wire, or bytes that are not one.
type Message struct {
	At    time.Time  `json:"at" doc:"of its last byte, by the machine's clock"`
	World *time.Time `json:"true_time,omitempty" doc:"the world's time then; left out if the recording does not have it"`
	From  Side       `json:"from" enum:"host,token" doc:"sender"`
	Kind  Kind       `json:"kind" enum:"request,answer,error,noise" doc:"error: a framing error; noise: a run of bytes outside a line, which the receiver skips"`
	Bytes int        `json:"bytes" doc:"number of bytes on the wire"`

	Name      string   `json:"name,omitempty" doc:"of group and command" example:"token info"`
	Group     *int     `json:"group,omitempty" doc:"number of the group" example:"64"`
	Command   *int     `json:"command,omitempty" doc:"number of the command in its group" example:"0"`
	Operation string   `json:"operation,omitempty" doc:"read or write" example:"read"`
	Version   int      `json:"version,omitempty" doc:"of SMP" example:"2"`
	Seq       *int     `json:"seq,omitempty" doc:"sequence number, by which an answer belongs to its request" example:"17"`
	Length    *int     `json:"length,omitempty" doc:"bytes of the body" example:"94"`
	Repeat    bool     `json:"repeat,omitempty" doc:"the host has sent the request before, and has not been answered"`
	TookMS    *float64 `json:"took_ms,omitempty" doc:"time from the request to this answer, by the machine's clock" example:"1.2"`
	Status    string   `json:"status,omitempty" doc:"of an answer: ok, rc with the number of an SMP error, or err with the numbers of a group and its refusal; of a framing error: the name of its counter, or unfinished" example:"ok"`
	Text      string   `json:"text,omitempty" doc:"the status in words; of noise, how many bytes, and whether all are text: they may have a password, so they are not shown" example:"the token is locked"`
	Fields    []Field  `json:"fields,omitempty" doc:"of the body"`
}

// Field is an entry of a message's body in a readable form.
type Field struct {
	Key    string `json:"key" doc:"as on the wire" example:"state"`
	Text   string `json:"text" doc:"the value in a readable form" example:"LOCKED"`
	Hidden bool   `json:"hidden,omitempty" doc:"the value is or may be secret, and is not shown"`
}

// Unknown reports whether m is a message of a group or command that is not in
// PROTOCOL.md.
func (m *Message) Unknown() bool {
	if m.Group == nil {
		return false
	}
	_, known := commands[command{*m.Group, *m.Command, m.Operation == write}]
	return !known
}

// String returns the message as one line of text.
func (m Message) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %-5s  ", m.At.UTC().Format("15:04:05.000"), m.From)
	switch m.Kind {
	case Error:
		fmt.Fprintf(&b, "framing error, %s: %s (%s)", m.Status, m.Text, count(m.Bytes))
	case Noise:
		fmt.Fprintf(&b, "outside a line: %s", m.Text)
	case Request:
		fmt.Fprintf(&b, "%s, %s, #%d", m.Name, m.Operation, *m.Seq)
		if m.Repeat {
			b.WriteString(", repeated")
		}
	default:
		fmt.Fprintf(&b, "%s, #%d, %s", m.Name, *m.Seq, m.Status)
		if m.Text != "" {
			b.WriteString(": " + m.Text)
		}
		if m.TookMS != nil {
			b.WriteString(", after " + strconv.FormatFloat(*m.TookMS, 'f', 1, 64) + " ms")
		}
	}
	for i, f := range m.Fields {
		sep := ", "
		if i == 0 {
			sep = "  "
		}
		b.WriteString(sep + f.Key)
		if f.Text != "" {
			b.WriteString(" " + f.Text)
		}
	}
	return b.String()
}

func count(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return strconv.Itoa(n) + " bytes"
}
