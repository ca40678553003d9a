// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/internal/pgtest"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/store"
)

func date(t *testing.T, y, m, d int) token.Expiry {
	t.Helper()
	e, err := token.NewExpiry(y, m, d)
	require.NoError(t, err)
	return e
}

func row(t *testing.T, text string) store.TokenRow {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	return store.TokenRow{
		Token: store.Token{
			Serial:       serial(t, text),
			Profile:      token.Profile{Algorithm: token.SHA256, Digits: 8, Step: 60, T0: 7},
			Manufacturer: "製造", Model: "M 1", Start: 1700000000, Expiry: date(t, 2031, 3, 31),
			Condition: validator.InUse, Imported: 1775012400,
			State: validator.State{Drift: validator.Drift{Offset: -3, Top: -2}},
		},
		Sealed: []byte{1, 2, 3, 0}, SealKey: 1, Fingerprint: sum[:], Import: "i",
	}
}

// TestRoundTrips checks that every field is read back as it was written.
func TestRoundTrips(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		c := store.Contract{ID: "c-1", Name: "株式会社 '\"%_\\", Address: "東京都\u3000𠮷野家", Email: "a@example.com", Language: store.English, HadFree: true, Created: 12}
		tok := row(t, "123456789012")
		tok.Contract = c.ID
		u := store.UserRow{User: store.User{
			ID: "alice", Contract: c.ID, Role: validator.Master, Name: "アリス", Email: "x@example.com", Language: store.Japanese,
			Token: tok.Serial, Activated: 5, RevokedAt: 6, Locked: true, Refused: validator.RefusedActivations{Count: 3, Last: 1 << 33},
			LeftSuspended: []token.Serial{serial(t, "A-1"), serial(t, "B2")}, Created: 7,
		}, Password: "$argon2id$…"}
		o := store.Order{
			ID: "o1", Contract: c.ID, Cause: validator.CauseDamage, Returned: true, Old: tok.Serial, Fee: 2200, Rule: validator.BK10,
			Address: c.Address, Applied: date(t, 2026, 4, 1), From: date(t, 2026, 4, 8), To: date(t, 2026, 4, 11), By: "desk",
		}
		n := store.Notice{
			ID: "n1", Serial: tok.Serial, Contract: c.ID, To: "a@example.com", Language: store.English, Expiry: tok.Expiry, Order: o.ID,
			ArrivesFrom: o.From, ArrivesBy: o.To, Made: 9,
		}
		tr := store.Transaction{
			ID: "t1", At: 8, Contract: c.ID, User: u.ID, Operation: validator.OpTransfer, Serial: tok.Serial,
			Details: map[string]string{"payee": "A \"B\" \\ 漢", "amount": "1"},
		}
		s := store.SessionRow{Session: store.Session{User: u.ID, Started: 1, Ends: 100}, Seen: 2}
		k := store.APIKey{ID: "k1", Role: store.KeyAudit, Name: "ナ", Created: 3}
		clerk := store.Clerk{ID: "desk", Name: "窓口", Password: "$argon2id$", Created: 4}
		hash, other := []byte("hash"), []byte("other")
		update(t, db, func(tx *store.Tx) error {
			require.NoError(t, tx.AddContract(c))
			require.NoError(t, tx.AddTokens([]store.TokenRow{tok}))
			require.NoError(t, tx.AddUser(u))
			require.NoError(t, tx.AddOrder(o))
			require.NoError(t, tx.AddNotice(n))
			require.NoError(t, tx.AddTransaction(tr))
			require.NoError(t, tx.AddSession(s, hash))
			require.NoError(t, tx.AddSession(s, other))
			require.NoError(t, tx.AddKey(k, hash))
			return tx.AddClerk(clerk)
		})
		check := func(tx *store.Tx) error {
			gotC, err := tx.Contract(c.ID)
			require.NoError(t, err)
			require.Equal(t, c, gotC)
			gotT, err := tx.Token(tok.Serial)
			require.NoError(t, err)
			want := tok
			want.Fingerprint, want.Import = nil, ""
			require.Equal(t, want, gotT)
			gotU, err := tx.User(u.ID)
			require.NoError(t, err)
			require.Equal(t, u, gotU)
			gotO, err := tx.Order(o.ID)
			require.NoError(t, err)
			require.Equal(t, o, gotO)
			gotN, err := tx.Notice(n.ID)
			require.NoError(t, err)
			require.Equal(t, n, gotN)
			list, next, err := tx.Transactions(c.ID, store.Page{})
			require.NoError(t, err)
			require.Empty(t, next)
			require.Equal(t, []store.Transaction{tr}, list)
			list, _, err = tx.Transactions("another", store.Page{})
			require.NoError(t, err)
			require.Empty(t, list, "users of another contract are not listed")
			gotS, err := tx.Session(hash)
			require.NoError(t, err)
			require.Equal(t, s, gotS)
			gotK, err := tx.Key(hash)
			require.NoError(t, err)
			require.Equal(t, k, gotK)
			gotClerk, err := tx.Clerk("desk")
			require.NoError(t, err)
			require.Equal(t, clerk, gotClerk)
			return nil
		}
		view(t, db, check)
		update(t, db, check)

		tok.State = validator.State{
			Next: 1 << 40, Drift: validator.Drift{
				Offset: -720, Top: 719, TopAt: 1 << 33, LowerSince: 1 << 34, Lower: -700, Shown: -43_200, ShownAt: 1 << 35,
			}, FailedAttempts: 4, Suspended: true,
			Pending: validator.Pending{Set: true, Step: 1 << 39, Offset: -9, At: 1 << 36},
		}
		tok.Condition, tok.Activated, tok.Noticed = validator.Revoked, 1<<34, 1<<35
		c.Name, c.HadFree = "other", false
		u.Role, u.Locked, u.Token, u.Password = validator.Admin, false, token.Serial{}, "p"
		o.Status, o.New = store.OrderShipped, tok.Serial
		n.Status, n.Began, n.Sent, n.Tries, n.Problem = store.NoticeDoubtful, 1, 2, 3, "450 後で"
		s.Seen = 77
		k.Ended = 9
		clerk.Locked = true
		update(t, db, func(tx *store.Tx) error {
			require.NoError(t, tx.PutState(tok.Serial, tok.State))
			require.NoError(t, tx.PutToken(tok.Token))
			require.NoError(t, tx.PutContract(c))
			require.NoError(t, tx.PutUser(u))
			require.NoError(t, tx.PutOrder(o))
			require.NoError(t, tx.PutNotice(n))
			require.NoError(t, tx.TouchSession(hash, s.Seen))
			require.NoError(t, tx.EndKey(k.ID, k.Ended))
			return tx.PutClerk(clerk)
		})
		view(t, db, check)
		update(t, db, func(tx *store.Tx) error {
			require.ErrorIs(t, tx.EndKey(k.ID, 10), store.ErrNotFound, "once")
			require.NoError(t, tx.DropSessions(u.ID, "", other))
			_, err := tx.Session(hash)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = tx.Session(other)
			require.NoError(t, err)
			require.NoError(t, tx.AddSession(store.SessionRow{Session: store.Session{Clerk: "desk", Started: 101, Ends: 200}}, hash))
			_, err = tx.Session(other)
			require.ErrorIs(t, err, store.ErrNotFound, "ended sessions are deleted")
			return tx.DropSession(hash)
		})
		for what, fn := range map[string]func(tx *store.Tx) error{
			"contract": func(tx *store.Tx) error { return tx.AddContract(c) },
			"token":    func(tx *store.Tx) error { return tx.AddTokens([]store.TokenRow{tok}) },
			"user":     func(tx *store.Tx) error { return tx.AddUser(u) },
			"notice": func(tx *store.Tx) error {
				second := n
				second.ID = "n2"
				return tx.AddNotice(second)
			},
			"key": func(tx *store.Tx) error {
				second := k
				second.ID = "k2"
				return tx.AddKey(second, hash)
			},
		} {
			err := db.Update(t.Context(), fn)
			require.ErrorIs(t, err, store.ErrExists, what)
		}
		stranger := u
		stranger.ID, stranger.Contract = "eve", "none"
		err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.AddUser(stranger) })
		require.ErrorIs(t, err, store.ErrNotFound, "a user of no contract")
	})
}

