// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/d204ef64/fob/internal/errclass"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
	"github.com/d204ef64/fob/validator"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/httpapi"
	"github.com/d204ef64/fob/validator/pages"
	"github.com/d204ef64/fob/validator/server"
	"github.com/d204ef64/fob/validator/store"
	"github.com/d204ef64/fob/virtual"
)

// Bank is a temporary bank with one customer, in a folder that Close removes. It uses
// the clock of the tokens' world.
type Bank struct {
	URL      string // address of the customer's pages
	User     string
	Password string // valid as long as the demo runs

	world  *virtual.World
	folder string
	db     *store.DB
	bank   *bank.Bank
	server *server.Server
	ended  chan error
	stop   context.CancelFunc
}

// ErrStory is the error of a step that did not have the required result.
var ErrStory = errclass.New(errclass.Failed, "unexpected result of a step at the bank")

// Step is the result of one step of the story.
type Step struct {
	Name   string `json:"name"`
	Detail string `json:"detail"`
	Passed bool   `json:"passed"` // the required event happened
}

// worldClock is the clock of a world.
type worldClock struct{ world *virtual.World }

func (c worldClock) Now() token.UnixSeconds { return token.UnixSecondsOf(c.world.Now().Time()) }

// Wait waits until the world's clock reaches t.
func (c worldClock) Wait(ctx context.Context, t token.UnixSeconds) error {
	for c.Now() < t {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return ctx.Err()
}

// clerk is the actor of the bank's own operations.
var clerk = bank.By{Clerk: "demo", Channel: bank.ChannelCommand}

// contract is the bank's only contract.
const contract = "demo"

// OpenBank creates a bank for the demo's tokens, and serves its pages on a free port of
// the loopback interface.
func (d *Demo) OpenBank(ctx context.Context) (*Bank, error) {
	return openBank(ctx, d.world, httpapi.Limits{})
}

// openBank creates a bank for the tokens of a world.
func openBank(ctx context.Context, world *virtual.World, limits httpapi.Limits) (_ *Bank, err error) {
	b := &Bank{User: "hanako", Password: rand.Text()[:16], world: world}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	if b.folder, err = os.MkdirTemp("", "fob-demo-"); err != nil {
		return nil, err
	}
	if b.db, err = store.Open(ctx, filepath.Join(b.folder, "bank.db"), true); err != nil {
		return nil, err
	}
	master, err := bank.Realm.NewMaster()
	if err != nil {
		return nil, err
	}
	clock := worldClock{world}
	if err := bank.Create(ctx, b.db, master, "", validator.DefaultSettings(), bank.Options{Clock: clock}); err != nil {
		return nil, err
	}
	if b.bank, err = bank.Open(ctx, b.db, master, bank.Options{Clock: clock}); err != nil {
		return nil, err
	}
	_, err = b.bank.AddContract(ctx, clerk, bank.Contract{
		ID: contract, Name: "Demo Trading Co.", Address: "1-1-1 Marunouchi, Tokyo", Email: "demo@example.com", Language: bank.English,
	})
	if err != nil {
		return nil, err
	}
	_, _, err = b.bank.AddUser(ctx, clerk, bank.NewUser{
		ID: b.User, Contract: contract, Role: validator.Master, Name: "Hanako", Language: bank.English, Password: b.Password,
	}, "")
	if err != nil {
		return nil, err
	}
	b.server, err = server.Listen(server.Config{
		Bank: b.bank, Clock: clock, Listen: "127.0.0.1:0",
		API:   httpapi.New(b.bank, httpapi.Options{TestMode: true, Limits: limits}),
		Pages: pages.New(b.bank, pages.Options{TestMode: true}),
	})
	if err != nil {
		return nil, err
	}
	b.URL = b.server.HTTP()
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop, b.ended = stop, make(chan error, 1)
	go func() { b.ended <- b.server.Serve(serving) }()
	return b, nil
}

// Story shows the use of a token. The token is imported from PSKC, activated, and used
// for a transfer on the bank's pages. Then its code is replayed, which the bank must
// refuse. The codes are read from the token's display through its serial port.
func (b *Bank) Story(ctx context.Context, t *Token) (steps []Step, err error) {
	addStep := func(name, detail string, passed bool) { steps = append(steps, Step{name, detail, passed}) }

	n, err := b.importToken(ctx, t)
	if err != nil {
		return steps, fmt.Errorf("importing the token: %w", err)
	}
	addStep("the bank imports its seed by PSKC (RFC 6030)", fmt.Sprintf("%d token, S/N %s", n, t.Serial), n == 1)

	page, err := newBrowser(b.URL)
	if err != nil {
		return steps, err
	}
	if err := page.submit(ctx, "/login", map[string]string{"user": b.User, "password": b.Password}); err != nil {
		return steps, fmt.Errorf("logging in: %w", err)
	}
	code, err := b.readCode(ctx, t)
	if err != nil {
		return steps, err
	}
	if err := page.submit(ctx, "/token/activate", map[string]string{"serial": t.Serial.String(), "code": code}); err != nil {
		return steps, fmt.Errorf("activating: %w", err)
	}
	user, err := b.bank.User(ctx, clerk, b.User)
	if err != nil {
		return steps, err
	}
	addStep(b.User+" registers it on the page with "+code, page.notice(), user.Token == t.Serial)

	b.world.Advance(time.Minute) // makes both the bank and the token go on to the next code
	if code, err = b.readCode(ctx, t); err != nil {
		return steps, err
	}
	for _, again := range []bool{false, true} {
		before, err := b.transfers(ctx)
		if err != nil {
			return steps, err
		}
		if err := b.transfer(ctx, page, code); err != nil {
			return steps, fmt.Errorf("transferring: %w", err)
		}
		after, err := b.transfers(ctx)
		if err != nil {
			return steps, err
		}
		if again {
			addStep("the same code again", page.notice(), after == before)
		} else {
			addStep("a transfer on the page with "+code, page.notice(), after == before+1)
		}
	}
	report, err := b.bank.VerifyAudit(ctx, "", nil)
	if err != nil {
		return steps, err
	}
	addStep("the audit log is checked", fmt.Sprintf("%d records, %d faults", report.Records, len(report.Faults)), len(report.Faults) == 0)
	return steps, nil
}

// transfer submits the pages of a transfer.
func (b *Bank) transfer(ctx context.Context, page *browser, code string) error {
	err := page.submit(ctx, "/operations/transfer", map[string]string{
		"payee": "Suzuki Shoten", "bank": "Example Bank", "branch": "Ginza", "account": "1234567", "amount": "50000",
	})
	if err != nil {
		return err
	}
	return page.submit(ctx, "/operations/transfer/confirm", map[string]string{"code": code})
}

// transfers returns the number of completed transfers.
func (b *Bank) transfers(ctx context.Context) (int, error) {
	list, _, err := b.bank.Transactions(ctx, clerk, contract, bank.Page{})
	return len(list), err
}

// importToken imports the seed as a PSKC file.
func (b *Bank) importToken(ctx context.Context, t *Token) (int, error) {
	format, err := seedfile.FormatByName("pskc")
	if err != nil {
		return 0, err
	}
	var file bytes.Buffer
	w, err := format.NewWriter(&file, seedfile.WriteOptions{})
	if err != nil {
		return 0, err
	}
	err = w.Write(&seedfile.Record{
		Serial: t.Serial, Seed: t.seed, Algorithm: t.Profile.Algorithm, Digits: t.Profile.Digits, Step: t.Profile.Step,
		T0: t.Profile.T0, Manufacturer: "fob", Model: t.Profile.Name,
		Device: seedfile.Validity{Expiry: seedfile.ExpiryInstant(t.Expiry, token.Tokyo())},
	})
	if err := errors.Join(err, w.Close()); err != nil {
		return 0, err
	}
	defer func() { clear(file.Bytes()) }()
	r, _, err := seedfile.NewReader(bytes.NewReader(file.Bytes()), seedfile.ReadOptions{})
	if err != nil {
		return 0, err
	}
	report, err := b.bank.Import(ctx, clerk, r, bank.ImportOptions{Contract: contract})
	return report.Tokens, err
}

// readCode reads a code that stays valid for more than 5 s.
func (b *Bank) readCode(ctx context.Context, t *Token) (string, error) {
	for {
		look, err := t.Look(ctx)
		if err != nil {
			return "", err
		}
		if !look.Agree {
			return "", ErrDisagree
		}
		if look.Left > 5*time.Second {
			return look.Shown, nil
		}
		b.world.Advance(look.Left + time.Second)
	}
}

// Close stops the bank and removes its folder.
func (b *Bank) Close() error {
	var errs []error
	if b.stop != nil {
		b.stop()
		errs = append(errs, <-b.ended)
		b.stop = nil
	} else if b.server != nil {
		b.server.Close()
	}
	if b.db != nil {
		errs = append(errs, b.db.Close())
	}
	if b.folder != "" {
		errs = append(errs, os.RemoveAll(b.folder))
	}
	return errors.Join(errs...)
}
