// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

//go:generate go run ../../tools/openapi -out openapi.json

// OpenAPI returns the description of the interface, as it is served at /openapi.json.
func OpenAPI() ([]byte, error) {
	s := &server{}
	s.register(http.NewServeMux())
	b, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

const description = `Virtual hardware tokens under test.

A {token} is a serial number, or a hardware id of 16 hexadecimal digits. A serial number
that several tokens have, such as a token and its fork, is refused with the code
ambiguous, and the hardware ids. Periods are ISO 8601 (P2Y6M, PT90S) or like 1h30m, 1d or
5y. Times are UTC.

Answers about a token are atomic: seq is the number of the newest event that they reflect,
true_time is the world's time, token_time the time by the token's own clock, and error_ms
the difference between the two.

Errors are problems as defined by RFC 9457. Their code does not change when the words do.
If the state folder of the fleet cannot be written, the fleet ends: the change gets the
code not_saved, like every request after it. If the file of its events cannot be written,
the fleet ends too, with the code events_not_saved.`

var tags = []*huma.Tag{
	{Name: "fleet", Description: "The fleet as a whole: what it can do, all codes, the export, the oracle."},
	{Name: "time", Description: "The world's clock, which all tokens share. Each token's own clock drifts from it."},
	{Name: "tokens", Description: "Tokens: make, list, read, press, age and break them."},
	{Name: "ports", Description: "Serial ports of the tokens: attach, unplug, disturb and record them."},
	{Name: "snapshots", Description: "Named states of tokens, to go back to or to copy. They are kept in memory."},
	{Name: "events", Description: "The ordered log of everything that happened."},
}

// details are the descriptions of operations for which a summary is not enough.
var details = map[string]string{
	"set-time": "The time does not jump when the mode changes: a manual clock that becomes real goes on from its present time.",
	"advance": "Ten years take no longer than ten seconds. Everything that lies in between happens: displays go off, tokens " +
		"expire, batteries run empty. Waits that become true on the way are answered.",
	"make-tokens": "All tokens of the lot are made, or none. The answer lists the first 1000; next, if present, is the cursor " +
		"for the others.",
	"change-token": "Only the fields that are given change. Age, battery, faults and the clock have operations of their own.",
	"code": "A token with a button is pressed if its display shows no code. If the code does not fit min_remaining or fresh, " +
		"a manual clock is advanced to the next step; otherwise the answer waits for it. If the clock is paused, also " +
		"meanwhile, the problem clock_stopped comes at once. With read_only, a display without a code is the problem " +
		"no_code, and a manual clock is like a paused one.",
	"health": "Also a fleet that is about to end, because its state cannot be saved (not_saved) or its events cannot be written (events_not_saved), answers with a problem.",
	"press":  "A press of a token without a button does nothing.",
	"age": "Drift, battery and expiry of that many years are applied to the token while the world's clock stays where it is, " +
		"so a server on real time can be tested with an old token.",
	"forecast": "The answer has what the token would show right after the operation age with the same by and celsius. " +
		"The token, the log and the clock do not change.",
	"wait": "The answer comes as soon as everything that is given holds at one time. If the clock is advanced meanwhile, " +
		"or runs fast, displays in between count as well. They are looked at after the advance has been answered, which " +
		"takes some seconds for ten years of codes, minutes in the cold, and holds up no other request. Two limits end the wait with a problem: timeout by the world's clock " +
		"(wait_timeout) and real_timeout by the machine's (real_timeout), whose detail has the time up to which displays were looked at. If more than " +
		strconv.Itoa(fleet.MaxPasts) + " changes of the token have not been looked at, the problem wait_behind comes at once. " +
		"A clock that is manual or paused does not end the wait, because another client can move it.",
	"oracle": "Searches the steps around the true time for the code, the nearest first.",
	"events": "With Accept: text/event-stream, the events come as server-sent events. The stream ends when the fleet " +
		"does, and its last event then has the type end. Each has " +
		"its number as id, so a browser that reconnects goes on after the last with Last-Event-ID. A client that reads too " +
		"slowly holds nothing up: if events that it has not read were dropped from the log, the stream has an event of " +
		"type dropped with the number of the oldest that is left.",
	"make-link": "The link works once, within an hour, and the browser then stays logged in. It gives the rights of the API key.",
	"attach":    "A pty is a pseudo-terminal. tcp and rfc2217 listen on 127.0.0.1 only.",
	"replay": "The host's half of a recording is sent to the token over a new connection, as it was recorded: the same " +
		"bytes in the same order. The answer has what the token sent. Answers differ if the token's state or the session's " +
		"random values do.",
	"set-faults": "The faults replace all that the token has: those that are left out are none, and {} mends it. A power cut " +
		"or a flash failure strikes once, at a later write, and is gone then.",
	"get-faults":      "The answer can be sent back with PUT.",
	"set-line-faults": "The faults replace all that the line has in both directions: those that are left out are none, and {} mends it.",
	"get-line-faults": "The answer can be sent back with PUT.",
	"restore":         "The world's clock does not go back: the tokens have lived on since then.",
	"fork":            "The new tokens have the same content, so serial numbers then exist twice: name the tokens by their hardware ids.",
	"export": "The answer is written as the tokens are read. It contains seeds in clear. Forks with the same serial number and " +
		"seed are written once; different seeds of one serial number are refused as ambiguous.",
	"take-snapshot": "An older snapshot of that name is replaced. A fleet keeps at most " + strconv.Itoa(maxSnapshots) +
		" snapshots; a snapshot needs about as much memory as its tokens.",
}

// conflicts are the statuses, besides those that any operation can answer, and the
// operations that answer them.
var conflicts = map[string][]int{
	"advance":       {http.StatusConflict},
	"code":          {http.StatusRequestTimeout, http.StatusServiceUnavailable},
	"export":        {http.StatusConflict, http.StatusForbidden},
	"qr":            {http.StatusConflict, http.StatusForbidden},
	"get-snapshot":  {http.StatusForbidden},
	"make-link":     {http.StatusNotFound},
	"oracle":        {http.StatusConflict, http.StatusNotFound},
	"replay":        {http.StatusConflict},
	"replug":        {http.StatusConflict},
	"restore":       {http.StatusConflict},
	"take-snapshot": {http.StatusConflict, http.StatusNotFound},
	"unplug":        {http.StatusConflict},
	"wire":          {http.StatusConflict, http.StatusServiceUnavailable},
	"wait":          {http.StatusConflict, http.StatusRequestTimeout, http.StatusServiceUnavailable},
	"events":        {http.StatusConflict, http.StatusNotFound},
}

// operation returns the description of an operation.
func operation(method, path, id, summary string) huma.Operation {
	op := huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary, Description: details[id],
		Tags: []string{"fleet"}, MaxBodyBytes: maxBody, BodyReadTimeout: readTimeout,
		Errors: []int{http.StatusUnprocessableEntity, http.StatusMisdirectedRequest, http.StatusInternalServerError},
	}
	area, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
	for _, t := range tags {
		if t.Name == area {
			op.Tags = []string{area}
		}
	}
	if path == "/v1/healthz" {
		op.Security = []map[string][]string{{}}
	} else {
		op.Errors = append(op.Errors, http.StatusUnauthorized)
	}
	if strings.Contains(path, "{") {
		op.Errors = append(op.Errors, http.StatusNotFound)
	}
	if strings.Contains(path, "{token}") { // a serial number that several tokens have
		op.Errors = append(op.Errors, http.StatusConflict)
	}
	if method != http.MethodGet && method != http.MethodDelete {
		op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusRequestTimeout,
			http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	op.Errors = append(op.Errors, conflicts[id]...)
	slices.Sort(op.Errors)
	op.Errors = slices.Compact(op.Errors)
	return op
}

// describe replaces huma's own problem by ours, and lists are never null. It returns the
// media types of the answers of each operation.
func describe(spec *huma.OpenAPI) map[string][]string {
	offers := map[string][]string{}
	all := spec.Components.Schemas.Map()
	ref := spec.Components.Schemas.Schema(typeOf[problem](), true, "Problem")
	all["Problem"].Properties["code"].Enum = problemCodes()
	for _, path := range spec.Paths {
		for _, op := range []*huma.Operation{path.Get, path.Put, path.Post, path.Delete, path.Patch} {
			if op == nil {
				continue
			}
			if kinds := offersOf(op); len(kinds) > 0 {
				offers[op.OperationID] = kinds
				op.Responses[strconv.Itoa(http.StatusNotAcceptable)] = &huma.Response{
					Description: http.StatusText(http.StatusNotAcceptable),
					Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: ref}},
				}
			}
			for _, r := range op.Responses {
				if m := r.Content["application/problem+json"]; m != nil {
					m.Schema = ref
				}
			}
		}
	}
	delete(all, "ErrorModel")
	delete(all, "ErrorDetail")
	// An array of bytes is an array of numbers in JSON.
	all["Segments"].Properties["digits"] = &huma.Schema{
		Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeInteger, Minimum: new(float64)},
	}
	all["EventLine"].Properties["value"].Description = eventValues()
	for name, schema := range all {
		for field, p := range schema.Properties {
			if text := fields[name+"."+field]; text != "" {
				p.Description = text
			}
			if p.Type == huma.TypeArray {
				p.Nullable = false
			}
		}
	}
	return offers
}

