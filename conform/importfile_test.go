// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/conform"
	"github.com/d204ef64/fob/conform/mutant"
	"github.com/d204ef64/fob/conform/seedset"
)

// runImport runs the cases of all files, or of some.
func runImport(t *testing.T, target *conform.Target, ids ...string) []conform.Result {
	t.Helper()
	cases, err := conform.Select(conform.Selection{Import: true, IDs: ids})
	require.NoError(t, err)
	report, err := conform.Run(t.Context(), target, conform.Options{Seed: 7, Cases: cases})
	require.NoError(t, err)
	return report.Results
}

// TestImportCases: the cases of files are as complete as the others.
func TestImportCases(t *testing.T) {
	for _, c := range conform.ImportCases() {
		require.Regexp(t, `^F\d\d$`, c.ID)
		require.Contains(t, conform.Levels(), c.Level, c.ID)
		require.Contains(t, conform.Themes(), c.Theme, c.ID)
		require.NotEmpty(t, c.Steps, c.ID)
	}
	chosen, err := conform.Select(conform.Selection{Import: true, IDs: []string{"f29"}})
	require.NoError(t, err)
	require.Equal(t, "F29", chosen[0].ID)
	_, err = conform.Select(conform.Selection{Import: true, IDs: []string{"C11"}})
	require.ErrorIs(t, err, conform.ErrCase)
	require.Len(t, conform.Known(), len(conform.All())+len(conform.ImportCases()))
}

// TestImportSameFiles: a run imports the files of package seedset with the same seed.
func TestImportSameFiles(t *testing.T) {
	target := mutant.New("").Target()
	var texts []string
	importFile := target.ImportFile
	target.ImportFile = func(ctx context.Context, f *conform.SeedFile) error {
		texts = append(texts, string(f.Text))
		return importFile(ctx, f)
	}
	runImport(t, target)
	for _, f := range seedset.Files(7) {
		require.Contains(t, texts, string(f.Text), f.Name)
		if f.Verdict == seedset.Refuse {
			require.Contains(t, texts, string(f.Right.Text), f.Name)
		}
	}
}

// TestImportPointless: importers that refuse all files, or import all or none of them, pass
// no case that shows nothing.
func TestImportPointless(t *testing.T) {
	for name, importFile := range map[string]func(*conform.SeedFile) error{
		"refuses": func(*conform.SeedFile) error { return fmt.Errorf("%w: no", conform.ErrRefused) },
		"forgets": func(*conform.SeedFile) error { return nil },
		"fails":   func(*conform.SeedFile) error { return fmt.Errorf("status 500") },
	} {
		target := mutant.New("").Target()
		target.ImportFile = func(_ context.Context, f *conform.SeedFile) error { return importFile(f) }
		for _, r := range runImport(t, target) {
			require.NotEqual(t, conform.Pass, r.Outcome, "%s: %s: %s", name, r.ID, r.Detail)
		}
	}
	// A server that accepts all codes.
	target := mutant.New("").Target()
	target.Check = func(context.Context, conform.Attempt) (conform.Answer, error) {
		return conform.Answer{Verdict: conform.Accepted}, nil
	}
	for _, r := range runImport(t, target) {
		require.Equal(t, conform.Fail, r.Outcome, "%s: %s", r.ID, r.Detail)
	}
}

// TestImportWithoutStatus: without the verbs status and clock, only codes are compared. The dates of
// a token then remain unknown.
func TestImportWithoutStatus(t *testing.T) {
	for _, fault := range mutant.ImportFaults() {
		if strings.Contains("F10 F11 F12 F13 F20 F50 F63", fault.Case) {
			continue // dates, and tokens that no user has
		}
		synctest.Test(t, func(t *testing.T) {
			target := mutant.New(fault.Case).Target()
			target.Status, target.SetClock = nil, nil
			result := runImport(t, target, fault.Case)[0]
			require.Equal(t, conform.Fail, result.Outcome, "%s: %s", fault.Case, result.Detail)
		})
	}
	target := mutant.New("").Target()
	target.Status, target.SetClock = nil, nil
	for _, r := range runImport(t, target, "F11", "F12", "F13") {
		require.Equal(t, conform.NotApplicable, r.Outcome, r.ID)
		require.Equal(t, "needs clock, or the expiry date in status", r.Detail, r.ID)
	}
}

