// SPDX-License-Identifier: Apache-2.0

package fobtest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/serialproto"
	"github.com/d204ef64/fob/serialproto/host"
	"github.com/d204ef64/fob/serialproto/port"
	"github.com/d204ef64/fob/token"
)

// device prepares a real token for the test.
func (w *World) device(p *plan) *Token {
	w.t.Helper()
	switch {
	case p.ppm != nil:
		w.skip("PPM")
	case len(w.devices) == 0:
		w.skip("one more token than FOB_DEVICE names")
	}
	k := &Token{w: w, port: w.devices[0], shown: -1}
	w.devices = w.devices[1:]
	w.made++
	info := k.info()
	if p.profile == "" {
		p.profile = info.Model
	}
	if p.profile != info.Model {
		w.skip("Profile(" + p.profile + ") on a token of model " + info.Model)
	}
	profile, err := token.ProfileByName(p.profile)
	if err != nil {
		w.t.Fatalf("fobtest: %s: %v", k.port, err)
	}
	if info.State != serialproto.StateBlank && info.State != serialproto.StateWiped {
		if !info.Serial.Reserved() {
			w.t.Fatalf("fobtest: %s holds token %s, which is not a test token: fob device wipe erases it, if you want that",
				k.port, info.Serial)
		}
		k.call("wipe", func(ctx context.Context, c *host.Client) error { return c.Wipe(ctx, info.Serial) })
	}
	if p.blank {
		return k
	}
	k.order = w.order(p, profile, w.made)
	k.call("provision", func(ctx context.Context, c *host.Client) error {
		return c.Provision(ctx, host.InsecureTestStationKey(), k.order)
	})
	if !p.open {
		k.call("lock", func(ctx context.Context, c *host.Client) error { return c.Lock(ctx) })
	}
	return k
}

// call sends a command to a real token. It then closes the port, because the
// program under test may open it.
func (k *Token) call(name string, f func(context.Context, *host.Client) error) {
	k.w.t.Helper()
	const patience = 30 * time.Second
	k.w.note(k.port, name)
	ctx, cancel := context.WithTimeout(k.w.t.Context(), patience)
	defer cancel()
	p, err := port.Open(ctx, k.port)
	if err != nil {
		k.w.t.Fatalf("fobtest: %s: %v", name, err)
	}
	err = errors.Join(f(ctx, host.New(p)), p.Close())
	var refused *host.RefusedError
	if errors.As(err, &refused) && errors.Is(err, serialproto.RCUnsupported) {
		k.w.skip(name)
	}
	if err != nil {
		k.w.t.Fatalf("fobtest: %s on %s: %v", name, k.port, err)
	}
}

func (k *Token) info() (info host.Info) {
	k.w.t.Helper()
	k.call("info", func(ctx context.Context, c *host.Client) (err error) {
		info, err = c.Info(ctx)
		return err
	})
	return info
}

func (k *Token) rigDisplay() (d host.RigDisplay) {
	k.w.t.Helper()
	k.call("display", func(ctx context.Context, c *host.Client) (err error) {
		d, err = c.RigDisplay(ctx)
		return err
	})
	return d
}

// deviceCode reads the code off a real token's display.
func (k *Token) deviceCode(o fleet.CodeOptions) string {
	k.w.t.Helper()
	for {
		var d host.RigDisplay
		k.call("code", func(ctx context.Context, c *host.Client) (err error) {
			d, err = c.LightUp(ctx)
			return err
		})
		text := strings.TrimSpace(d.Text)
		if len(text) != int(k.order.Profile.Digits) || strings.Trim(text, "0123456789") != "" {
			k.w.t.Fatalf("fobtest: %v: its state is %s and its display reads %q", fleet.ErrNoCode, d.State, d.Text)
		}
		if d.Left >= o.MinLeft && (!o.Fresh || d.Step > k.shown) {
			if o.Fresh {
				k.shown = d.Step
			}
			return text
		}
		k.w.pause(d.Left)
	}
}

// pause waits for the next step of a token that has left of the present one. It looks
// again at least once a second, because the token's clock may be set meanwhile.
func (w *World) pause(left time.Duration) {
	w.t.Helper()
	timer := time.NewTimer(max(10*time.Millisecond, min(left, time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.t.Context().Done():
		w.t.Fatalf("fobtest: waiting for a code: %v", w.t.Context().Err())
	}
}

// deviceOracle is Oracle for a real token. It needs only the seed.
func (k *Token) deviceOracle(code string, search, window int) (v fleet.Verdict) {
	k.w.t.Helper()
	coder, err := k.order.Profile.Coder(k.order.Seed)
	if err != nil {
		k.w.t.Fatalf("fobtest: %v: %v", fleet.ErrNoCode, err)
	}
	now := k.order.Profile.StepAtMilli(token.UnixMilli(k.w.Now().UnixMilli()))
	for d := range int64(max(search, window)) + 1 {
		for _, offset := range []int64{d, -d} {
			if now+offset >= 0 && string(coder(nil, now+offset)) == code {
				v.Found, v.Offset, v.Step = true, offset, now+offset
				v.Fits = d <= int64(window)
				return v
			}
		}
	}
	return v
}
