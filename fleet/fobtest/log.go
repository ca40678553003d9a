// SPDX-License-Identifier: Apache-2.0

package fobtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// maxLogged is the number of events that a failed test logs.
const maxLogged = 1000

// logFailure logs how to repeat a failed test, and the events of its tokens.
func (w *World) logFailure() {
	if !w.t.Failed() {
		return
	}
	w.t.Logf("fobtest: world seed %d; to repeat: FOB_WORLD_SEED=%d go test -run '^%s$'\n%s",
		w.seed, w.seed, strings.ReplaceAll(w.t.Name(), "/", "$/^"), strings.Join(w.events(), "\n"))
}

// events returns the log, oldest entry first. Events contain no seeds and no codes.
func (w *World) events() []string {
	if w.fleet == nil {
		return append([]string{"what was done to the hardware:"}, w.done...)
	}
	log := w.fleet.Log()
	from := uint64(0)
	if seq := log.Seq(); seq > maxLogged {
		from = seq - maxLogged
	}
	lines := []string{fmt.Sprintf("events after %d, oldest first:", from)}
	for _, e := range log.After(nil, from, maxLogged) {
		b, err := json.Marshal(w.fleet.Line(e))
		if err != nil {
			return append(lines, err.Error())
		}
		lines = append(lines, string(b))
	}
	return lines
}

// note records an operation on hardware.
func (w *World) note(port, what string) {
	w.done = append(w.done, fmt.Sprintf("%s %s: %s", time.Now().UTC().Format(time.RFC3339Nano), port, what))
}
