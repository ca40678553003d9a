// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"testing"
	"time"

	"github.com/d204ef64/fob/fleet"
	"github.com/d204ef64/fob/virtual"
)

// TestChromiumPicture makes the pictures of the documents: docs/wall.png and
// docs/wall-token.png are picture-1280-light.png and the upper part of
// picture-token-1280-light.png in the folder of FOB_SHOTS. Some tokens with a button show a code,
// and others have faults.
func TestChromiumPicture(t *testing.T) {
	r := newRig(t, virtual.Config{At: time.Date(2026, 11, 30, 9, 41, 25, 0, time.UTC)},
		fleet.Lot{Count: 9, Ready: true}, fleet.Lot{Count: 6, Profile: "button-6", Ready: true}, fleet.Lot{Count: 3, Profile: "button-8", Ready: true})
	var broken virtual.TokenFaults
	broken.Dead.Digits[2] = 0x41
	for place, op := range map[int]func(*virtual.Token){
		4:  func(k *virtual.Token) { k.SetFaults(broken) },
		7:  func(k *virtual.Token) { k.Skew(-9 * time.Minute) },
		10: (*virtual.Token).Press, 12: (*virtual.Token).Press, 13: (*virtual.Token).Press, 16: (*virtual.Token).Press, 18: (*virtual.Token).Press,
	} {
		if _, err := r.member(place).Do(op); err != nil {
			t.Fatal(err)
		}
	}
	b := r.open("/")
	english(b)
	b.WaitUntil(`document.querySelectorAll(".face .fob svg path").length >= 18`)
	b.Shoot("picture", []int64{1280, 1280}, func(string) {}) // the second time, all faces are painted
	b.Open("/tokens/" + r.serial(10))
	b.WaitUntil(isLive)
	b.Shoot("picture-token", []int64{1280, 1280}, func(string) {})
}
