// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"filippo.io/age"
	"golang.org/x/sync/errgroup"

	"github.com/d204ef64/fob/internal/atomicfile"
	"github.com/d204ef64/fob/internal/practice"
	"github.com/d204ef64/fob/line"
	"github.com/d204ef64/fob/line/export"
	"github.com/d204ef64/fob/validator/bank"
	"github.com/d204ef64/fob/validator/httpapi"
)

// LineOptions are the options of [Line].
type LineOptions struct {
	Tokens, Ports int

	// Import imports a seed file, encrypted with the key in keyFile, to a contract of the
	// bank. It returns the number of tokens.
	Import func(ctx context.Context, b *bank.Bank, by bank.By, file, keyFile, contract string) (int, error)

	Show func(LineProgress) // is called from several goroutines; may be nil
}

// LineProgress is the progress of a step of [Line].
type LineProgress struct {
	Step      LineStep
	Done, All int
	Detail    string // of a step that is over
	Over      bool
}

// LineStep is a step of [Line].
type LineStep string

// The steps, in their order.
const (
	LineOrder    LineStep = "order"
	LinePrograms LineStep = "line"
	LineExport   LineStep = "export"
	LineCheck    LineStep = "pskctool"
	LineImport   LineStep = "bank"
	LineRegister LineStep = "register"
	LineLogin    LineStep = "log in"
)

// LineSteps returns the steps in their order.
func LineSteps() []LineStep {
	return []LineStep{LineOrder, LinePrograms, LineExport, LineCheck, LineImport, LineRegister, LineLogin}
}

// LineResult is the result of [Line].
type LineResult struct {
	Order       string  `json:"order"`
	Tokens      int     `json:"count"`
	Ports       int     `json:"port_count"`
	Made        int     `json:"made"`
	LineSeconds float64 `json:"line_seconds"`
	PSKCTool    string  `json:"pskctool"` // valid, or not installed
	Imported    int     `json:"imported_count"`
	Registered  int     `json:"registered"`
	LoggedIn    int     `json:"logged_in"`
	Twice       int     `json:"accepted_twice"`
	Seconds     float64 `json:"seconds"`
}

// lineDemo is a demo of a line in progress.
type lineDemo struct {
	LineOptions
	dir    string
	room   *practice.Room
	bank   *Bank
	users  []*lineUser
	result LineResult
}

// Line shows a provisioning line from an order to the bank. Virtual operators program
// tokens. Their seeds are exported in a PSKC file that is encrypted to the customer, who
// imports it into a bank. Each token is then used by a user of the bank, with the codes on
// its display. The error wraps [ErrStory] if a step did not have the required result.
func Line(ctx context.Context, o LineOptions) (r LineResult, err error) {
	d := &lineDemo{LineOptions: o, result: LineResult{Tokens: o.Tokens, Ports: o.Ports}}
	if d.Show == nil {
		d.Show = func(LineProgress) {}
	}
	began := time.Now()
	if d.dir, err = os.MkdirTemp("", "fob-demo-"); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	for _, step := range []func(context.Context) error{d.order, d.program, d.export, d.register, d.logIn} {
		if err := step(ctx); err != nil {
			return d.result, err
		}
	}
	d.result.Seconds = time.Since(began).Seconds()
	return d.result, nil
}

// close removes everything.
func (d *lineDemo) close() error {
	var errs []error
	if d.bank != nil {
		errs = append(errs, d.bank.Close())
	}
	if d.room != nil {
		errs = append(errs, d.room.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(d.dir))...)
}

// over shows that a step is over. The step failed unless all tokens have passed it.
func (d *lineDemo) over(step LineStep, done int, detail string) error {
	if done != d.Tokens {
		return fmt.Errorf("%w: %s: %d of %d tokens", ErrStory, step, done, d.Tokens)
	}
	d.Show(LineProgress{Step: step, Done: done, All: d.Tokens, Detail: detail, Over: true})
	return nil
}

// order makes an order and has it signed.
func (d *lineDemo) order(context.Context) error {
	now := time.Now()
	if err := practice.NewOrder(d.dir, d.Tokens, now); err != nil {
		return err
	}
	c := practice.Config{Tokens: d.Tokens, Stations: 1, Ports: d.Ports, Dir: d.dir}
	signers, err := c.UseOrder(now)
	if err != nil {
		return err
	}
	var done atomic.Int64
	c.Report = func(e line.Event) {
		if e.Result == line.Pass && !e.LabelTaken {
			done.Add(1)
		}
		d.Show(LineProgress{Step: LinePrograms, Done: int(done.Load()), All: d.Tokens})
	}
	if d.room, err = practice.NewRoom(c); err != nil {
		return err
	}
	d.result.Order = c.Order.ID
	return d.over(LineOrder, c.Order.Count, fmt.Sprintf("%s for %d tokens, signed by %d people", c.Order.ID, c.Order.Count, len(signers)))
}

