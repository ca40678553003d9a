// SPDX-License-Identifier: Apache-2.0

package mutant

import (
	"time"

	"github.com/d204ef64/fob/conform"
)

// Resync corrects the offset by two codes.
func (s *Server) Resync(serial, user, first, second string) conform.Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[serial]
	_, count := s.keys(user, "")
	if t == nil || !t.users[user] || !s.usable(t) && !s.is("C35") || s.isLocked(t, count) && !s.is("C34") {
		return conform.Refused
	}
	newest := int64(0)
	for _, step := range t.last {
		newest = max(newest, step)
	}
	most, gap := int64(reach), int64(1)
	switch {
	case s.is("C28"):
		gap = 3
	case s.is("C29"):
		most = 20000
	}
	now := s.now() / t.period
	for n := -most; n < most; n++ {
		if t.hotp(now+n) != first {
			continue
		}
		for g := int64(1); g <= gap; g++ {
			step := now + n + g
			if n+g > most || t.hotp(step) != second || now+n <= newest && !s.is("C32") {
				continue
			}
			t.offset, t.learned = n+g, time.Unix(s.now(), 0)
			switch {
			case s.is("C31"):
				step++
				t.last[""] = step
			case !s.is("C30"):
				t.last[""] = step
				t.steps[step-1], t.steps[step], t.usedAt = true, true, s.now()
			}
			clear(t.failed)
			clear(t.locked)
			return conform.Accepted
		}
	}
	if !s.is("C33") {
		s.wrong(t, serial, count, first+second)
	}
	return conform.Refused
}
