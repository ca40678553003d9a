// SPDX-License-Identifier: Apache-2.0

//go:build race

package virtual_test

const raceDetector = true
