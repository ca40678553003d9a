// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"context"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/line/order"
	"github.com/d204ef64/fob/token/fleetkey"
)

// fileKind is the way in which fob treats the file of a flag.
type fileKind string

const (
	secretFile fileKind = "a secret: refused if others may use it"
	publicFile fileKind = "anyone may read it"
	newFile    fileKind = "fob writes it"
	dataFile   fileKind = "tokens, from elsewhere and in any format"
	flashFile  fileKind = "a board's seed: refused as a secret is; internal/board tests it"
	noFile     fileKind = "a database, or it only sounds like a file"
)

// fileFlags lists each flag that names a file, with its command if it differs between
// commands.
var fileFlags = map[string]fileKind{
	"--port-password-file": secretFile,
	"--state-key":          secretFile,
	"--key-file":           secretFile,
	"--seed-key-file":      secretFile,
	"--password-file":      secretFile,
	"--private-key":        secretFile,
	"--to-key-file":        secretFile,
	"--to-password-file":   secretFile,
	"--sign-key":           secretFile,
	"--db-file":            secretFile,
	"--smtp-password-file": secretFile,
	"--radius-secret-file": secretFile,
	"--tls-key":            secretFile,
	"--codes-file":         secretFile,
	"--api-key-file":       secretFile,
	"--follow-key-file":    secretFile,
	"--http-key":           secretFile,
	"--key":                secretFile,
	"--passphrase-file":    secretFile,
	"--fleet-key-file":     secretFile,

	"--seed-file":                      secretFile, // one seed
	"fob device provision --seed-file": secretFile, // one seed, or tokens, which are data
	"fob mcp --seed-file":              dataFile,
	"fob run --seed-file":              dataFile,
	"--record":                         dataFile,
	"--flash":                          flashFile,

	"--station-key":                      publicFile,
	"fob device provision --station-key": secretFile,
	"fob line run --station-key":         secretFile,
	"fob line resume --station-key":      secretFile,
	"--enrolled":                         publicFile,
	"--order":                            publicFile,
	"--fault-plan":                       publicFile,
	"--trusted":                          publicFile,
	"--allowed-signers":                  publicFile,
	"--font":                             publicFile,
	"--label-font":                       publicFile,
	"--recipient":                        publicFile,
	"--sign-cert":                        publicFile,
	"--tls-cert":                         publicFile,
	"--http-cert":                        publicFile,
	"--cacert":                           publicFile,
	"--follow-cacert":                    publicFile,
	"--lot":                              publicFile,
	"--target":                           publicFile,
	"--expect":                           publicFile,
	"--replay":                           publicFile,
	"--image":                            publicFile,
	"--since":                            publicFile,
	"--radius-clients-file":              publicFile, // it names the files of the secrets

	"--out":          newFile,
	"--keep":         newFile,
	"--junit":        newFile,
	"--html":         newFile,
	"--sarif":        newFile,
	"--events":       newFile,
	"--backup":       newFile,
	"--seed-out":     newFile,
	"--api-key-out":  newFile,
	"--new-key-file": newFile,
	"--svg":          newFile,
	"--png":          newFile,
	"--pcapng":       newFile,

	"--journal":    noFile, // a database without a seed in clear; TestJournalKeys tests the keys beside it
	"--key-name":   noFile,
	"--world-seed": noFile,
}

