// SPDX-License-Identifier: Apache-2.0

package server

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Budget is how often one source may do something: Burst times at once, and then
// once every Every.
type Budget struct {
	Every time.Duration
	Burst int
}

// maxSources is how many sources an [Allowance] remembers; the one that was not
// seen for longest is forgotten, and has its whole budget again.
const maxSources = 65536

// Allowance is what is left of the budgets of all sources. It is made by
// [NewAllowance]; any number of goroutines may use it.
type Allowance struct {
	budget Budget
	now    func() time.Time

	mu     sync.Mutex
	byName map[string]*list.Element
	used   *list.List // of *source, the one seen last in front
}

type source struct {
	name string
	left *rate.Limiter
}

// NewAllowance returns an allowance with the same budget for every source.
func NewAllowance(b Budget) *Allowance {
	return &Allowance{budget: b, now: time.Now, byName: map[string]*list.Element{}, used: list.New()}
}

// Take takes one from a source's budget. Where there is none left it takes nothing
// and returns how long the source must wait. A source is an IPv4 address or the
// /64 of an IPv6 one, which is what one customer has.
func (a *Allowance) Take(addr string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	r := a.sourceLocked(network(addr)).left.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// sourceLocked finds a source or begins to remember it. mu is held.
func (a *Allowance) sourceLocked(name string) *source {
	if e, ok := a.byName[name]; ok {
		a.used.MoveToFront(e)
		return e.Value.(*source)
	}
	if a.used.Len() >= maxSources {
		last := a.used.Back()
		delete(a.byName, last.Value.(*source).name)
		a.used.Remove(last)
	}
	s := &source{name, rate.NewLimiter(rate.Every(a.budget.Every), a.budget.Burst)}
	a.byName[name] = a.used.PushFront(s)
	return s
}

// network returns the network of an address that counts as one source.
func network(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	p, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return addr
	}
	return p.String()
}
