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
	learnEvery, reactivateAfter, activationLock time.Duration

	fee int64
}

func (s *settingsFlags) add(f *pflag.FlagSet) {
	d := validator.DefaultSettings()
	s.Settings = d
	f.IntVar(&s.WrongLimit, "wrong-limit", d.WrongLimit, "`N` wrong codes in a row suspend a token")
	f.Int64Var(&s.Window, "window", d.Window, "`N` steps that a code may be off, either way")
	f.Int64Var(&s.SecondBand, "second-band", d.SecondBand, "within `N` steps the next code is asked for; 0 is never")
	f.Int64Var(&s.ResyncReach, "resync-reach", d.ResyncReach, "within `N` steps the desk corrects a clock")
	f.DurationVar(&s.learnEvery, "learn-every", seconds(d.LearnEvery), "`TIME` in which an honest clock may move by a step")
	f.BoolVar(&s.CountReplayed, "count-replayed", d.CountReplayed, "a code that was used is a wrong entry")
	f.BoolVar(&s.CountMalformed, "count-malformed", d.CountMalformed, "what is no code is a wrong entry")
	f.BoolVar(&s.UnlockNeedsOTP, "unlock-needs-otp", d.UnlockNeedsOTP, "unlocking a token needs a code")
	f.BoolVar(&s.ActivateNeedsOTP, "activate-needs-otp", d.ActivateNeedsOTP, "registering a token needs its code")
	f.DurationVar(&s.reactivateAfter, "reactivate-after", 0, "`TIME` after a revocation until a token is registered again")
	f.IntVar(&s.ActivationLimit, "activation-limit", d.ActivationLimit, "`N` refused activations lock activation for a user")
	f.DurationVar(&s.activationLock, "activation-lock", seconds(d.ActivationLock), "`TIME` for which it is locked; 0 is until a clerk unlocks it")
	f.BoolVar(&s.SelfUnlock, "self-unlock", d.SelfUnlock, "a user who has registered another token may unlock the previous one")
	f.BoolVar(&s.UsersSeeTokens, "users-see-tokens", d.UsersSeeTokens, "users who are neither master nor admin see all tokens of the contract")
	f.IntVar(&s.NoticeMonths, "notice-months", d.NoticeMonths, "`N` months before expiry the notice goes out")
	f.IntVar(&s.LifeYears, "life-years", d.LifeYears, "`N` years shown as the usual lifetime of a token; expiry dates come from seed files")
	f.Int64Var(&s.fee, "fee", int64(d.Fee), "`YEN` for a reissued or additional token")
	f.IntVar(&s.DeliveryFrom, "delivery-from", d.DeliveryFrom, "`N` days after which a token arrives at the earliest")
	f.IntVar(&s.DeliveryTo, "delivery-to", d.DeliveryTo, "`N` days after which it has arrived")
}

func seconds(s token.UnixSeconds) time.Duration { return time.Duration(s) * time.Second }

// settings returns the settings given by the flags.
func (s *settingsFlags) settings() (validator.Settings, error) {
	for _, f := range []struct {
		flag string
		v    time.Duration
		to   *token.UnixSeconds
	}{
		{"learn-every", s.learnEvery, &s.LearnEvery},
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
