// SPDX-License-Identifier: Apache-2.0

//go:build tinygo && !scheduler.none

package main

// With a scheduler the program would crash when it writes to flash.
const _ = build_with_tools_tinygo_pico_json
