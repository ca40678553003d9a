#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Tests the client for TypeScript with a fleet, and its fixtures with Debian's Chromium and
# the bank's pages. FOB_COMMAND is the fob to use. npm compares what it fetches with the
# checksums in package-lock.json; the exit code is 69 if it cannot fetch them.
#
# For other versions: change them in package.json, run npm install --package-lock-only
# here, and remove the lines "resolved".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd ../.. && pwd)
: "${FOB_COMMAND:?the path of the fob to test}"
unset FOB_URL FOB_API_KEY FOB_WORLD_SEED
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# A copy, because Go's tools and other tests read all folders of a checkout.
copy=$tmp/clients/typescript
(
	cd "$root"
	git ls-files -z --cached --others --exclude-standard --deduplicate \
		clients/typescript docs/cookbook fleet/control/openapi.json README.md README.ja.md |
		xargs -0 cp --parents -t "$tmp"
)
cd "$copy"

npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || {
	echo 'npm cannot fetch Playwright and the tools in package-lock.json'
	exit 69
}
npm exec --offline tsc -- -p .
npm test
