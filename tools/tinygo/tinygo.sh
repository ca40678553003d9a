#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs TinyGo as fob needs it, in the current folder, with the arguments given:
#
#	tools/tinygo/tinygo.sh build -target=tools/tinygo/riscv-qemu.json -size=short -o fw.elf ./firmware/board/smoke
set -euo pipefail

environment=$("$(dirname "${BASH_SOURCE[0]}")/setup.sh")
eval "$environment"
exec "$TINYGO" "$@"
