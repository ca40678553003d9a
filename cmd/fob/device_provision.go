// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/seedfile"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/token"
)

// defaultLife is the life of a token, in months, if no expiry date is given.
const defaultLife = 5 * 12

// provisionOptions are the flags of fob device provision.
type provisionOptions struct {
	serial, expiry, profile, zone string
	algorithm                     string
	digits                        int
	step                          time.Duration
	t0                            int64
	seedFile, seedOut, stationKey string
	at                            string
	lock                          bool
	seeds                         seedsInput      // the flags for reading seedFile
	keep                          recordFlags     // the flags for recording the token
	record                        seedfile.Record // the token's record in seedFile, if that is a file of tokens
}

func newProvisionCmd(d *device) *cobra.Command {
	var o provisionOptions
	cmd := &cobra.Command{
		Use:   "provision",
		Short: "Program a blank token with a seed, serial number and expiry date",
		Long: `Program a blank or wiped token, verify that it holds the seed, and check the
code that it shows. The defaults are a serial number from a range that no
manufacturer uses, an expiry date in five years, and the profile of the
hardware. The seed comes from a file or standard input, never from an argument.
Without --seed-file a seed is generated; --seed-out or --record saves it.

If --seed-file names a seed file with several tokens (see fob seeds), select one
with --serial. Its record provides the seed, profile and expiry date; a flag
that contradicts the record is an error.

--record adds the token to a seed file for the validation server once the token
has proved that it holds the seed. The file is written before the token is
changed, and renamed afterwards.`,
		Example: `  fob device provision --port /dev/ttyACM0 --serial 2600124800001 --expiry 2031-11-30 --seed-file seed.txt
  fob device provision --port tcp:127.0.0.1:7000 --seed-out new.seed --lock
  fob device provision --port /dev/ttyACM0 --seed-file tokens.xml --serial 2600124800001 --lock
  fob device provision --port /dev/ttyACM0 --record made.xml --lock`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.provision(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.serial, "serial", "", "serial number `SN`; default: one from a range that no manufacturer uses")
	f.StringVar(&o.expiry, "expiry", "", "last `DAY` of validity: 2031-11-30, or 11/30/31 as on the back label; none for no expiry")
	f.StringVar(&o.zone, "zone", "Asia/Tokyo", "time zone `NAME` of the expiry date")
	f.StringVar(&o.profile, "profile", "", "profile `NAME`: "+profileNames()+"; default: the profile of the hardware")
	f.StringVar(&o.algorithm, "algorithm", "", "hash algorithm `NAME`: sha1, sha256 or sha512; default: the profile's")
	f.IntVar(&o.digits, "digits", 0, "`N` digits per code, 6 or 8; default: the profile's")
	f.DurationVar(&o.step, "step", 0, "time step: 20s, 30s, 36s or 60s; default: the profile's")
	f.Int64Var(&o.t0, "t0", 0, "Unix `SECONDS` of step 0 (946684800 for SafeNet tokens)")
	f.StringVar(&o.seedFile, "seed-file", "", "`FILE` with the seed in hex or base32, or a seed file with tokens (see fob seeds); - is standard input")
	f.StringVar(&o.seedOut, "seed-out", "", "save the generated seed to the new `FILE`, in hex")
	f.StringVar(&o.stationKey, "station-key", "", "`FILE` with the station's private key; default: the published insecure test key")
	f.StringVar(&o.at, "at", "now", "set the token's clock to `TIME`: now (a virtual token's world time), RFC 3339, or @UNIXSECONDS")
	f.BoolVar(&o.lock, "lock", false, "lock the token afterwards")
	o.seeds.periodFlag = "step"
	o.seeds.addKeys(f)
	o.keep.add(f)
	return cmd
}

func (d *device) provision(cmd *cobra.Command, o provisionOptions) (err error) {
	ctx := cmd.Context()
	fromTokens, err := o.fromFile(ctx, d, cmd)
	defer o.record.Seed.Destroy()
	if err != nil {
		return err
	}
	order, err := d.order(o)
	if err != nil {
		return err
	}
	check := o // the flags must be valid for at least some hardware
	if check.profile == "" {
		check.profile = token.Profiles()[0].Name
	}
	profile, err := check.profileWanted(cmd)
	if err != nil {
		return err
	}
	station, err := d.stationKey(ctx, o.stationKey)
	if err != nil {
		return err
	}
	if fromTokens {
		padded := fleet.PaddedSeed(o.record.Seed)
		order.Seed, err = token.NewSeed(padded)
		clear(padded)
	} else {
		order.Seed, err = d.provisionSeed(ctx, o)
	}
	if err != nil {
		return err
	}
	defer order.Seed.Destroy()
	sent := false // whether the token may hold the seed
	defer func() {
		if !sent && o.seedOut != "" {
			os.Remove(o.seedOut) // this command created the file, and it is not needed
		}
	}()
	record, err := o.keep.start(ctx, d.app, profile)
	if err != nil {
		return err
	}
	defer record.close()
	return d.with(ctx, func(ctx context.Context, c *host.Client) error {
		i, err := c.Info(ctx)
		if err != nil {
			return err
		}
		if o.at == "now" {
			if err := o.setExpiry(&order, d.app, worldNow(ctx, c)); err != nil {
				return err
			}
			order.Now = func() time.Time { return worldNow(ctx, c) }
		}
		if o.profile == "" {
			o.profile = i.Model
		}
		if order.Profile, err = o.profileWanted(cmd); err != nil {
			return err
		}
		if record != nil {
			if err := record.add(o.recordOf(&order, o.profile)); err != nil {
				return err
			}
		}
		err = c.Provision(ctx, station, order)
		var refused *host.RefusedError
		sent = !errors.As(err, &refused)
		if err != nil {
			return err
		}
		if err := c.Verify(ctx, order); err != nil {
			return err
		}
		if record != nil {
			if err := record.commit(); err != nil {
				return err
			}
		}
		if o.lock {
			if err := c.Lock(ctx); err != nil {
				return err
			}
		}
		if i, err = c.Info(ctx); err != nil {
			return err
		}
		r := struct {
			HardwareID host.HardwareID `json:"hardware_id"`
			Serial     token.Serial    `json:"serial"`
			Expiry     token.Expiry    `json:"expiry"`
			Back       string          `json:"back"`
			Profile    string          `json:"model"`
			State      string          `json:"state"`
			Record     string          `json:"record,omitempty"` // the file of --record
		}{i.HardwareID, i.Serial, i.Expiry, i.Expiry.BackLabel(), o.profile, i.State.String(), o.keep.path}
		return d.print(r, fmt.Sprintf("%s %s %s %s\n", r.Serial, dash(r.Expiry.String()), r.Profile, r.State))
	})
}

// order converts the flags to an order, as far as possible without the device.
func (d *device) order(o provisionOptions) (host.Order, error) {
	var order host.Order
	var err error
	order.Serial, err = token.ParseSerial(o.serial)
	if o.serial == "" {
		var b [4]byte
		rand.Read(b[:]) // never fails
		order.Serial, err = token.TestSerial(token.SerialOATH, uint64(binary.BigEndian.Uint32(b[:])))
	}
	if err != nil {
		return order, err
	}
	if order.Zone, err = zone(o.zone); err != nil {
		return order, err
	}
	now := time.Now()
	at, err := parseTime(o.at, now)
	if err != nil {
		return order, err
	}
	order.Now = func() time.Time { return at.Add(time.Since(now)) }
	if o.at == "now" { // only the token has the time of its world
		quiet := *d.app
		quiet.stderr = io.Discard
		return order, o.setExpiry(&order, &quiet, at)
	}
	return order, o.setExpiry(&order, d.app, at)
}

// setExpiry sets the order's expiry date for a token whose clock is set to at.
func (o provisionOptions) setExpiry(order *host.Order, a *app, at time.Time) (err error) {
	switch o.expiry {
	case "none":
	case "":
		today, err := token.ExpiryOf(at.In(order.Zone))
		if err != nil {
			return err
		}
		order.Expiry = today.AddMonths(defaultLife)
	default:
		if order.Expiry, err = token.ParseExpiry(o.expiry); err != nil {
			return err
		}
		if order.Expiry.Ends(order.Zone).Before(at) {
			a.warnf("the token expires on %s, before the time to which its clock is set", order.Expiry)
		}
	}
	return nil
}

// zone returns a time zone by name. Tokyo works without a time zone database.
func zone(name string) (*time.Location, error) {
	if name == "Asia/Tokyo" {
		return token.Tokyo(), nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, usagef("--zone %s: %w", name, err)
	}
	return loc, nil
}

// profileWanted returns the named profile with the changes made by flags.
func (o provisionOptions) profileWanted(cmd *cobra.Command) (token.Profile, error) {
	p, err := token.ProfileByName(o.profile)
	if err != nil {
		return p, err
	}
	if r := &o.record; !r.Seed.IsZero() {
		named := p
		p.Algorithm, p.Digits, p.Step, p.T0 = r.Algorithm, r.Digits, r.Step, r.T0
		if cmd.Flags().Changed("profile") && p != named {
			return p, usagef("--profile %s: it differs from the record of token %s in algorithm, digits, step or t0: omit the flag", o.profile, r.Name())
		}
		return p, p.Validate()
	}
	if o.algorithm != "" {
		if p.Algorithm, err = token.ParseAlgorithm(o.algorithm); err != nil {
			return p, err
		}
	}
	if cmd.Flags().Changed("digits") {
		if o.digits < 0 || o.digits > 255 {
			return p, usagef("--digits %d: want 6 or 8", o.digits)
		}
		p.Digits = uint8(o.digits)
	}
	if cmd.Flags().Changed("step") {
		if o.step%time.Second != 0 {
			return p, usagef("--step %v: want 20s, 30s, 36s or 60s", o.step)
		}
		p.Step = token.UnixSeconds(o.step / time.Second)
	}
	if cmd.Flags().Changed("t0") {
		p.T0 = token.UnixSeconds(o.t0)
	}
	return p, profileFlag(p.Validate())
}

// provisionSeed reads the seed or generates one. A generated seed is saved to disk
// before it is sent to the token.
func (d *device) provisionSeed(ctx context.Context, o provisionOptions) (token.Seed, error) {
	if o.seedFile != "" {
		if o.seedOut != "" {
			return token.Seed{}, usagef("--seed-out saves a generated seed: it cannot be used with --seed-file")
		}
		return d.readSeed(ctx, o.seedFile, false)
	}
	seed, err := token.GenerateSeed(rand.Reader, token.DefaultSeedLen)
	if err != nil {
		return seed, err
	}
	if o.seedOut == "" && o.keep.path == "" {
		d.warnf("the generated seed is stored only in the token: --seed-out FILE saves it")
	}
	if o.seedOut == "" {
		return seed, nil
	}
	return seed, writeNew(o.seedOut, []byte(seed.ExposeHex()+"\n"), 0o600)
}