// TestOneMasterPerContract checks that the database allows one master per contract, independently of
// the rules above it.
func TestOneMasterPerContract(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		user := func(id, contract string, r validator.Role) store.UserRow {
			return store.UserRow{User: store.User{ID: id, Contract: contract, Role: r, Name: id, Language: "ja"}}
		}
		update(t, db, func(tx *store.Tx) error {
			require.NoError(t, tx.AddContract(contract("a")))
			require.NoError(t, tx.AddContract(contract("b")))
			require.NoError(t, tx.AddUser(user("1", "a", validator.Master)))
			require.NoError(t, tx.AddUser(user("2", "b", validator.Master)))
			require.NoError(t, tx.AddUser(user("3", "a", validator.Admin)))
			return tx.AddUser(user("4", "a", validator.Admin))
		})
		require.ErrorIs(t, db.Update(t.Context(), func(tx *store.Tx) error { return tx.AddUser(user("5", "a", validator.Master)) }), store.ErrExists)
		require.ErrorIs(t, db.Update(t.Context(), func(tx *store.Tx) error { return tx.PutUser(user("3", "a", validator.Master)) }), store.ErrExists)
	})
}

// pages reads a list page by page, and checks that each line comes once and in order.
func pages[T any](t *testing.T, want []string, page func(p store.Page) ([]T, string, error), id func(T) string) {
	t.Helper()
	for _, limit := range []int{1, 2, 3, 7, len(want) - 1, len(want), len(want) + 1} {
		var have []string
		p := store.Page{Limit: limit}
		for rounds := 0; ; rounds++ {
			require.LessOrEqual(t, rounds, len(want), "paging ends")
			list, next, err := page(p)
			require.NoError(t, err)
			require.LessOrEqual(t, len(list), limit)
			for _, v := range list {
				have = append(have, id(v))
			}
			if p.After = next; next == "" {
				break
			}
			require.Len(t, list, limit, "only the last page is short")
		}
		require.Equal(t, want, have, "limit %d", limit)
	}
}

