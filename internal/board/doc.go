// SPDX-License-Identifier: Apache-2.0

// Package board builds the firmware's images with TinyGo and runs them in QEMU. The
// caller controls the serial line, the flash and the power switch:
//
//	image, err := target.Build(ctx, root, "fw.elf", os.Stderr)
//	err = board.CreateFlash("flash.img", board.Factory{Model: "button-6", Digits: 6, StationKey: key})
//	m, err := board.Start(board.Config{Image: "fw.elf", Flash: "flash.img"})
//	client := host.New(m.Line())
//	m.Kill() // a power cut
package board
