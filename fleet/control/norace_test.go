// SPDX-License-Identifier: Apache-2.0

//go:build !race

package control_test

const raceEnabled = false
