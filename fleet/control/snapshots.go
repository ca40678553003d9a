// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/d204ef64/fob/fleet"
)

// snapshotView is a snapshot.
type snapshotView struct {
	Name   string    `json:"name" doc:"of the snapshot" example:"before"`
	At     time.Time `json:"at" doc:"the world's time then"`
	Tokens int       `json:"tokens" doc:"number of tokens in it"`
	Bytes  int64     `json:"bytes" doc:"size of its file, which is estimated for more than 100 tokens"`
}

func snapshotOf(s *fleet.Snapshot) snapshotView {
	return snapshotView{Name: s.Name, At: s.At.Time(), Tokens: s.Len(), Bytes: s.Size()}
}

type takeInput struct {
	Body struct {
		Name   string     `json:"name" doc:"name of the snapshot, not only dots" example:"before" minLength:"1" maxLength:"60" pattern:"^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$"`
		Tokens tokenNames `json:"tokens,omitempty" minItems:"1" maxItems:"10000" nullable:"false" doc:"serial numbers or hardware ids; all tokens by default"`
	}
}

// tokenNames are names of tokens; nil if the field is left out. It is empty for null: a
// client whose list is not set does not mean the whole fleet.
type tokenNames []string

// UnmarshalJSON implements [json.Unmarshaler].
func (n *tokenNames) UnmarshalJSON(b []byte) error {
	list := []string{}
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	if *n = list; list == nil {
		*n = tokenNames{}
	}
	return nil
}

type bySnapshot struct {
	Name string `path:"name" maxLength:"60" doc:"name of a snapshot" example:"before"`
}

type snapshotQuery struct {
	Token string `query:"token" maxLength:"40" doc:"only snapshots that contain this token: a serial number or a hardware id" example:"ZZFB00000001"`
}

type loadInput struct {
	Name    string `path:"name" doc:"name of the snapshot, not only dots" example:"before" minLength:"1" maxLength:"60" pattern:"^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$"`
	RawBody []byte
}

// Limits of snapshots.
const (
	maxSnapshot  = 1 << 30 // bytes of one that a client sends
	maxSnapshots = 100     // snapshots that a fleet keeps
)

func (s *server) snapshots() {
	add(s, http.MethodPost, "/v1/snapshots", "take-snapshot", "Keep the state of tokens under a name, in memory",
		func(_ context.Context, in *takeInput) (*body[snapshotView], error) {
			if err := s.roomFor(in.Body.Name); err != nil {
				return nil, err
			}
			if in.Body.Tokens != nil && len(in.Body.Tokens) == 0 {
				return nil, invalid("body.tokens", "null is not a list: leave the field out for all tokens")
			}
			var members []fleet.Member
			for _, name := range in.Body.Tokens {
				m, err := s.fleet.Find(name)
				if err != nil {
					return nil, err
				}
				members = append(members, m)
			}
			return &body[snapshotView]{snapshotOf(s.fleet.TakeSnapshot(in.Body.Name, members...))}, nil
		})
	get(s, "/v1/snapshots", "list-snapshots", "The snapshots", func(in *snapshotQuery) (*body[listOf[snapshotView]], error) {
		var m fleet.Member
		if in.Token != "" {
			var err error
			if m, err = s.fleet.Find(in.Token); err != nil {
				return nil, err
			}
		}
		list := listOf[snapshotView]{Items: []snapshotView{}}
		for _, snap := range s.fleet.Snapshots() {
			if in.Token != "" && !snap.Has(m) {
				continue
			}
			list.Items = append(list.Items, snapshotOf(snap))
		}
		return &body[listOf[snapshotView]]{list}, nil
	})
	s.fromSnapshot("restore", "Reset the tokens of a snapshot to it; the clock does not go back", s.fleet.Restore)
	s.fromSnapshot("fork", "Add a new token for each in the snapshot, with a hardware id of its own", s.fleet.Fork)
	add(s, http.MethodDelete, "/v1/snapshots/{name}", "drop-snapshot", "Forget a snapshot",
		func(_ context.Context, in *bySnapshot) (*empty, error) {
			snap, err := s.fleet.Snapshot(in.Name)
			if err != nil {
				return nil, err
			}
			s.fleet.DropSnapshot(snap)
			return &empty{}, nil
		})
	addFile(s, "/v1/snapshots/{name}", "get-snapshot", "A snapshot as a file, with the seeds; only with --allow-seed-export", s.writeSnapshot)
	op := operation(http.MethodPut, "/v1/snapshots/{name}", "load-snapshot", "Keep the snapshot of a file, of a fleet with the same world seed")
	op.MaxBodyBytes, op.BodyReadTimeout = maxSnapshot, time.Minute
	huma.Register(s.api, op, func(_ context.Context, in *loadInput) (*body[snapshotView], error) {
		if err := s.roomFor(in.Name); err != nil {
			return nil, err
		}
		snap, err := s.fleet.LoadSnapshot(in.Name, in.RawBody)
		if err != nil {
			return nil, fault(err)
		}
		return &body[snapshotView]{snapshotOf(snap)}, nil
	})
}

func (s *server) writeSnapshot(in *bySnapshot) (func(io.Writer) error, error) {
	if err := s.refuseSeeds(); err != nil {
		return nil, err
	}
	snap, err := s.fleet.Snapshot(in.Name)
	if err != nil {
		return nil, err
	}
	return func(w io.Writer) error {
		_, err := snap.WriteTo(w)
		return err
	}, nil
}

// roomFor returns a problem if there are too many snapshots besides the one of the name.
func (s *server) roomFor(name string) error {
	if _, err := s.fleet.Snapshot(name); err == nil || len(s.fleet.Snapshots()) < maxSnapshots {
		return nil
	}
	return newProblem(http.StatusConflict, "snapshot_limit",
		"there are "+strconv.Itoa(maxSnapshots)+" snapshots, the most that a fleet keeps: remove one")
}

func (s *server) fromSnapshot(verb, summary string, op func(*fleet.Snapshot) ([]fleet.Member, error)) {
	add(s, http.MethodPost, "/v1/snapshots/{name}/"+verb, verb, summary,
		func(_ context.Context, in *bySnapshot) (*body[listOf[TokenView]], error) {
			snap, err := s.fleet.Snapshot(in.Name)
			if err != nil {
				return nil, err
			}
			members, err := op(snap)
			if err != nil {
				return nil, err
			}
			list := listOf[TokenView]{Items: []TokenView{}}
			for _, m := range members[:min(len(members), maxMade)] {
				list.Items = append(list.Items, ViewOf(m, m.Look()))
			}
			return &body[listOf[TokenView]]{list}, nil
		})
}
