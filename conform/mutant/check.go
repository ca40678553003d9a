// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"strconv"
	"strings"
	"time"

	"github.com/d204ef64/fob/conform"
)

// found is a step whose code was entered.
type found struct {
	step int64
	used bool
}

// match searches the code in the whole window. All codes take equally long. It
// returns false if no step has the code.
func (s *Server) match(t *state, key, code string) (f found, any bool) {
	now := s.now()
	period := t.period
	if s.is("C01") {
		period = 30
	}
	current := now/period + t.offset
	low, high := int64(window), int64(window)
	switch {
	case s.is("C07"):
		low, high = 2, 2
	case s.is("C08"):
		high = 2
	case s.is("C25"):
		low, high = 9, 9
	case s.is("C09"):
		low, high = 35, 35
	case s.is("C10"):
		low, high = 60/period, 60/period
	case s.is("C06") && now%period < 2:
		low = 0
	}
	if s.is("C02") && code == t.hotp(now/30) {
		return found{current, false}, true
	}
	for n := -low; n <= high; n++ {
		step := current + n
		if s.is("C19") && t.last[key] > 0 && step > t.last[key]+1 {
			continue
		}
		if s.equal(t.hotp(step), code) && (!any || f.used) {
			f, any = found{step, s.used(t, key, step, now)}, true
		}
	}
	const old = 10
	if s.is("BK-03") && !any && code == t.hotp(current-old) {
		return found{current - old, false}, true
	}
	if s.is("C70") && any && f.step > current {
		time.Sleep(longer)
	}
	return f, any
}

func (s *Server) equal(want, code string) bool {
	if s.is("C05") {
		a, _ := strconv.Atoi(want)
		b, err := strconv.Atoi(code)
		return err == nil && a == b
	}
	return want == code
}

// used reports whether the code of a step is used up.
func (s *Server) used(t *state, key string, step, now int64) bool {
	switch {
	case s.is("C11"):
		return false
	case s.is("C12") && now-t.usedAt > rememberedFor:
		return false
	case s.is("C18"):
		return t.steps[step]
	}
	for _, k := range []string{key, ""} {
		if last, any := t.last[k]; any && step <= last {
			return true
		}
	}
	return false
}

// keys returns the keys of the used codes and of the count of an attempt.
func (s *Server) keys(user, front string) (last, count string) {
	switch {
	case s.is("C16"):
		return front, ""
	case s.is("C17"):
		return user, ""
	case s.is("C44"):
		return "", user
	}
	return "", ""
}

const (
	refusedText = "the code is not accepted"
	correctText = "the token is locked, although the code is correct"
)

// Check checks a code, which came by an interface.
func (s *Server) Check(serial, user, front, code string) (conform.Verdict, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[serial]
	if t == nil || !t.users[user] {
		return conform.Refused, refusedText
	}
	return s.judge(t, serial, user, front, code, "check")
}

// judge checks a code of a user who may use the token, and records the decision.
func (s *Server) judge(t *state, serial, user, front, code, what string) (v conform.Verdict, text string) {
	defer func() {
		if v == conform.Accepted || !s.is("BK-20") {
			t.note(user, what, v)
		}
	}()
	raw := code
	if s.is("C14") {
		code = strings.TrimSpace(code)
	}
	key, count := s.keys(user, front)
	if s.is("BK-02") && needsCode[what] {
		key = what
	}
	f, any := s.match(t, key, code)
	if s.is("C14") && f.used && !t.texts[raw] && raw != code {
		f.used = false
	}
	if s.is("C41") && any && f.used {
		clear(t.locked)
		clear(t.failed)
	}
	if !s.usable(t) || s.isLocked(t, count) {
		if any && !f.used && s.usable(t) {
			switch {
			case s.is("C22"):
				t.last[""] = f.step
			case s.is("C43"):
				return conform.Refused, correctText
			}
		}
		return conform.Refused, refusedText
	}
	if !digitsOnly(code, t.digits) && !any {
		if s.is("C40") && code != "" {
			return conform.Trouble, "internal error"
		}
		if s.CountMalformed {
			s.wrong(t, serial, count, raw)
		}
		return conform.Refused, refusedText
	}
	if (s.is("C20") || s.is("C21")) && any && t.texts[raw] {
		return conform.Refused, refusedText
	}
	switch {
	case !any:
		s.wrong(t, serial, count, raw)
		return conform.Refused, refusedText
	case f.used:
		if s.CountReplayed {
			s.wrong(t, serial, count, raw)
		}
		return conform.Refused, refusedText
	}
	if s.is("C15") {
		s.pause()
	}
	s.accept(t, key, count, raw, f.step)
	return conform.Accepted, "welcome"
}

// pause lets other requests overtake this one.
func (s *Server) pause() {
	s.mu.Unlock()
	time.Sleep(moment)
	s.mu.Lock()
}

func digitsOnly(code string, n uint8) bool {
	return len(code) == int(n) && strings.Trim(code, "0123456789") == ""
}

func (s *Server) accept(t *state, key, count, raw string, step int64) {
	now := s.now()
	t.last[key] = max(t.last[key], step)
	t.usedAt = now
	t.steps[step] = true
	t.texts[raw] = true
	t.late = now%t.period >= 50
	if !s.is("C38") {
		delete(t.failed, count)
		clear(t.entered)
	}
	off := step - (now/t.period + t.offset)
	at := time.Unix(now, 0)
	switch {
	case s.is("C23"):
	case s.is("C25"):
		t.offset += off
	case off != 0 && at.Sub(t.learned) >= interval:
		t.offset += min(max(off, -1), 1)
		t.learned = at
	}
}

// wrong counts a wrong code.
func (s *Server) wrong(t *state, serial, count, raw string) {
	if s.is("C20") {
		t.texts[raw] = true
	}
	current := s.now()/t.period + t.offset
	for n := int64(1); n <= farthest && (s.is("C26") || s.is("C27")); n++ {
		for _, off := range []int64{n, -n} {
			switch {
			case t.hotp(current+off) != raw:
			case s.is("C27"):
				t.failed[count] = s.Lockout - 1
			case n <= 10:
				t.offset += off
			}
		}
	}
	if s.is("C36") || s.is("C39") && t.entered[raw] {
		return
	}
	t.entered[raw] = true
	n := t.failed[count] + 1
	if s.is("C42") {
		s.pause()
	}
	t.failed[count] = n
	most := s.Lockout
	if s.is("C37") {
		most++
	}
	if n < most {
		return
	}
	at := time.Unix(s.now(), 0)
	t.locked[count] = at
	if s.is("C45") {
		for other, t := range s.tokens {
			if len(other) > 9 && len(serial) > 9 && other[:9] == serial[:9] {
				t.locked[count] = at
			}
		}
	}
}
