// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"testing"

	"github.com/d204ef64/fob/virtual"
)

// TestChromiumTokenShots: the page of a token on a phone, a desk and a large screen.
func TestChromiumTokenShots(t *testing.T) {
	r := newRig(t, virtual.Config{Mode: virtual.Manual}, ready(3, "button-6"))
	b := r.open("/tokens/" + r.serial(1))
	b.Shoot("token", []int64{390, 1280, 2560}, func(string) {})
	english(b)
	b.Shoot("token-en", []int64{1280}, func(string) {})
}
