#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs TinyGo in fob's environment, in the current folder, with the given arguments:
#
#	tools/tinygo/tinygo.sh build -target=tools/tinygo/riscv-virt.json -size=short -o fw.elf ./firmware/board/smoke
set -euo pipefail

setup=$(dirname "${BASH_SOURCE[0]}")/setup.sh
command=${1-}
case $command in
build | flash | run | test)
	shift
	# TinyGo runs the initialisers of packages itself, and gives up after three
	# minutes of real time. A busy machine may need longer.
	set -- "$command" -interp-timeout=4h "$@"
	# Check this before building the compiler, which takes minutes.
	if [[ " $* " =~ [=\ /]pico\.json\  ]]; then
		"$setup" --check-release
	fi
	;;
esac

environment=$("$setup")
eval "$environment"
exec "$TINYGO" "$@"
