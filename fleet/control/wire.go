// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/internal/strictjson"
	"github.com/d204ef64/fob/serialproto/wire"
)

// wireLine is a line of a recorded wire.
type wireLine struct {
	At    time.Time  `json:"at" doc:"by the machine's clock"`
	World *time.Time `json:"true_time,omitempty" doc:"the world's time; may be left out in a replay"`
	From  string     `json:"from" enum:"host,token" doc:"sender of the bytes"`
	Hex   string     `json:"hex" doc:"the bytes" example:"06094141"`
}

func lineOfWire(c fleet.Chunk) wireLine {
	world := c.World.Time()
	line := wireLine{At: c.At.UTC(), World: &world, From: "host", Hex: hex.EncodeToString(c.Data)}
	if c.Sent {
		line.From = "token"
	}
	return line
}

type tapInput struct {
	ByPort
	Body struct {
		On bool `json:"on" doc:"true begins a new recording"`
	}
}

type wireInput struct {
	ByPort
	Format string `query:"format" enum:"jsonl,pcapng,messages" default:"jsonl" doc:"JSON lines, a file for Wireshark, or messages that people can read"`
	Last   int    `query:"last" minimum:"1" maximum:"10000" doc:"so many messages, the newest; 1000 if not given; for messages"`
}

// defaultLast is the number of messages in an answer if the request does not name one.
const defaultLast = 1000

// messages is a recorded wire, message by message.
type messages struct {
	Items   []wire.Message `json:"items" nullable:"false" doc:"oldest first; secrets are not shown, and no bytes outside a message"`
	Left    int            `json:"left_out" doc:"number of older messages, which last leaves out"`
	Tapping bool           `json:"tapping" doc:"the wire is being recorded"`
}

type replayInput struct {
	ByPort
	RawBody []byte `contentType:"application/x-ndjson" doc:"a recording, as JSON lines"`
}

// replayed is the answer to a replay.
type replayed struct {
	Items []wireLine `json:"items" nullable:"false" doc:"the bytes of both sides during the replay"`
	Same  bool       `json:"same" doc:"the token sent the same bytes as in the recording"`
}

// maxRecording is the largest recording that a client can send: more than a tap keeps.
const maxRecording = 8 << 20

func (s *server) wires() {
	add(s, http.MethodPut, "/v1/ports/{port}/wire", "tap", "Begin or end a recording of the wire",
		func(_ context.Context, in *tapInput) (*body[portView], error) {
			return s.withPort(in.Port, func(p *fleet.Port) error {
				if in.Body.On {
					p.Tap().Start()
				} else {
					p.Tap().Stop()
				}
				return nil
			})
		})
	op := operation(http.MethodGet, "/v1/ports/{port}/wire", "wire", "The recorded wire, as JSON lines, for Wireshark, or message by message")
	op.Metadata = map[string]any{offersKey: []string{"application/x-ndjson", "application/octet-stream", "application/json"}}
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
		"application/x-ndjson":     {Schema: &huma.Schema{Type: huma.TypeString}},
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		"application/json":         {Schema: s.api.OpenAPI().Components.Schemas.Schema(typeOf[messages](), true, "Messages")},
	}}}
	huma.Register(s.api, op, func(ctx context.Context, in *wireInput) (*fileOutput, error) {
		out, err := s.wire(ctx, in)
		if err != nil {
			return nil, fault(err)
		}
		return out, nil
	})
	op = operation(http.MethodPost, "/v1/ports/{port}/wire/replay", "replay", "Send the host's half of a recording to the token")
	op.MaxBodyBytes = maxRecording
	huma.Register(s.api, op, func(_ context.Context, in *replayInput) (*body[replayed], error) {
		out, err := s.replay(in)
		if err != nil {
			return nil, fault(err)
		}
		return &body[replayed]{out}, nil
	})
}

func (s *server) replay(in *replayInput) (out replayed, err error) {
	p, err := s.fleet.Port(in.Port)
	if err != nil {
		return out, err
	}
	recorded, err := parseWire(in.RawBody)
	if err != nil {
		return out, err
	}
	passed, err := p.Replay(recorded)
	if err != nil {
		return out, err
	}
	out.Items = []wireLine{}
	for _, c := range passed {
		out.Items = append(out.Items, lineOfWire(c))
	}
	out.Same = bytes.Equal(sentBy(recorded), sentBy(passed))
	return out, nil
}

// parseWire reads a recording.
func parseWire(text []byte) (chunks []fleet.Chunk, err error) {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		where := "body, line " + strconv.Itoa(number)
		var l wireLine
		if err := strictjson.Format.Unmarshal(line, &l); err != nil {
			return nil, invalid(where, err.Error())
		}
		data, err := hex.DecodeString(l.Hex)
		if err != nil {
			return nil, invalid(where, "hex is not an even number of hexadecimal digits")
		}
		if l.From != "host" && l.From != "token" {
			return nil, invalid(where, "from is neither host nor token")
		}
		chunks = append(chunks, fleet.Chunk{At: l.At, Sent: l.From == "token", Data: data})
	}
	if len(chunks) == 0 {
		return nil, invalid("body", "the recording is empty")
	}
	return chunks, nil
}

// sentBy returns the bytes that the token sent.
func sentBy(chunks []fleet.Chunk) (all []byte) {
	for _, c := range chunks {
		if c.Sent {
			all = append(all, c.Data...)
		}
	}
	return all
}

func (s *server) wire(ctx context.Context, in *wireInput) (*fileOutput, error) {
	p, err := s.fleet.Port(in.Port)
	if err != nil {
		return nil, err
	}
	if !p.Tap().Kept() {
		return nil, newProblem(http.StatusConflict, "not_recorded",
			"port "+p.ID()+" has no recording: start one (fob fleet wire "+p.ID()+" --start)")
	}
	if in.Last != 0 && in.Format != "messages" {
		return nil, invalid("query.last", "last has no effect: only messages are counted")
	}
	// One at a time: a recording of a mebibyte takes several times as much memory here.
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	chunks := p.Tap().Chunks()
	switch in.Format {
	case "pcapng":
		return &fileOutput{"application/octet-stream", fleet.PCAPNG(p.ID(), chunks)}, nil
	case "messages":
		b, err := marshal(messagesOf(chunks, in.Last, p.Tap().On()))
		return &fileOutput{"application/json", b}, err
	}
	var out []byte
	for _, c := range chunks {
		b, err := marshal(lineOfWire(c))
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
	}
	return &fileOutput{"application/x-ndjson", out}, nil
}

// messagesOf reads the last messages of a recording; 0 is the default number.
func messagesOf(chunks []fleet.Chunk, last int, tapping bool) messages {
	r := wire.Reader{Last: cmp.Or(last, defaultLast)}
	for _, c := range chunks {
		from := wire.Host
		if c.Sent {
			from = wire.Token
		}
		r.Feed(c.At, c.World.Time(), from, c.Data)
	}
	items, left := r.End()
	return messages{Items: items, Left: left, Tapping: tapping}
}