// TestPagination checks that the pages together are the complete list, with each line once.
func TestPagination(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		const n = 23
		var ids, serials []string
		for i := range n {
			ids = append(ids, fmt.Sprintf("c%02d", i))
			serials = append(serials, fmt.Sprintf("1000000000%02d", i))
		}
		update(t, db, func(tx *store.Tx) error {
			for i, id := range ids {
				require.NoError(t, tx.AddContract(contract(id)))
				require.NoError(t, tx.AddUser(store.UserRow{User: store.User{ID: id, Contract: id, Name: "n", Language: "ja"}}))
				tok := row(t, serials[i])
				tok.Contract = id
				require.NoError(t, tx.AddTokens([]store.TokenRow{tok}))
				o := store.Order{ID: id, Contract: id, Old: tok.Serial, Applied: tok.Expiry, From: tok.Expiry, To: tok.Expiry}
				require.NoError(t, tx.AddOrder(o))
				require.NoError(t, tx.AddNotice(store.Notice{
					ID: id, Serial: tok.Serial, Contract: id, Language: "ja", Expiry: tok.Expiry, ArrivesFrom: tok.Expiry, ArrivesBy: tok.Expiry, Order: id,
				}))
				require.NoError(t, tx.AddTransaction(store.Transaction{ID: id, Contract: id, Operation: validator.OpTransfer}))
				// The records are only seconds apart: the order must not depend on the
				// time alone.
				tx.AddAudit(store.Record{At: token.UnixSeconds(i / 10), Act: id, Reason: "x"})
			}
			return nil
		})
		for i := range 20 { // on PostgreSQL, in other chains as well
			require.NoError(t, db.Grouped(t.Context(), "", func(tx *store.Tx) error {
				tx.AddAudit(store.Record{At: token.UnixSeconds(i / 10), Act: fmt.Sprint(i), Reason: "x"})
				return nil
			}))
		}
		view(t, db, func(tx *store.Tx) error {
			pages(t, ids, func(p store.Page) ([]store.Contract, string, error) { return tx.Contracts("c", p) },
				func(c store.Contract) string { return c.ID })
			pages(t, ids, func(p store.Page) ([]store.User, string, error) { return tx.Users("", p) },
				func(u store.User) string { return u.ID })
			pages(t, serials, func(p store.Page) ([]store.Token, string, error) {
				return tx.Tokens(store.TokenFilter{Serial: "1000", Page: p})
			}, func(k store.Token) string { return k.Serial.String() })
			pages(t, ids, func(p store.Page) ([]store.Order, string, error) { return tx.Orders("", true, p) },
				func(o store.Order) string { return o.ID })
			pages(t, ids, func(p store.Page) ([]store.Notice, string, error) { return tx.Notices(nil, p) },
				func(n store.Notice) string { return n.ID })
			back := slices.Clone(ids)
			slices.Reverse(back)
			pages(t, back, func(p store.Page) ([]store.Transaction, string, error) { return tx.Transactions("", p) },
				func(o store.Transaction) string { return o.ID })
			all, next, err := tx.Audit(store.AuditFilter{Page: store.Page{Limit: 1000}})
			require.NoError(t, err)
			require.Empty(t, next)
			require.Len(t, all, n+20)
			place := func(r store.Record) string { return fmt.Sprintf("%d.%d.%d", r.At, r.Chain, r.Seq) }
			var places []string
			for i, r := range all {
				places = append(places, place(r))
				require.True(t, i == 0 || all[i-1].At >= r.At, "the newest first")
			}
			pages(t, places, func(p store.Page) ([]store.Record, string, error) { return tx.Audit(store.AuditFilter{Page: p}) }, place)
			_, _, err = tx.Audit(store.AuditFilter{Page: store.Page{After: "x"}})
			require.ErrorIs(t, err, store.ErrNotFound)
			return nil
		})
	})
}

