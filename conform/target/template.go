// SPDX-License-Identifier: Apache-2.0

package target

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/internal/redact"
	"github.com/d204ef64/fob/internal/reqtemplate"
)

// placeholders are the names that every text may use.
var placeholders = []string{"user", "serial", "seed_hex", "seed_base32", "code", "second", "period", "digits", "unix", "time", "dir", "me", "port", "random"}

// verbPlaceholders are the names that only the texts of one verb may use.
var verbPlaceholders = map[conform.Verb][]string{
	conform.VerbImportFile: {"contract", "file_text", "file_format", "file_key", "file_password", "file_period"},
	conform.VerbContract:   {"contract"},
	conform.VerbUser:       {"contract", "role"},
	conform.VerbActivate:   {"contract", "role"},
	conform.VerbOperate:    {"contract", "role", "operation"},
	conform.VerbUnlockAs:   {"contract", "role"},
	conform.VerbRevokeAs:   {"contract", "role"},
	conform.VerbReport:     {"condition"},
	conform.VerbOrder:      {"contract", "cause", "old", "returned"},
	conform.VerbReplace:    {"contract", "old"},
}

// secretPlaceholders must not be in the arguments of a program.
var secretPlaceholders = []string{"seed_hex", "seed_base32", "code", "second", "file_text", "file_key", "file_password", "random"}

// values are the values of placeholders.
type values = reqtemplate.Values

// notSecret are the values that an error may have. The others may be secrets.
var notSecret = []string{
	"user", "serial", "period", "digits", "unix", "time", "dir", "me", "port",
	"contract", "role", "operation", "condition", "cause", "old", "returned", "file_format",
}

// shortest is the number of bytes of the shortest secret.
const shortest = 4

// hide replaces the secrets among the values in a text.
func hide(v values, text string) string {
	texts := redact.Texts{}
	for name, value := range v {
		if len(value) >= shortest && !slices.Contains(notSecret, name) {
			texts.Add(value, "{{"+name+"}}")
		}
	}
	return texts.Hide(text)
}

// seen are the secrets of a run that answers may repeat in reports: the secrets of the file, and
// the newest values that steps have saved.
type seen struct {
	mu    sync.Mutex
	all   redact.Texts
	saved []redact.Texts // parts of all, the oldest first
}

// mostSeen is the number of saved values that are known, and shortestSaved the number of bytes
// of one that can be a secret: many are numbers or words.
const (
	mostSeen      = 1000
	shortestSaved = 8
)

// save adds a value that a step has saved.
func (s *seen) save(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.all[strings.ToLower(value)]; known || len(value) < shortestSaved {
		return
	}
	one := redact.Texts{}
	one.Add(value, "{{"+name+"}}")
	maps.Copy(s.all, one)
	if s.saved = append(s.saved, one); len(s.saved) > mostSeen {
		for text := range s.saved[0] {
			delete(s.all, text)
		}
		s.saved = s.saved[1:]
	}
}

func (s *seen) redact(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Hide(text)
}