// TestImportNoSecrets: no seed, key or password of a file is in a report, even if the target
// repeats them.
func TestImportNoSecrets(t *testing.T) {
	target := mutant.New("").Target()
	target.ImportFile = func(_ context.Context, f *conform.SeedFile) error {
		return fmt.Errorf("%w: %s %x %s", conform.ErrRefused, f.Text, f.Key, f.Password)
	}
	text := fmt.Sprint(runImport(t, target))
	for _, f := range seedset.Files(7) {
		for _, token := range f.Tokens {
			require.NotContains(t, text, fmt.Sprintf("%x", token.Key), f.Name)
		}
		if f.Key != nil {
			require.NotContains(t, text, fmt.Sprintf("%x", f.Key), f.Name)
		}
		if f.Password != "" {
			require.NotContains(t, text, f.Password, f.Name)
		}
	}
}

// TestImportFew: a target that holds few tokens is tested with one file after the other.
func TestImportFew(t *testing.T) {
	target := mutant.New("").Target()
	target.Limits.Tokens = 3
	for _, r := range runImport(t, target) {
		require.Equal(t, conform.Pass, r.Outcome, "%s: %s", r.ID, r.Detail)
	}
}

// TestImportAgain: a server that only replaces tokens of files fails C57.
func TestImportAgain(t *testing.T) {
	s := mutant.New("")
	target := s.Target()
	importFile := target.ImportFile
	target.ImportFile = func(ctx context.Context, f *conform.SeedFile) error {
		_ = s.Remove(f.Token.Serial)
		return importFile(ctx, f)
	}
	report, err := conform.Run(t.Context(), target, conform.Options{Seed: 7, Cases: only(t, "C57")})
	require.NoError(t, err)
	require.Equal(t, conform.Fail, report.Results[0].Outcome)
	require.Contains(t, report.Results[0].Detail, "in a file, wrong codes in a row")
}

// TestImportOneTokenOnly: an importer that reads only the first token of a file does not pass
// if the target has no status, however its tokens are checked.
func TestImportOneTokenOnly(t *testing.T) {
	for name, change := range map[string]struct {
		do   func(*conform.Target)
		want map[string]conform.Outcome // of the wrong importer, and of the right one
	}{
		"status": {func(*conform.Target) {}, map[string]conform.Outcome{"F10": conform.Fail, "": conform.Pass}},
		"assign": {func(target *conform.Target) { target.Status = nil }, map[string]conform.Outcome{"F10": conform.Fail, "": conform.Pass}},
		"neither": {func(target *conform.Target) { target.Status, target.Assign = nil, nil },
			map[string]conform.Outcome{"F10": conform.NotApplicable, "": conform.NotApplicable}},
	} {
		for fault, want := range change.want {
			target := mutant.New(fault).Target()
			change.do(target)
			for _, r := range runImport(t, target, "F10", "F04") {
				require.Equal(t, want, r.Outcome, "%s: %q: %s: %s", name, fault, r.ID, r.Detail)
			}
		}
	}
}

// TestImportEnforced: a server that enforces a restriction of a token may import its file.
func TestImportEnforced(t *testing.T) {
	for _, id := range []string{"F37", "F38", "F41"} {
		server := mutant.New(id).Target() // it ignores the restriction itself
		var restricted bool
		importFile, check := server.ImportFile, server.Check
		server.ImportFile = func(ctx context.Context, f *conform.SeedFile) error {
			text := string(f.Text)
			restricted = strings.Contains(text, "PINPolicy") || strings.Contains(text, "NumberOfTransactions") || strings.Contains(text, "12345")
			return importFile(ctx, f)
		}
		server.Check = func(ctx context.Context, a conform.Attempt) (conform.Answer, error) {
			if restricted {
				return conform.Answer{Verdict: conform.Refused}, nil
			}
			return check(ctx, a)
		}
		r := runImport(t, server, id)[0]
		require.Equal(t, conform.Pass, r.Outcome, "%s: %s", id, r.Detail)
		server.Status = nil
		r = runImport(t, server, id)[0]
		require.Equal(t, conform.NotApplicable, r.Outcome, "%s: %s", id, r.Detail)
	}
}

// TestImportHexadecimal: 40 hexadecimal digits are base64 (RFC 4648 §4). An importer may read
// them so.
func TestImportHexadecimal(t *testing.T) {
	target := mutant.New("").Target()
	importFile := target.ImportFile
	target.ImportFile = func(ctx context.Context, f *conform.SeedFile) error {
		if i := strings.Index(string(f.Text), "<Secret><PlainValue>"); i > 0 && !strings.Contains(string(f.Text), "=<") { // padded, as base64 of 20 bytes
			key := string(f.Text)[i+len("<Secret><PlainValue>"):][:40]
			other := *f
			other.Text = []byte(strings.ReplaceAll(string(f.Text), key, key[:20]+"\n"+key[20:])) // no longer only hexadecimal
			return importFile(ctx, &other)
		}
		return importFile(ctx, f)
	}
	r := runImport(t, target, "F46")[0]
	require.Equal(t, conform.Pass, r.Outcome, r.Detail)
	require.Contains(t, r.Detail, "imported, and the current code is accepted")
}

