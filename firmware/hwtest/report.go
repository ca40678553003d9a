// SPDX-License-Identifier: Apache-2.0

package hwtest

// Report receives the verdict on one sentence of a contract. It is called for
// every sentence that was checked, in order.
type Report func(sentence string, ok bool)

// T is what a test has; *testing.T is one.
type T interface {
	Helper()
	Errorf(format string, args ...any)
}

// To returns a Report that fails the test for each sentence that does not hold.
func To(t T) Report {
	return func(sentence string, ok bool) {
		t.Helper()
		if !ok {
			t.Errorf("contract broken: %s", sentence)
		}
	}
}

// Wait lets the given milliseconds pass for the hardware under test: a virtual
// one's world is advanced, a board waits in a loop.
type Wait func(milliseconds int64)
