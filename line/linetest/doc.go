// SPDX-License-Identifier: Apache-2.0

// Package linetest kills stations at random moments and checks afterwards that nothing was
// lost, for tests with any kind of device.
//
// The station is a process of its own: [Child] in the program of the test. [Campaign]
// starts and kills it while devices come and go, and [Rig.Check] compares the devices with
// the journal.
package linetest
