#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fetches axe-core, with which the tests check pages for accessibility, and stores it in
# ${XDG_CACHE_HOME:-$HOME/.cache}/fob. npm compares the package with the checksum in
# package-lock.json. For another version: change it in package.json, delete
# package-lock.json, run npm install --package-lock-only here, remove the line "resolved",
# and change axeVersion in internal/ui/uitest/axe.go.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

version=$(sed -nE 's/.*"axe-core": "([^"]*)".*/\1/p' package.json)
caches=${XDG_CACHE_HOME:-$HOME/.cache}/fob
home=$caches/axe-core-$version
[[ ! -f $home/node_modules/axe-core/axe.min.js ]] || exit 0

mkdir -p "$caches"
tmp=$(mktemp -d "$home.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
cp package.json package-lock.json "$tmp"
(cd "$tmp" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
# Another run may have fetched it meanwhile.
mv -T "$tmp" "$home" 2>/dev/null || [[ -f $home/node_modules/axe-core/axe.min.js ]]
