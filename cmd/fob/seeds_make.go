// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/token"
)

func newSeedsMakeCmd(a *app) *cobra.Command {
	var out seedsOutput
	var count int
	var first int64
	var profile, expiry string
	var seedBytes int
	var short bool
	cmd := &cobra.Command{
		Use:   "make --count N --to FORMAT",
		Short: "Make up tokens and write their seed file",
		Long: `Makes up tokens with random seeds, and serial numbers from a range that no
maker uses, and writes their seed file: for a server to import, and for fob run
--seed-file to run the tokens themselves.`,
		Example: `  fob seeds make --count 1000 --to pskc --out tokens.xml
  fob run --seed-file tokens.xml --tcp 127.0.0.1:7000`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if least := token.MinSeedLen; seedBytes < least && !short {
				return usagef("--seed-bytes %d: want %d to %d (--allow-short-seeds takes %d and more)", seedBytes, least, token.MaxSeedLen, token.MinShortSeedLen)
			}
			if seedBytes < token.MinShortSeedLen || seedBytes > token.MaxSeedLen {
				return usagef("--seed-bytes %d: want %d to %d", seedBytes, token.MinShortSeedLen, token.MaxSeedLen)
			}
			if seedBytes < token.MinSeedLen {
				a.warnf("seeds of %d bytes: RFC 4226 demands %d", seedBytes, token.MinSeedLen)
			}
			b := seedfile.Batch{Count: count, First: uint64(first), SeedLen: seedBytes}
			if first < 0 { // not the numbers of the last time
				var n [4]byte
				_, _ = rand.Read(n[:])
				b.First = uint64(binary.BigEndian.Uint32(n[:])) % (1<<32 - min(uint64(max(0, count)), 1<<31))
			}
			var err error
			if b.Profile, err = token.ProfileByName(profile); err != nil {
				return err
			}
			switch expiry {
			case "none":
			case "":
				today, err := token.ExpiryOf(time.Now().In(token.Tokyo()))
				if err != nil {
					return err
				}
				b.Expiry = today.AddMonths(defaultLife)
			default:
				if b.Expiry, err = token.ParseExpiry(expiry); err != nil {
					return err
				}
			}
			o, err := out.options(cmd.Context(), a, nil)
			if err != nil {
				return err
			}
			r, err := seedfile.NewBatch(b)
			if err != nil {
				return usagef("--count %d: %w", count, err)
			}
			if out.out != "" && out.out != "-" {
				show, done := a.counterTo("making", int64(count))
				defer done()
				out.each = func(n int) { show(int64(n)) }
			}
			return a.copySeeds(cmd.Context(), &out, o, &seedSource{Reader: r, name: "the made-up tokens"})
		},
	}
	f := cmd.Flags()
	f.IntVar(&count, "count", 1, "make `N` tokens")
	f.Int64Var(&first, "first", -1, "`N` of the first serial number, up to 2^32-1; default: drawn")
	f.StringVar(&profile, "profile", token.Profiles()[0].Name, "`NAME`: "+profileNames())
	f.IntVar(&seedBytes, "seed-bytes", token.DefaultSeedLen, "`N` bytes of each seed")
	addAllowShort(f, &short)
	f.StringVar(&expiry, "expiry", "", "last `DAY` on which the tokens work; none for no end; default: five years from today")
	f.StringVar(&out.to, "to", "", "`FORMAT` to write; fob seeds --help lists them; default: the one that --for prefers")
	out.add(f)
	cmd.MarkFlagsOneRequired("to", "for")
	out.encryption.add(f)
	return cmd
}
