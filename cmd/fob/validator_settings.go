// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
)

// settingsFlags are the settings that the bank's rules leave open.
type settingsFlags struct {
	validator.Settings
	driftInterval, reactivateAfter, activationLock time.Duration

	fee int64
}

func (s *settingsFlags) add(f *pflag.FlagSet) {
	d := validator.DefaultSettings()
	s.Settings = d
	f.IntVar(&s.LockoutThreshold, "lockout-threshold", d.LockoutThreshold, "suspend a token after `N` failed attempts in a row")
	f.Int64Var(&s.Window, "window", d.Window, "accept codes up to `N` steps early or late")
	f.Int64Var(&s.LookAhead, "look-ahead", d.LookAhead, "ask for the next code if a code is up to `N` steps early or late; 0 is never")
	f.Int64Var(&s.ResyncWindow, "resync-window", d.ResyncWindow, "let clerks correct a clock that is up to `N` steps wrong")
	f.DurationVar(&s.driftInterval, "drift-interval", seconds(d.DriftInterval), "`TIME` in which a correct clock may drift by one step")
	f.BoolVar(&s.CountReplayed, "count-replayed", d.CountReplayed, "count a code that was already used as a failed attempt")
	f.BoolVar(&s.CountMalformed, "count-malformed", d.CountMalformed, "count input that is not a code as a failed attempt")
	f.BoolVar(&s.UnlockNeedsOTP, "unlock-needs-otp", d.UnlockNeedsOTP, "unlocking a suspended token needs a code")
	f.BoolVar(&s.ActivateNeedsOTP, "activate-needs-otp", d.ActivateNeedsOTP, "registering a token needs its code")
	f.DurationVar(&s.reactivateAfter, "reactivate-after", 0, "`TIME` after a revocation before a user can register a token")
	f.IntVar(&s.ActivationLimit, "activation-limit", d.ActivationLimit, "lock activation for a user after `N` refused activations")
	f.DurationVar(&s.activationLock, "activation-lock", seconds(d.ActivationLock), "`TIME` for which activation stays locked; 0 is until a clerk unlocks it")
	f.BoolVar(&s.SelfUnlock, "self-unlock", d.SelfUnlock, "users who registered another token may unlock their previous one")
	f.BoolVar(&s.UsersSeeTokens, "users-see-tokens", d.UsersSeeTokens, "users who are neither master nor admin see all tokens of the contract")
	f.IntVar(&s.NoticeMonths, "notice-months", d.NoticeMonths, "send the expiry notice `N` months before expiry")
	f.IntVar(&s.LifeYears, "life-years", d.LifeYears, "`N` years shown as the usual lifetime of a token; expiry dates come from seed files")
	f.Int64Var(&s.fee, "fee", int64(d.Fee), "fee in `YEN` for a reissued or additional token")
	f.IntVar(&s.DeliveryFrom, "delivery-from", d.DeliveryFrom, "a token arrives after `N` days at the earliest")
	f.IntVar(&s.DeliveryTo, "delivery-to", d.DeliveryTo, "a token arrives after `N` days at the latest")
}

func seconds(s token.UnixSeconds) time.Duration { return time.Duration(s) * time.Second }

// settings returns the settings given by the flags.
func (s *settingsFlags) settings() (validator.Settings, error) {
	for _, f := range []struct {
		flag string
		v    time.Duration
		to   *token.UnixSeconds
	}{
		{"drift-interval", s.driftInterval, &s.DriftInterval},
		{"reactivate-after", s.reactivateAfter, &s.ReactivateAfter},
		{"activation-lock", s.activationLock, &s.ActivationLock},
	} {
		if f.v%time.Second != 0 {
			return s.Settings, usagef("--%s %v: want whole seconds", f.flag, f.v)
		}
		*f.to = token.UnixSeconds(f.v / time.Second)
	}
	s.Fee = validator.Yen(s.fee)
	if err := s.Validate(); err != nil {
		return s.Settings, fmt.Errorf("settings of the bank: %w", err)
	}
	return s.Settings, nil
}