// eventValues lists the meanings of the values of events, by kind.
func eventValues() string {
	var parts []string
	for _, k := range virtual.EventKinds() {
		if meaning := k.Meaning(); meaning != "" {
			parts = append(parts, k.String()+": "+meaning)
		}
	}
	return strings.Join(parts, "; ") + "; left out for other kinds, and if it is 0"
}

// fields are the descriptions of fields whose types belong to other packages.
var fields = map[string]string{
	"EventLine.seq": "number of the event; the first is 1", "EventLine.true_time": "the world's time",
	"EventLine.event": "kind of event; see capabilities",
	"Lot.name":        "by which its tokens can be listed; its number by default",
	"Lot.count":       "number of tokens; 1 by default", "Lot.profile": "hardware and profile; see capabilities",
	"Lot.crystal": "kind of crystal; see capabilities", "Lot.ppm": "error of the crystal at 25 °C, instead of a random one",
	"Lot.ready":       "provisioned and locked, with serial numbers for tests; blank by default",
	"Lot.serial_kind": "kind of serial number; oath by default", "Lot.expiry": "YYYY-MM-DD, or the first day of a range; by default five years ahead",
	"Lot.expiry_to": "the last day of a range", "Lot.age": "a period: the tokens are that old; or the least of a range",
	"Lot.age_to": "the most of a range", "Lot.age_temp": "°C at which they became old; 25 by default",
	"Lot.temp":        "°C at which they are; 25 by default",
	"Segments.digits": "one number for each position, leftmost first; bit 0 is segment a, bit 6 is g",
	"Segments.bars":   "bit 0 is the lowest bar", "Segments.icons": "bit 0 is the tick, bit 1 the battery",
	"View.black": "the display is too hot and completely black", "View.contrast": "darkness of lit segments, 0 to 1",
	"View.digits": "number of positions", "View.fade": "segments that are changing, and their share of a lit segment's darkness",
	"View.haze": "darkness of unlit segments, 0 to 1",
}

// problemCodes returns the codes of all problems, in order.
func problemCodes() []any {
	codes := []string{
		"internal", "invalid", "method_not_allowed", "no_event", "no_page", "not_acceptable", "not_found", "not_recorded",
		"real_timeout", "seeds_refused", "snapshot_limit", "unauthorized", "unknown_host",
	}
	for _, k := range kinds {
		codes = append(codes, k.code)
	}
	for _, code := range codesOfStatus {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	var out []any
	for _, code := range slices.Compact(codes) {
		out = append(out, code)
	}
	return out
}
