// SPDX-License-Identifier: Apache-2.0

package hwtest

// Report receives the result for one sentence of a contract. It is called for every
// sentence checked, in order.
type Report func(sentence string, ok bool)

// T is the part of *testing.T that this package uses.
type T interface {
	Helper()
	Errorf(format string, args ...any)
}

// To returns a Report that fails the test for each sentence that does not hold.
func To(t T) Report {
	return func(sentence string, ok bool) {
		t.Helper()
		if !ok {
			t.Errorf("contract violated: %s", sentence)
		}
	}
}

// Wait lets the given number of milliseconds pass for the hardware under test. A test
// of virtual hardware advances its world; a board waits in a loop.
type Wait func(milliseconds int64)