// TestImportSessionEnds: imports that are refused from some file on, because a session has
// ended, do not count as failures.
func TestImportSessionEnds(t *testing.T) {
	target := mutant.New("").Target()
	importFile, n := target.ImportFile, 0
	target.ImportFile = func(ctx context.Context, f *conform.SeedFile) error {
		if n++; n > 3 {
			return fmt.Errorf("%w: status 401", conform.ErrRefused)
		}
		return importFile(ctx, f)
	}
	for i, r := range runImport(t, target) {
		want := conform.NotApplicable
		if i < 3 {
			want = conform.Pass
		}
		require.Equal(t, want, r.Outcome, "%s: %s", r.ID, r.Detail)
	}
}

// TestImportWholeAnswer: a seed in the answer to a file fails F47, although the text of the
// error does not have it.
func TestImportWholeAnswer(t *testing.T) {
	target := mutant.New("F47").Target()
	importFile := target.ImportFile
	target.ImportFile = func(ctx context.Context, f *conform.SeedFile) error {
		err := importFile(ctx, f)
		if err != nil {
			err = &conform.AnswerError{Err: fmt.Errorf("%w: status 422", conform.ErrRefused), Full: err.Error()}
		}
		return err
	}
	r := runImport(t, target, "F47")[0]
	require.Equal(t, conform.Fail, r.Outcome, r.Detail)
	require.Equal(t, "the answer to pskc-seed-in-suite.xml contains the seed of its token", r.Detail)
}

// TestLongAnswers: a report has the beginnings of long answers, without a part of a seed at the
// place where one is cut.
func TestLongAnswers(t *testing.T) {
	target := mutant.New("").Target()
	var seeds []string
	target.ImportFile = func(_ context.Context, f *conform.SeedFile) error {
		seed := fmt.Sprintf("%x", f.Token.Seed.Bytes())
		seeds = append(seeds, seed)
		text := fmt.Errorf("%w: %s%s%s", conform.ErrRefused, strings.Repeat(".", 250), seed, strings.Repeat("long ", 1e5))
		return &conform.AnswerError{Err: text, Full: "long"}
	}
	for _, r := range runImport(t, target, "F02", "F29") {
		text := fmt.Sprint(r)
		require.Contains(t, r.Detail, "…")
		require.Less(t, len(text), 4000, r.ID)
		for _, seed := range seeds {
			require.NotContains(t, text, seed[:8], r.ID)
		}
	}
	target.Check = func(context.Context, conform.Attempt) (conform.Answer, error) {
		return conform.Answer{Verdict: conform.Trouble, Text: strings.Repeat("long ", 1e5)}, nil
	}
	_, err := conform.Run(t.Context(), target, conform.Options{Seed: 7})
	require.Error(t, err)
	require.Less(t, len(err.Error()), 1000)
}

// TestImportLimited: an import that the target has not looked at, because of too many requests,
// is done again, or the case is not applicable.
func TestImportLimited(t *testing.T) {
	for _, c := range []struct {
		fault string
		after time.Duration
		want  conform.Outcome
	}{{"", 2 * time.Second, conform.Pass}, {"F29", 0, conform.Fail}, {"F29", time.Hour, conform.NotApplicable}} {
		synctest.Test(t, func(t *testing.T) {
			target := mutant.New(c.fault).Target()
			importFile, importToken, n := target.ImportFile, target.Import, 0
			limited := func() error {
				if n++; n%3 == 2 {
					return &conform.LimitedError{Err: fmt.Errorf("status 429"), RetryAfter: c.after}
				}
				return nil
			}
			target.ImportFile = func(ctx context.Context, f *conform.SeedFile) error {
				if err := limited(); err != nil {
					return err
				}
				return importFile(ctx, f)
			}
			target.Import = func(ctx context.Context, t *conform.Token) error {
				if err := limited(); err != nil {
					return err
				}
				return importToken(ctx, t)
			}
			r := runImport(t, target, "F29")[0]
			require.Equal(t, c.want, r.Outcome, r.Detail)
		})
	}
}
