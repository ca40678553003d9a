// SPDX-License-Identifier: Apache-2.0

//go:build qemu

package board

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/host/hosttest"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/virtual"
)

// different lists the response fields in which a virtual token and the image may
// differ, with the reasons. All other fields must be equal.
var different = map[string]string{
	"hw":    "id: differs for each device",
	"pub":   "id: key of the device",
	"conf":  "id: part of the proof",
	"now":   "clock: the virtual token's is stopped",
	"ms":    "clock",
	"left":  "clock",
	"icons": "clock: the tick blinks",
	"up":    "clock",
	"ram":   "hardware: a virtual token has no RAM to test",
	"image": "hardware", "entropy": "hardware",
	"mv": "battery: the voltage of the virtual one drops under load",
}

// virtualOnly lists the fields that only a virtual token sends, by group and command. A
// virtual token lives in a world with its own clock; the board does not.
var virtualOnly = map[[2]uint16]string{
	{uint16(serialproto.GroupRig), serialproto.CmdRigDisplay}: "world",
}

// recorder records the bytes that a device sends.
type recorder struct {
	serialproto.Port
	heard bytes.Buffer
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Port.Read(p)
	r.heard.Write(p[:n])
	return n, err
}

// answers returns the recorded messages as one line each: the header, with sequence
// numbers relative to the first, and the pairs of the body. It leaves out the fields in
// virtualOnly and returns their number as extra.
func (r *recorder) answers(t *testing.T) (lines []string, extra int) {
	var in serialproto.Deframer
	first := -1
	for _, b := range r.heard.Bytes() {
		message := in.Feed(b, 0)
		if message == nil {
			continue
		}
		h, ok := serialproto.ParseHeader(message)
		require.True(t, ok)
		if first < 0 {
			first = int(h.Seq)
		}
		if h.Op == serialproto.OpWriteResponse && h.Group == serialproto.GroupToken && h.Command == serialproto.CmdTokenClock {
			first++ // a slow provisioning sets the clock again
			continue
		}
		if h.Group == serialproto.GroupRig && h.Command == serialproto.CmdRigTemperature {
			continue // the board has no crystal
		}
		h.Seq -= uint8(first)
		body := message[serialproto.HeaderSize:]
		pairs, fields := body[0], ""
		for rest := body[1:]; len(rest) > 0; {
			var key string
			var value cbor.RawMessage
			var err error
			rest, err = cbor.UnmarshalFirst(rest, &key)
			require.NoError(t, err)
			rest, err = cbor.UnmarshalFirst(rest, &value)
			require.NoError(t, err)
			if key == virtualOnly[[2]uint16{uint16(h.Group), uint16(h.Command)}] {
				pairs--
				extra++
				continue
			}
			if _, may := different[key]; may {
				fields += fmt.Sprintf(" %s=…", key)
			} else {
				fields += fmt.Sprintf(" %s=%x", key, []byte(value))
			}
		}
		lines = append(lines, fmt.Sprintf("version %d op %d group %d seq %d command %d, %x:%s",
			h.Version, h.Op, h.Group, h.Seq, h.Command, pairs, fields))
	}
	require.Equal(t, serialproto.FramingErrors{}, in.FramingErrors)
	return lines, extra
}

// TestTranscript checks that a virtual token and the image send the same bytes in the
// same conversation, except for the fields in the tables above.
func TestTranscript(t *testing.T) {
	world, err := virtual.NewWorld(virtual.Config{Seed: 1, StationKey: host.InsecureTestStationKey().Public(), At: hosttest.Start})
	require.NoError(t, err)
	model, err := virtual.ModelByName("button-6")
	require.NoError(t, err)
	far, near := port.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- world.NewToken(model).Serve(ctx, far, virtual.ServeOptions{}) }()
	t.Cleanup(func() {
		cancel()
		<-served
	})
	one := &recorder{Port: near}
	hosttest.Conversation(t, host.New(one, host.WithTimeout(patient)), hosttest.Device{
		Model: "button-6", Supply: 3200, Temperature: true, Wait: world.Advance,
		Now: func() time.Time { return world.Now().Time() },
	})

	m, _ := startMachine(t, Config{Image: image(t, "virt-rig"), Flash: newFlash(t)})
	two := &recorder{Port: net.Conn(m.Line())}
	hosttest.Conversation(t, host.New(two, host.WithTimeout(patient)), hosttest.Device{
		Model: "button-6", Supply: 3200, Now: runningClock(), Wait: time.Sleep, Slack: 10 * time.Second,
	})

	virtualAnswers, extra := one.answers(t)
	require.Positive(t, extra)
	imageAnswers, extra := two.answers(t)
	require.Zero(t, extra, "the image sends a field that only virtual tokens send")
	require.Greater(t, len(virtualAnswers), 40)
	// The first answer is the echo of a random text, with which the client
	// synchronizes.
	require.Len(t, imageAnswers[0], len(virtualAnswers[0]))
	require.Equal(t, virtualAnswers[1:], imageAnswers[1:])
}