// program has the operators program the tokens. Meanwhile the bank opens.
func (d *lineDemo) program(ctx context.Context) error {
	var work errgroup.Group
	var r *practice.Result
	work.Go(func() (err error) {
		r, err = d.room.Run(ctx)
		return err
	})
	work.Go(func() (err error) {
		unlimited := httpapi.Rate{PerSecond: -1}
		d.bank, err = openBank(ctx, d.room.World(), httpapi.Limits{Requests: unlimited, KeyFailedAttempts: unlimited})
		if err != nil {
			return err
		}
		d.users, err = d.bank.addUsers(ctx, d.Tokens)
		return err
	})
	if err := work.Wait(); err != nil {
		return err
	}
	d.result.Made, d.result.LineSeconds = r.Tally.Made, r.Seconds
	if len(r.Differences) > 0 {
		return fmt.Errorf("%w: %s", ErrStory, r.Differences[0])
	}
	return d.over(LinePrograms, r.Tally.Made, fmt.Sprintf("%d tokens programmed and locked through %d ports in %.1f s", r.Tally.Made, d.Ports, r.Seconds))
}

// export exports the seeds, and imports them into the bank as the customer does.
func (d *lineDemo) export(ctx context.Context) error {
	delivery := filepath.Join(d.dir, "delivery")
	x, err := export.Write(ctx, d.room.Journal(0), export.Options{Order: d.result.Order, Dir: delivery})
	if err != nil {
		return err
	}
	const seeds = "seeds-1.xml" // a line that ran once has one seed file
	if err := d.over(LineExport, int(x.Manifest.Units()), fmt.Sprintf("%d seeds as PSKC (RFC 6030), encrypted to the customer's key", x.Manifest.Units())); err != nil {
		return err
	}
	file := filepath.Join(delivery, seeds)
	validated, err := validate(ctx, file)
	if err != nil {
		return err
	}
	detail := "the file was not checked: pskctool is not installed"
	d.result.PSKCTool = "not installed"
	if validated {
		d.result.PSKCTool, detail = "valid", "the file is valid by the schema of RFC 6030"
	}
	if err := d.over(LineCheck, d.Tokens, detail); err != nil {
		return err
	}
	key := filepath.Join(d.dir, "seeds-1.key")
	if err := decryptKey(filepath.Join(delivery, "seeds-1.KEY.age"), filepath.Join(d.dir, practice.CustomerFile), key); err != nil {
		return err
	}
	if d.result.Imported, err = d.Import(ctx, d.bank.bank, clerk, file, key, contract); err != nil {
		return err
	}
	return d.over(LineImport, d.result.Imported, fmt.Sprintf("%d tokens imported by their customer", d.result.Imported))
}

// validate has pskctool check a file against the schema of PSKC. It returns false if
// pskctool is not installed.
func validate(ctx context.Context, file string) (bool, error) {
	tool, err := exec.LookPath("pskctool")
	if err != nil {
		return false, nil
	}
	out, err := exec.CommandContext(ctx, tool, "--validate", file).CombinedOutput()
	if err == nil && !strings.Contains("\n"+string(out), "\nOK\n") {
		err = errors.New("it does not say OK")
	}
	if err != nil && ctx.Err() == nil {
		return false, fmt.Errorf("%w: pskctool --validate: %w: %s", ErrStory, err, strings.TrimSpace(string(out)))
	}
	return true, ctx.Err()
}

// decryptKey decrypts the key of a seed file, like age -d.
func decryptKey(encrypted, identity, to string) error {
	text, err := os.ReadFile(identity)
	if err != nil {
		return err
	}
	defer clear(text)
	identities, err := age.ParseIdentities(strings.NewReader(string(text)))
	if err != nil {
		return err
	}
	f, err := os.Open(encrypted)
	if err != nil {
		return err
	}
	defer f.Close()
	plain, err := age.Decrypt(f, identities...)
	if err != nil {
		return fmt.Errorf("decrypting %s: %w", filepath.Base(encrypted), err)
	}
	key, err := io.ReadAll(plain)
	if err != nil {
		return fmt.Errorf("decrypting %s: %w", filepath.Base(encrypted), err)
	}
	defer clear(key)
	return atomicfile.Write(to, key)
}
