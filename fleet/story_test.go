// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/d204ef64/fob/virtual"
)

// storyHash is the SHA-256 of the log of tell. It is the same on every architecture: see
// virtual/exact.go.
const storyHash = "7fc783155dfb3bec6be6cb303600fb6e83712abf6ee70c0564c1ddedb34e669a"

// TestStory tells the same story FOB_STORIES times (10 unless set; the documented number
// is 1,000), and checks that its log is the same byte for byte.
func TestStory(t *testing.T) {
	n := 10
	if s := os.Getenv("FOB_STORIES"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	want := storyHash
	for range n {
		require.Equal(t, want, tell(t))
	}
}

// tell simulates eight years of a fleet: presses, falls, faults, and changes of clocks,
// temperatures and batteries. It returns the hash of the log and of the last readings.
func tell(t *testing.T) string {
	w, err := virtual.NewWorld(virtual.Config{Seed: 12})
	require.NoError(t, err)
	f, err := New(w, Config{Lots: []Lot{
		{Count: 20, Ready: true, Profile: "button-6", Crystal: CrystalC200, Age: "P1Y", AgeTo: "P4Y"},
		{Count: 20, Ready: true, Profile: "always-on-6", Crystal: CrystalUntrimmed, Expiry: "2027-01-31", ExpiryTo: "2029-01-31"},
		{Count: 5, Profile: "button-8"},
	}})
	require.NoError(t, err)
	defer f.Close()
	hash := sha256.New()
	lines := json.NewEncoder(hash)
	for year := range 8 {
		for m := range f.All(0) {
			number := int(m.Tag()) + year
			_, err := m.Do(func(k *virtual.Token) {
				switch number % 9 {
				case 0:
					k.Press()
				case 1:
					k.Hold(time.Duration(number) * time.Second)
				case 2:
					k.SetTemperature(virtual.Celsius(number - 20))
				case 3:
					k.Drop()
				case 4:
					k.CutPower(uint32(year))
				case 5:
					k.Skew(time.Duration(number) * time.Second)
				case 6:
					k.FailFlash()
				case 7:
					k.AgeAt(100*24*time.Hour, virtual.Celsius(number))
				case 8:
					k.RemoveBattery()
					k.InsertBattery()
				}
			})
			require.NoError(t, err)
		}
		w.Advance(90 * time.Second)
		w.Advance(virtual.Year)
	}
	for _, e := range f.Log().After(nil, 0, DefaultLogSize) {
		require.NoError(t, lines.Encode(f.Line(e)))
	}
	for m := range f.All(0) {
		s := m.Look()
		require.NoError(t, lines.Encode([]any{s.Seq, s.World, s.Clock, s.Text, s.State, s.Voltage}))
	}
	return hex.EncodeToString(hash.Sum(nil))
}
