#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the TinyGo compiler for fob's firmware, once, and prints the environment for
# using it:
#
#	( eval "$(tools/tinygo/setup.sh)" && "$TINYGO" build -target=… ./firmware/board/… )
#
# tools/tinygo/tinygo.sh does this in one command. The parentheses are necessary: the
# printed GOROOT and GOFLAGS turn the `go` of that shell into the one for TinyGo.
#
# A `tinygo` on PATH is used if it has the right version. Otherwise the compiler is
# built from its Go module, and kept with its files under
# ${XDG_CACHE_HOME:-$HOME/.cache}/fob. FOB_FIPS=1 uses the unmodified standard library,
# including the parts that goroot_without_fips removes.
#
# With --check-release it prints nothing, and fails unless the `tinygo` on PATH is
# a release that can build for a Pico.
set -euo pipefail

# The pair of versions is pinned only here (and by the checksums of TinyGo's module in
# compiler/go.sum). TinyGo 0.39 supports the standard libraries of Go 1.19 to 1.25, and
# goroot_without_fips edits the files of this version.
readonly tinygo_version=0.39.0
readonly go_version=1.25.14
# Increase this when the content of the cache changes.
readonly layout=3

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
caches=${XDG_CACHE_HOME:-$HOME/.cache}/fob
cache=$caches/tinygo-$tinygo_version
slim=$caches/goroot-$go_version-without-fips
readonly here repo caches cache

die() {
	printf 'tinygo setup: %s\n' "$*" >&2
	exit 1
}

# go_root prints the GOROOT of the Go release that TinyGo uses. The go command
# downloads it like any module, and finds it in the module cache the next time.
go_root() {
	GOTOOLCHAIN=go$go_version GOFLAGS='' go env GOROOT ||
		die "Go $go_version cannot be installed (GOTOOLCHAIN=go$go_version)"
}

# on_path succeeds if a tinygo of the same minor version is on PATH.
on_path() {
	local version
	command -v tinygo >/dev/null || return 1
	version=$(tinygo version 2>/dev/null) || return 1
	[[ $version == "tinygo version ${tinygo_version%.*}."* ]]
}

# check_release fails with an explanation, unless the tinygo on PATH can build for
# boards whose registers TinyGo generates for its releases.
check_release() {
	local need="a Pico's image needs a release of TinyGo ${tinygo_version%.*} on PATH (https://github.com/tinygo-org/tinygo/releases), \
because only a release has the registers of the RP2040 and the C library" root
	command -v tinygo >/dev/null || die "$need; there is no tinygo on PATH"
	on_path || die "$need; $(command -v tinygo) is: $(tinygo version 2>&1 | head -n 1)"
	root=$(tinygo env TINYGOROOT)
	[[ -e $root/src/device/rp/rp2040.go && -d $root/lib/picolibc/newlib ]] ||
		die "$need; $(command -v tinygo) is not one: $root lacks src/device/rp/rp2040.go or lib/picolibc"
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
	# A release has this generated. The stub is for ./test.sh pico, see README.md.
	cp "$here/rp2040/rp2040.go" "$here/rp2040/rp2040.s" "$to/root/src/device/rp/"
	printf '%s\n' "$stamp" >"$to/stamp"
}

# goroot_without_fips fills directory $1 with links to the GOROOT. It removes the parts
# that Go adds to the cryptography for FIPS 140-3: the self-tests at the start and their
# switch. They are off unless GODEBUG=fips140 is set, which is impossible on a
# microcontroller. They would keep each algorithm of the module in the image, including
# SHA-3 and the DRBG; DESIGN.md gives the cost. The algorithms are not changed.
goroot_without_fips() {
	local to=$1 fips=$1/src/crypto/internal/fips140 file
	cp -rs "$goroot/." "$to/"
	find "$to" -type d -exec chmod u+w {} + # the module cache is read-only
	for file in fips140.go cast.go check/check.go hmac/hmac.go ../fips140only/fips140only.go ../fips140hash/hash.go; do
		cp --remove-destination "$goroot/src/crypto/internal/fips140/$file" "$fips/$file"
		chmod u+w "$fips/$file"
	done
	cat >"$fips/fips140.go" <<-'EOF'
		package fips140

		const Enabled = false

		func Supported() error { return nil }
		func Name() string     { return "" }
		func Version() string  { return "" }
	EOF
	cat >"$fips/cast.go" <<-'EOF'
		package fips140

		func CAST(string, func() error) {}
		func PCT(string, func() error)  {}
	EOF
	cat >"$fips/../fips140hash/hash.go" <<-'EOF'
		package fips140hash

		import "hash"

		func Unwrap(h hash.Hash) hash.Hash                             { return h }
		func UnwrapNew[Hash hash.Hash](new func() Hash) func() hash.Hash { return func() hash.Hash { return new() } }
	EOF
	printf 'package check\n\nconst Verified = false\n' >"$fips/check/check.go"
	# Which hash is approved is asked by type, and a type brings its methods.
	sed -i -e '/fips140\/sha3"/d' -e 's/, \*sha3\.Digest//' "$fips/hmac/hmac.go" "$fips/../fips140only/fips140only.go"
	sed -i -e '/internal\/godebug"/d' -e 's/^var Enabled = .*/const Enabled = false/' "$fips/../fips140only/fips140only.go"
	! grep -q 'sha3\|godebug' "$fips/hmac/hmac.go" "$fips/../fips140only/fips140only.go" ||
		die "the standard library of Go $go_version is not as expected: edit goroot_without_fips"
	printf '%s\n' "$stamp" >"$to/stamp"
}

# keep FOLDER FUNCTION calls FUNCTION to fill FOLDER, unless FOLDER is complete.
keep() {
	local folder=$1 fill=$2 fresh
	[[ $(cat "$folder/stamp" 2>/dev/null) != "$stamp" ]] || return 0
	mkdir -p "$caches"
	# Fill a temporary folder and then move it: an interrupted run leaves nothing that
	# looks complete, and two runs at once do no harm.
	fresh=$(mktemp -d "$folder.XXXXXX")
	# shellcheck disable=SC2064 # expand the folder now
	trap "rm -rf '$fresh'" EXIT
	"$fill" "$fresh"
	rm -rf "$folder"
	mv -T "$fresh" "$folder" || [[ -e $folder/stamp ]]
}

case ${1-} in
'') ;;
--check-release)
	check_release
	exit
	;;
*) die "unknown argument $1" ;;
esac

goroot=$(go_root)
stamp="tinygo $tinygo_version go $go_version layout $layout"
readonly goroot stamp

if on_path; then
	tinygo=$(command -v tinygo)
	tinygo_root=$("$tinygo" env TINYGOROOT)
else
	[[ -e $cache/stamp ]] || printf 'tinygo setup: building TinyGo %s, once; this takes a minute\n' "$tinygo_version" >&2
	keep "$cache" build
	tinygo=$cache/bin/tinygo
	tinygo_root=$cache/root
fi
if [[ ${FOB_FIPS-} == 1 ]]; then
	slim=$goroot # to measure the cost
else
	keep "$slim" goroot_without_fips
fi

printf 'export TINYGO=%q\n' "$tinygo"
printf 'export TINYGOROOT=%q\n' "$tinygo_root"
printf 'export GOROOT=%q\n' "$slim"
# TinyGo runs the go command on PATH to read its version.
# shellcheck disable=SC2016 # the shell that evaluates this line expands PATH
printf 'export PATH=%q:"$PATH"\n' "$slim/bin"
printf 'export GOTOOLCHAIN=local\n'
printf 'export GOFLAGS=%q\n' "-modfile=$repo/tinygo.mod"
