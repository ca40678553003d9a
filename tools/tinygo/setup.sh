#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the TinyGo compiler that builds fob's firmware, once, and prints the
# environment to use it in:
#
#	( eval "$(tools/tinygo/setup.sh)" && "$TINYGO" build -target=… ./firmware/board/… )
#
# tools/tinygo/tinygo.sh does that in one word. Mind the parentheses: GOROOT and
# GOFLAGS, as printed, turn the `go` of that shell into the one for TinyGo.
#
# A `tinygo` on PATH is used when it has the right version; otherwise the
# compiler is built from its Go module, and kept with its files under
# ${XDG_CACHE_HOME:-$HOME/.cache}/fob.
set -euo pipefail

# The pair is pinned here and nowhere else (but the checksums of TinyGo's module
# in compiler/go.sum): TinyGo 0.39 knows the standard libraries of Go 1.19 to 1.25.
readonly tinygo_version=0.39.0
readonly go_version=1.25.14
# Raise when what this script puts into the cache changes.
readonly layout=1

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/fob/tinygo-$tinygo_version
readonly here repo cache

die() {
	printf 'tinygo setup: %s\n' "$*" >&2
	exit 1
}

# go_root prints the GOROOT of the Go release that TinyGo reads. The go command
# downloads it like any module, and finds it in the module cache the next time.
go_root() {
	GOTOOLCHAIN=go$go_version GOFLAGS='' go env GOROOT ||
		die "Go $go_version cannot be had (GOTOOLCHAIN=go$go_version)"
}

# on_path succeeds when a tinygo of the same minor version is on PATH.
on_path() {
	local version
	command -v tinygo >/dev/null || return 1
	version=$(tinygo version 2>/dev/null) || return 1
	[[ $version == "tinygo version ${tinygo_version%.*}."* ]]
}

# build fills directory $1 with bin/tinygo and root/, the TINYGOROOT.
build() {
	local to=$1 module
	command -v llvm-config-19 >/dev/null ||
		die 'LLVM 19 is missing (Debian: llvm-19-dev libclang-19-dev lld-19 clang-19 liblld-19-dev)'

	mkdir -p "$to/bin"
	(
		cd "$here/compiler"
		# An own GOFLAGS: a -modfile of the caller means another module.
		export GOTOOLCHAIN=go$go_version GOFLAGS='-mod=readonly -buildvcs=false' CGO_ENABLED=1
		go build -tags llvm19 -o "$to/bin/tinygo" github.com/tinygo-org/tinygo
	) >&2
	module=$(cd "$here/compiler" && GOTOOLCHAIN=go$go_version GOFLAGS=-mod=readonly \
		go list -m -f '{{.Dir}}' github.com/tinygo-org/tinygo)

	# A copy, because the module cache is read-only and the next step writes.
	mkdir -p "$to/root"
	cp -R "$module/src" "$module/targets" "$module/lib" "$to/root/"
	chmod -R u+w "$to/root"
	# Upstream keeps src/net in a git submodule, which a module zip leaves out.
	# TinyGo lays this folder over the standard library's, and stops when it is
	# missing; fob's firmware has no network, so that a package clause will do.
	mkdir -p "$to/root/src/net/http"
	printf 'package http\n' >"$to/root/src/net/http/doc.go"
	printf '%s\n' "$stamp" >"$to/stamp"
}

goroot=$(go_root)
stamp="tinygo $tinygo_version go $go_version layout $layout"
readonly goroot stamp

if on_path; then
	tinygo=$(command -v tinygo)
	tinygo_root=$("$tinygo" env TINYGOROOT)
else
	if [[ $(cat "$cache/stamp" 2>/dev/null) != "$stamp" ]]; then
		printf 'tinygo setup: building TinyGo %s, once; this takes a minute\n' "$tinygo_version" >&2
		mkdir -p "$(dirname "$cache")"
		# Built beside its place and then moved: a build that was cut short
		# leaves nothing that looks complete, and two at once do no harm.
		fresh=$(mktemp -d "$cache.XXXXXX")
		trap 'rm -rf "$fresh"' EXIT
		build "$fresh"
		rm -rf "$cache"
		mv "$fresh" "$cache"
	fi
	tinygo=$cache/bin/tinygo
	tinygo_root=$cache/root
fi

printf 'export TINYGO=%q\n' "$tinygo"
printf 'export TINYGOROOT=%q\n' "$tinygo_root"
printf 'export GOROOT=%q\n' "$goroot"
# TinyGo starts the go command from PATH to ask for its version.
# shellcheck disable=SC2016 # PATH is for the reader of this line to expand
printf 'export PATH=%q:"$PATH"\n' "$goroot/bin"
printf 'export GOTOOLCHAIN=local\n'
printf 'export GOFLAGS=%q\n' "-modfile=$repo/tinygo.mod"