// commandLines has a command line for each command that reads a file with a secret. It
// contains everything but the flag for that file, which goes before --.
var commandLines = map[string]string{
	"fob board run":              "board run virt --tcp 127.0.0.1:0 --image image",
	"fob code":                   "code",
	"fob conform":                "conform --target preset:fob --only C01",
	"fob conform import":         "conform import --target preset:fob --only F01",
	"fob device":                 "device info --port tcp:127.0.0.1:9",
	"fob device provision":       "device provision --port tcp:127.0.0.1:9",
	"fob fleet":                  "fleet ls --url http://127.0.0.1:9",
	"fob line audit":             "line audit",
	"fob line export":            "line export --order ORD-2026-0001 --out delivery",
	"fob line order sign":        "line order sign order.yaml --name tanaka",
	"fob line release":           "line release --station station-1",
	"fob line resume":            "line resume --listen 127.0.0.1:0 --journal made/station-1/line.db --ports x --allow-unsynchronised-clock",
	"fob line simulate":          "line simulate --tokens 1 --listen 127.0.0.1:0",
	"fob line run":               "line run --listen 127.0.0.1:0 --order made/order.yaml --allowed-signers made/allowed_signers --journal made/line.db --allow-unsynchronised-clock",
	"fob line show":              "line show",
	"fob load":                   "load --count 1 --url http://127.0.0.1:9",
	"fob mcp":                    "mcp",
	"fob run":                    "run --tcp 127.0.0.1:0",
	"fob scenario run":           "scenario run slow.yaml --url http://127.0.0.1:9",
	"fob seeds convert":          "seeds convert tokens.csv --to pskc",
	"fob seeds decrypt":          "seeds decrypt tokens.csv",
	"fob seeds encrypt":          "seeds encrypt tokens.csv",
	"fob seeds inspect":          "seeds inspect tokens.csv",
	"fob seeds make":             "seeds make --count 1 --to pskc --out made.xml",
	"fob seeds qr":               "seeds qr tokens.csv --out qr.png",
	"fob seeds verify":           "seeds verify tokens.csv --serial 2600124800001 --code 123456",
	"fob validator":              "validator contract list",
	"fob validator clerk add":    "validator clerk add sato --name Sato --db bank.db --key-file bank.key",
	"fob validator clerk change": "validator clerk change tanaka --db bank.db --key-file bank.key",
	"fob validator import":       "validator import tokens.csv --db bank.db --key-file bank.key",
	"fob validator init":         "validator init --db new.db --key-file new.key --first-clerk tanaka",
	"fob validator notice run":   "validator notice run --db bank.db --key-file bank.key",
	"fob validator serve":        "validator serve --listen 127.0.0.1:0 --db bank.db --key-file bank.key",
	"fob validator token resync": "validator token resync 2600124800001 --db bank.db --key-file bank.key",
	"fob validator user add":     "validator user add alice --contract C-1 --name Alice --db bank.db --key-file bank.key",
	"fob validator user change":  "validator user change alice --db bank.db --key-file bank.key",
	"fob with":                   "with -- true",
}

// requiredFlags lists the additional flags that a flag requires.
var requiredFlags = map[string]string{
	"--state-key":                 "--state state",
	"fob load --api-key-file":     "--fleet-key-file fleet.key",
	"fob load --fleet-key-file":   "--api-key-file pw",
	"--sign-key":                  "--sign-cert tokens.csv",
	"--radius-secret-file":        "--radius 127.0.0.1:0",
	"--smtp-password-file":        "--smtp 127.0.0.1:9 --mail-from otp@example.com --smtp-user x",
	"--tls-key":                   "--tls-cert tokens.csv",
	"--http-key":                  "--http-cert tokens.csv",
	"fob line run --tls-key":      "--tls-cert tokens.csv",
	"fob line resume --tls-key":   "--tls-cert tokens.csv",
	"fob line simulate --tls-key": "--tls-cert tokens.csv",
	"--follow-key-file":           "--test-mode --follow http://127.0.0.1:9",

	"fob line order sign --passphrase-file":   "--key pw",
	"fob device provision --key-file":         "--seed-file tokens.csv --from oath-csv",
	"fob device provision --password-file":    "--seed-file tokens.csv --from oath-csv",
	"fob device provision --private-key":      "--seed-file tokens.csv --from oath-csv",
	"fob device provision --sign-key":         "--record made.xml --sign-cert tokens.csv",
	"fob device provision --to-key-file":      "--record made.xml",
	"fob device provision --to-password-file": "--record made.xml",
	"fob mcp --api-key-file":                  "--url http://127.0.0.1:9",
	"fob mcp --key-file":                      "--seed-file tokens.csv",
	"fob mcp --password-file":                 "--seed-file tokens.csv",
	"fob mcp --private-key":                   "--seed-file tokens.csv",
	"fob run --key-file":                      "--seed-file tokens.csv",
	"fob run --password-file":                 "--seed-file tokens.csv",
	"fob run --private-key":                   "--seed-file tokens.csv",
	"fob seeds encrypt --key-file":            "--to-password-file pw",
	"fob seeds encrypt --password-file":       "--to-password-file pw",
	"fob seeds encrypt --private-key":         "--to-password-file pw",
	"fob seeds encrypt --sign-key":            "--to-password-file pw --sign-cert tokens.csv",
	"fob validator --key-file":                "--db bank.db",
}

// TestDriverFiles checks that the rule also applies to the files that the PostgreSQL
// driver reads.
func TestDriverFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "driver's")
	require.NoError(t, os.WriteFile(file, []byte("*:*:*:*:geheim\n"), 0o600))
	t.Setenv("PGPASSFILE", "")
	t.Setenv("PGPASSWORD", "")
	try := func(want int, address string) {
		t.Helper()
		list := filepath.Join(t.TempDir(), "address")
		require.NoError(t, os.WriteFile(list, []byte(address), 0o600))
		code, _, errs := fob(t, "", "validator", "contract", "list", "--db-file", list)
		require.Equal(t, want, code, errs)
		require.Equal(t, want == exitUsage, strings.Contains(errs, file+": others may use it (mode 0644): chmod 600 it"), errs)
		require.NotContains(t, errs, "geheim")
	}
	const nobody = "127.0.0.1:9/x" // the discard port (RFC 863), without PostgreSQL
	try(exitNoConnect, "postgres://bank@"+nobody+"?passfile="+url.QueryEscape(file))
	require.NoError(t, os.Chmod(file, 0o644))
	try(exitUsage, "postgres://bank@"+nobody+"?passfile="+url.QueryEscape(file))
	try(exitNoConnect, "postgres://bank:geheim@"+nobody+"?passfile="+url.QueryEscape(file)) // the file is not read
	t.Setenv("PGPASSFILE", file)
	try(exitUsage, "postgres://bank@"+nobody)
}

