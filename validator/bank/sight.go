// SPDX-License-Identifier: Apache-2.0

package bank

import (
	"context"
	"errors"

	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

// sight is the part of the tokens that a person may see.
type sight struct {
	clerk    bool
	contract string
	ownOnly  bool // only the token that they use themselves
	own      token.Serial
}

// sight returns which tokens the requester may see.
func (b *Bank) sight(tx *store.Tx, by By) (sight, error) {
	if by.inBackOffice() {
		return sight{clerk: true}, nil
	}
	u, err := tx.User(by.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && u.Locked {
		return sight{}, forbidden("log in first")
	}
	return b.sightOf(u.User), err
}

func (b *Bank) sightOf(u User) sight {
	return sight{contract: u.Contract, ownOnly: !validator.SeesTokens(b.settings, u.Role), own: u.Token}
}

// token reports whether the person may see a token.
func (s sight) token(t Token) bool {
	return s.clerk || t.Contract == s.contract && s.serial(t.Serial) == t.Serial
}

// serial returns a serial number of the contract, or zero if the person may not see it.
func (s sight) serial(serial token.Serial) token.Serial {
	if s.ownOnly && serial != s.own {
		return noSerial
	}
	return serial
}

// users removes the serial numbers that the person may not see.
func (s sight) users(list []User) {
	for i := range list {
		list[i].Token = s.serial(list[i].Token)
		list[i].LeftSuspended = nil
	}
}

// Suspension describes whether a token is suspended, and how it can be unlocked.
type Suspension struct {
	Suspended bool
	Way       validator.Verdict // how it can be unlocked at all
	You       validator.Verdict // whether the requesting user can unlock it; zero for a clerk
}

// Suspension returns how a suspended token can be unlocked (BK-07, BK-08).
func (b *Bank) Suspension(ctx context.Context, by By, serial token.Serial) (s Suspension, err error) {
	err = b.db.View(ctx, func(tx *store.Tx) error {
		see, err := b.sight(tx, by)
		if err != nil {
			return err
		}
		row, err := tx.Token(serial)
		if err == nil && !see.token(row.Token) {
			err = store.ErrNotFound
		}
		if err != nil {
			return missing(err, "token", serial.String())
		}
		s = Suspension{Suspended: row.State.Suspended}
		if !s.Suspended || row.Contract == "" {
			return nil
		}
		r, err := b.enter(tx, row.Contract, serial)
		if err != nil {
			return err
		}
		now := b.Now()
		users, target := b.people(r, now), held(row.Token, now)
		s.Way = validator.UnlockWay(b.settings, users, target)
		for _, u := range users {
			if !by.inBackOffice() && u.ID == by.User {
				s.You = validator.MayUnlock(b.settings, u, users, target)
			}
		}
		return nil
	})
	return s, err
}
