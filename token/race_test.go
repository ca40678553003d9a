// SPDX-License-Identifier: Apache-2.0

//go:build race

package token_test

const raceDetector = true
