// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/token"
)

// decoding limits how much memory a body can make us allocate.
var decoding = func() cbor.DecMode {
	m, err := cbor.DecOptions{
		IntDec: cbor.IntDecConvertSignedOrBigInt, MaxNestedLevels: 8,
		MaxArrayElements: serialproto.BufferSize, MaxMapPairs: serialproto.BufferSize,
		UTF8: cbor.UTF8DecodeInvalid,
	}.DecMode()
	if err != nil {
		panic("wire: internal error: " + err.Error())
	}
	return m
}()

// body reads the body of a message: its fields, and the status of an answer.
func (m *Message) body(body []byte) {
	if m.Kind == Answer {
		m.Status = "ok"
	}
	if len(body) == 0 && m.Kind == Request {
		return
	}
	d := serialproto.NewDecoder(body)
	pairs, valid := d.Map(), true
	for valid && d.Next(&pairs) {
		key, raw := d.Text(), d.Raw()
		var v any
		if valid = d.Ok() && decoding.Unmarshal(raw, &v) == nil; !valid {
			break
		}
		if m.Kind == Answer && m.refusal(key, v) {
			continue
		}
		m.Fields = append(m.Fields, m.field(key, v))
	}
	if !valid || !d.Done() {
		m.Fields = append(m.Fields, Field{Key: "?", Text: "the body of " + count(len(body)) + " is not a valid map"})
	}
}

// refusal reads a status, and reports whether the entry is one.
func (m *Message) refusal(key string, v any) bool {
	if n, ok := v.(int64); ok && key == "rc" && n >= 0 && n < 1<<16 {
		if n != 0 {
			m.Status, m.Text = fmt.Sprintf("rc %d", n), serialproto.RC(n).Error()
		}
		return true
	}
	fields, ok := v.(map[any]any)
	if !ok || key != "err" {
		return false
	}
	group, isGroup := fields["group"].(int64)
	n, isNumber := fields["rc"].(int64)
	if !isGroup || !isNumber || n < 0 || n > 255 {
		return false
	}
	m.Status = fmt.Sprintf("err %d %d", group, n)
	m.Text = "refused by group " + strconv.FormatInt(group, 10)
	switch {
	case group == int64(groupToken) || group == int64(groupRig):
		m.Text = serialproto.Err(n).Error()
	case m.Status == "err 0 4":
		m.Text = "the clock was never set"
	case m.Status == "err 0 2":
		m.Text = "unknown format"
	case m.Status == "err 10 4":
		m.Text = "no group has this index"
	}
	return true
}

// field writes an entry of a body in a readable form.
func (m *Message) field(key string, v any) Field {
	f := Field{Key: printable(key)}
	if isSecret(key) {
		f.Hidden, f.Text = true, hidden(v)
		return f
	}
	if f.Text = m.readable(key, v); f.Text != "" {
		return f
	}
	if b, ok := v.([]byte); ok {
		if f.Hidden = !slices.Contains(public, key); f.Hidden {
			f.Text = hidden(v)
		} else {
			f.Text = hex.EncodeToString(b)
		}
		return f
	}
	if s, ok := v.(string); ok {
		f.Text = printable(s)
		return f
	}
	f.Text = plain(v)
	return f
}

// public are the keys of byte strings that are shown: hardware id, segments, and the
// device's public key.
var public = []string{"hw", "seg", "pub"}

// secret are parts of keys whose values are never shown.
var secret = []string{"seed", "key", "psk", "secret", "pass", "msg", "conf", "token"}

func isSecret(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc(secret, func(part string) bool { return strings.Contains(key, part) })
}

// hidden describes a value without showing it.
func hidden(v any) string {
	switch v := v.(type) {
	case []byte:
		return count(len(v)) + ", not shown"
	case string:
		return count(len(v)) + ", not shown"
	}
	return "not shown"
}

// readable returns the value of a known key with its unit or name, or "".
func (m *Message) readable(key string, v any) string {
	if list, ok := v.([]any); ok && key == "drops" {
		return counters(list)
	}
	n, ok := v.(int64)
	if !ok {
		return ""
	}
	isClock := m.Name == "token clock"
	switch {
	case *m.Group != groupToken && *m.Group != groupRig:
	case key == "state" && n >= 0 && n < 256:
		return serialproto.State(n).String()
	case key == "exp" && n >= 0 && n < 1<<31:
		if day, err := token.ExpiryFromDays(int32(n)); err == nil {
			return day.String()
		}
	case key == "mv":
		return strconv.FormatInt(n, 10) + " mV"
	case key == "mc":
		return strconv.FormatFloat(float64(n)/1000, 'f', -1, 64) + " °C"
	case key == "ms" && isClock, key == "now", key == "world":
		return instant(n)
	case key == "ms", key == "left", key == "up":
		return strconv.FormatFloat(float64(n)/1000, 'f', -1, 64) + " s"
	case key == "icons" && n >= 0 && n < 4:
		return [...]string{"none", "tick", "battery", "tick, battery"}[n]
	case m.Name == "token self-test" && n >= 0 && n <= 2:
		return [...]string{"failed", "passed", "not applicable"}[n]
	}
	return ""
}

// instant writes milliseconds since 1970 as a time, or "" if no year has it.
func instant(ms int64) string {
	t := time.UnixMilli(ms).UTC()
	if t.Year() < 0 || t.Year() > 9999 {
		return ""
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

// counterNames are the names of the counters of framing errors, in the order of the wire.
var counterNames = [...]string{"line", "base64", "stray", "size", "crc", "header", "timeout"}

// counters writes the counters that are not 0.
func counters(list []any) string {
	var parts []string
	for i, v := range list {
		if n, ok := v.(int64); ok && n == 0 {
			continue
		}
		name := "counter " + strconv.Itoa(i)
		if i < len(counterNames) {
			name = counterNames[i]
		}
		parts = append(parts, name+" "+plain(v))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// printable returns text as it is if that is unambiguous, or else quoted.
func printable(s string) string {
	odd := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
	if s == "" || s != strings.TrimSpace(s) || strings.ContainsFunc(s, odd) || strings.ContainsAny(s, `,"`) {
		return strconv.Quote(s)
	}
	return s
}

// plain writes a value in CBOR diagnostic notation, without the content of byte strings.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(v)
	case []byte:
		return hidden(v)
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = plain(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[any]any:
		var parts []string
		for key, item := range v {
			name, text := plain(key), plain(item)
			if isSecret(name) {
				text = hidden(item)
			}
			parts = append(parts, name+": "+text)
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ", ") + "}"
	case cbor.Tag:
		return fmt.Sprintf("%d(%s)", v.Number, plain(v.Content))
	case int64, float64, bool:
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("a value of type %T", v)
}