// TestSearch checks that text from a search box is not used as a pattern.
func TestSearch(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, name string) {
		db := open(t, name)
		names := map[string]string{"a": "100% pure", "b": "1000 pure", "c": `back\slash`, "d": "back_slash", "e": "backXslash", "f": "it's"}
		update(t, db, func(tx *store.Tx) error {
			for id, n := range names {
				c := contract(id)
				c.Name = n
				require.NoError(t, tx.AddContract(c))
			}
			return nil
		})
		view(t, db, func(tx *store.Tx) error {
			for find, want := range map[string][]string{
				"%": {"a"}, "00%": {"a"}, "_": {"d"}, "k_s": {"d"}, `\`: {"c"}, `k\s`: {"c"}, "pure": {"a", "b"}, "'": {"f"},
				"' OR 1=1 --": nil, "%%": nil, `\%`: nil, "": {"a", "b", "c", "d", "e", "f"},
			} {
				list, _, err := tx.Contracts(find, store.Page{})
				require.NoError(t, err)
				var have []string
				for _, c := range list {
					have = append(have, c.ID)
				}
				require.Equal(t, want, have, "%q", find)
			}
			for _, find := range []string{"%", "_", `\`, "1%", "'"} {
				list, _, err := tx.Tokens(store.TokenFilter{Serial: find})
				require.NoError(t, err)
				require.Empty(t, list)
			}
			return nil
		})
	})
}