// TestJournalKeys checks that the rule also applies to the keys of a journal.
func TestJournalKeys(t *testing.T) {
	t.Chdir(t.TempDir())
	code, out, errs := fob(t, "", "line", "simulate", "--tokens", "1", "--ports", "1", "--out", "made")
	require.Zero(t, code, out+errs)
	const db = "made/station-1/line.db"
	for _, file := range []string{db + ".key", db + ".ssh"} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.EqualValues(t, 0o600, info.Mode().Perm(), file)
		require.NoError(t, os.Chmod(file, 0o644))
		code, _, errs = fob(t, "", "line", "resume", "--journal", db)
		require.Equal(t, exitUsage, code, errs)
		require.Contains(t, errs, file+": others may use it (mode 0644): chmod 600 it")
		require.NoError(t, os.Chmod(file, 0o600))
	}
}

// eachFlag calls f once for each flag of each command.
func eachFlag(cmd *cobra.Command, f func(command string, flag *pflag.Flag)) {
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) { f(cmd.CommandPath(), flag) })
	for _, sub := range cmd.Commands() {
		eachFlag(sub, f)
	}
}

// TestSecretFiles checks that a file with a secret is refused if others can read it,
// for every flag that names one. The test fails for a new file flag that is not in the
// table.
func TestSecretFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) { require.NoError(t, os.WriteFile(name, []byte(text), 0o600)) }
	write("pw", "correct horse battery\n")
	write("tokens.csv", "2600124800001, 3132333435363738393031323334353637383930, totp, 6, 60\n")
	write("image", "not an image\n")
	write("fleet.key", string(fleetkey.Generate()))
	write("order.yaml", string(order.Sample(time.Now())))
	code, out, errs := fob(t, "", "validator", "init", "--db", "bank.db", "--key-file", "bank.key", "--first-clerk", "tanaka", "--password-file", "pw")
	require.Zero(t, code, out+errs)
	code, out, errs = fob(t, "", "line", "simulate", "--tokens", "1", "--ports", "1", "--out", "made")
	require.Zero(t, code, out+errs)

	secretName := regexp.MustCompile(`\b(file|key|secret|password|seed|flash)\b`)
	unused := maps.Clone(fileFlags)
	unusedLines := maps.Clone(commandLines)
	eachFlag(newRootCmd(&app{}), func(command string, flag *pflag.Flag) {
		placeholder, _ := pflag.UnquoteUsage(flag)
		if flag.Value.Type() != "string" || placeholder != "FILE" && !secretName.MatchString(flag.Name) {
			return
		}
		name := "--" + flag.Name
		kind, ok := fileFlags[command+" "+name]
		if ok {
			delete(unused, command+" "+name)
		} else {
			kind, ok = fileFlags[name]
			delete(unused, name)
		}
		if !ok {
			t.Errorf("%s %s: say in fileFlags what is in that file", command, name)
		}
		if kind != secretFile {
			return
		}
		line, ok := commandLines[command]
		if !ok {
			t.Errorf("%s reads a secret: give it a line", command)
			return
		}
		delete(unusedLines, command)
		more, ok := requiredFlags[command+" "+name]
		if !ok {
			more = requiredFlags[name]
		}
		t.Run(command+" "+name, func(t *testing.T) {
			const file = "secret"
			write(file, "3132333435363738393031323334353637383930\n")
			require.NoError(t, os.Chmod(file, 0o644))
			flags, command, has := strings.Cut(line, " -- ")
			args := append(strings.Fields(flags+" "+more), name, file)
			if has {
				args = append(args, "--", command)
			}
			ctx, stop := context.WithTimeout(t.Context(), patience)
			defer stop()
			var out, errs bytes.Buffer
			code := run(ctx, args, strings.NewReader(""), &out, &errs)
			require.Equal(t, exitUsage, code, out.String()+errs.String())
			require.Regexp(t, `(?m)^fob: .*`+file+`: others may use it \(mode 0644\): chmod 600 it`, errs.String())
		})
	})
	require.Empty(t, slices.Sorted(maps.Keys(unused)), "flags that no command has")
	require.Empty(t, slices.Sorted(maps.Keys(unusedLines)), "lines of commands that read no secret")
}
