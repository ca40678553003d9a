// SPDX-License-Identifier: Apache-2.0

package validator_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// TestDefaultSettings checks the defaults against the bank's text and common practice.
func TestDefaultSettings(t *testing.T) {
	require.Equal(t, validator.Settings{
		LockoutThreshold: 5, Window: 1, LookAhead: 10, ResyncWindow: 720, DriftInterval: 15 * 24 * 3600,
		UnlockNeedsOTP: true, ActivateNeedsOTP: true, ActivationLimit: 5, ActivationLock: 24 * 3600, NoticeMonths: 1, LifeYears: 5, Fee: 2200,
		DeliveryFrom: 7, DeliveryTo: 10,
	}, validator.DefaultSettings())
	require.NoError(t, validator.DefaultSettings().Validate())
}

// TestSettingsJSON checks the names under which databases store the settings.
func TestSettingsJSON(t *testing.T) {
	text, err := json.Marshal(validator.DefaultSettings())
	require.NoError(t, err)
	require.JSONEq(t, `{"WrongLimit":5, "Window":1, "SecondBand":10, "ResyncReach":720, "LearnEvery":1296000,
		"CountReplayed":false, "CountMalformed":false, "LiftNeedsOTP":true, "ActivateNeedsOTP":true, "ReactivateAfter":0,
		"ActivationLimit":5, "ActivationLock":86400, "SelfLift":false, "UsersSeeTokens":false, "NoticeMonths":1,
		"LifeYears":5, "Fee":2200, "DeliveryFrom":7, "DeliveryTo":10}`, string(text))
}

func TestSettingsValidate(t *testing.T) {
	tests := []struct {
		field  string
		change func(*validator.Settings)
	}{
		{"LockoutThreshold", func(s *validator.Settings) { s.LockoutThreshold = 0 }},
		{"LockoutThreshold", func(s *validator.Settings) { s.LockoutThreshold = 101 }},
		{"Window", func(s *validator.Settings) { s.Window = -1 }},
		{"Window", func(s *validator.Settings) { s.Window = 6 }},
		{"LookAhead", func(s *validator.Settings) { s.LookAhead = 1 }},
		{"LookAhead", func(s *validator.Settings) { s.LookAhead = 26 }},
		{"ResyncWindow", func(s *validator.Settings) { s.ResyncWindow = 9 }},
		{"ResyncWindow", func(s *validator.Settings) { s.ResyncWindow = 1441 }},
		{"DriftInterval", func(s *validator.Settings) { s.DriftInterval = 86399 }},
		{"ReactivateAfter", func(s *validator.Settings) { s.ReactivateAfter = -1 }},
		{"ActivationLimit", func(s *validator.Settings) { s.ActivationLimit = 0 }},
		{"ActivationLimit", func(s *validator.Settings) { s.ActivationLimit = 101 }},
		{"ActivationLock", func(s *validator.Settings) { s.ActivationLock = -1 }},
		{"ActivationLock", func(s *validator.Settings) { s.ActivationLock = 366*24*3600 + 1 }},
		{"NoticeMonths", func(s *validator.Settings) { s.NoticeMonths = 0 }},
		{"LifeYears", func(s *validator.Settings) { s.LifeYears = 21 }},
		{"Fee", func(s *validator.Settings) { s.Fee = -1 }},
		{"DeliveryFrom", func(s *validator.Settings) { s.DeliveryFrom = -1 }},
		{"DeliveryTo", func(s *validator.Settings) { s.DeliveryTo = 6 }},
	}
	for _, tt := range tests {
		s := validator.DefaultSettings()
		tt.change(&s)
		err := s.Validate()
		require.ErrorIs(t, err, validator.ErrSettings, tt.field)
		var field *token.FieldError
		require.ErrorAs(t, err, &field)
		require.Equal(t, tt.field, field.Field)
	}
	require.ErrorIs(t, validator.Settings{}.Validate(), validator.ErrSettings, "the zero value")

	s := validator.DefaultSettings()
	s.LookAhead = 0
	require.NoError(t, s.Validate(), "no band")
}

// TestRules requires each rule to name its source.
func TestRules(t *testing.T) {
	read := map[int]bool{}
	for r := validator.BK01; r <= validator.LastRule; r++ {
		require.Regexp(t, `^BK-(0[1-9]|1\d|20)$`, r.String())
		for _, q := range r.Questions() {
			read[q] = true
		}
		if r != validator.BK20 {
			require.NotEmpty(t, r.Words(), r)
		}
	}
	require.Len(t, read, 11, "the Q&A has Q1 to Q11")
	require.Equal(t, "Rule(0)", validator.Rule(0).String())
	require.Equal(t, "Rule(21)", validator.Rule(21).String())
	require.Empty(t, validator.Rule(21).Words())
	require.Empty(t, validator.Rule(21).Questions())
}
