// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && !scheduler.none

package main

// A program with a scheduler would crash when it writes to flash. The undefined name
// stops the build.
const _ = build_with_tools_tinygo_pico_json
