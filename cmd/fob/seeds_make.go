// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

// makeOptions are the flags of fob seeds make.
type makeOptions struct {
	out             seedsOutput
	count           int
	key             fleetKeyFlags // without a key, a negative first is a random one
	profile, expiry string
	seedBytes       int
	short           bool
}

func newSeedsMakeCmd(a *app) *cobra.Command {
	var o makeOptions
	cmd := &cobra.Command{
		Use:   "make --count N --to FORMAT",
		Short: "Generate tokens and write their seed file",
		Long: `Generate test tokens with random seeds, and serial numbers from a range that no
manufacturer uses, and write their seed file. A server can import the file, and
fob run --seed-file runs the tokens.

With --fleet-key-file, the seeds follow from a fleet key and the numbers of the
tokens, and fob run --fleet-key-file runs the tokens without the seed file. Give
both commands the same --expiry: the date does not follow from the key.`,
		Example: `  fob seeds make --count 1000 --to pskc --out tokens.xml
  fob run --seed-file tokens.xml --tcp 127.0.0.1:7000
  fob seeds make --fleet-key-file fleet.key --count 1000 --to pskc --out tokens.xml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.makeSeeds(cmd.Context(), &o) },
	}
	f := cmd.Flags()
	f.IntVar(&o.count, "count", 1, "generate `N` tokens")
	f.StringVar(&o.key.file, "fleet-key-file", "", fleetKeyUsage)
	f.Int64Var(&o.key.first, "first", -1, "number `N` of the first serial number, 0 to 2^32-1; default: random, or 1 with --fleet-key-file")
	f.Lookup("first").DefValue = "0" // hides -1 in the help text
	f.StringVar(&o.profile, "profile", token.Profiles()[0].Name, "profile `NAME`: "+profileNames())
	f.IntVar(&o.seedBytes, "seed-bytes", token.DefaultSeedLen, "`N` bytes per seed")
	addAllowShort(f, &o.short)
	f.StringVar(&o.expiry, "expiry", "", "last `DAY` of validity; none for no expiry; default: five years from today in Japan")
	f.StringVar(&o.out.to, "to", "", "`FORMAT` to write (see fob seeds --help); default: the preferred format of --for")
	o.out.add(f)
	cmd.MarkFlagsOneRequired("to", "for")
	o.out.encryption.add(f)
	return cmd
}

// makeSeeds writes a seed file with new tokens.
func (a *app) makeSeeds(ctx context.Context, o *makeOptions) error {
	if least := token.MinSeedLen; o.seedBytes < least && !o.short {
		return usagef("--seed-bytes %d: want %d to %d (--allow-short-seeds accepts %d and more)", o.seedBytes, least, token.MaxSeedLen, token.MinShortSeedLen)
	}
	if o.seedBytes < token.MinShortSeedLen || o.seedBytes > token.MaxSeedLen {
		return usagef("--seed-bytes %d: want %d to %d", o.seedBytes, token.MinShortSeedLen, token.MaxSeedLen)
	}
	if o.seedBytes < token.MinSeedLen {
		a.warnf("seeds of %d bytes: RFC 4226 requires %d", o.seedBytes, token.MinSeedLen)
	}
	b := seedfile.Batch{Count: o.count, First: uint64(o.key.first), SeedLen: o.seedBytes}
	switch {
	case o.key.file != "":
		if o.key.first < 0 {
			o.key.first = 1
		}
		keyed, err := o.key.read(ctx, a)
		if err != nil {
			return err
		}
		b.First, b.Seed = keyed.First, keyed.Key.Seed
	case o.key.first < 0: // avoids the serial numbers of earlier runs
		var n [4]byte
		_, _ = rand.Read(n[:])
		b.First = uint64(binary.BigEndian.Uint32(n[:])) % (1<<32 - min(uint64(max(0, o.count)), 1<<31))
	}
	var err error
	if b.Profile, err = token.ProfileByName(o.profile); err != nil {
		return err
	}
	switch o.expiry {
	case "none":
	case "":
		today, err := token.ExpiryOf(time.Now().In(token.Tokyo()))
		if err != nil {
			return err
		}
		b.Expiry = today.AddMonths(defaultLife)
	default:
		if b.Expiry, err = token.ParseExpiry(o.expiry); err != nil {
			return err
		}
	}
	write, err := o.out.options(ctx, a, nil)
	if err != nil {
		return err
	}
	r, err := seedfile.NewBatch(b)
	if err != nil {
		return usagef("--count %d: %w", o.count, err)
	}
	if o.out.out != "" && o.out.out != "-" {
		show, done := a.counterTo("generating", int64(o.count))
		defer done()
		o.out.each = func(n int) { show(int64(n)) }
	}
	return a.copySeeds(ctx, &o.out, write, &seedSource{Reader: r, name: "the test tokens"})
}
