#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Source this file in a shell: ". docs/cookbook/bank.sh". It starts three tokens and a test
# bank in the background, for the pages of the cookbook. They end with the shell.
#
# The clock of the tokens stands still, and the bank follows it. FOB_URL and FOB_API_KEY are
# the fleet's, and fleet.curl, clerk.curl and check.curl in the folder $COOK have keys for
# curl. $S is the serial number of the first token.
umask 077
COOK=$(mktemp -d)
mkfifo "$COOK/fleet" "$COOK/bank" # each gets a ready line

fob run --count 3 --ready --clock manual --allow-seed-export --json >"$COOK/fleet" 2>"$COOK/fleet.log" &
FLEET_PID=$!
ready=$(head -n 1 "$COOK/fleet")
FOB_URL=$(printf '%s\n' "$ready" | jq -r .url)
FOB_API_KEY=$(printf '%s\n' "$ready" | jq -r .api_key)
export FOB_URL FOB_API_KEY

# bank runs a command of the bank.
bank() {
	fob validator "$@" --test-mode --db "$COOK/bank.db" --key-file "$COOK/bank.key"
}
openssl rand -base64 12 >"$COOK/tanaka.pw"
bank init --first-clerk tanaka --password-file "$COOK/tanaka.pw" --api-key-out "$COOK/clerk.key" >/dev/null
bank key add --role check --name tests --out "$COOK/check.key" >/dev/null
bank serve --clock fleet --listen 127.0.0.1:0 --json >"$COOK/bank" 2>"$COOK/bank.log" &
BANK_PID=$!
BANK=$(head -n 1 "$COOK/bank" | jq -r .http)
trap 'kill $FLEET_PID $BANK_PID; rm -rf "$COOK"' EXIT

# for_curl makes a file of curl's options with an API key.
for_curl() {
	printf 'header = "Authorization: Bearer %s"\nsilent\nshow-error\nfail\n' "$2" >"$COOK/$1.curl"
}
for_curl fleet "$FOB_API_KEY"
for_curl clerk "$(cat "$COOK/clerk.key")"
for_curl check "$(cat "$COOK/check.key")"
printf '%s\n' '{"id":"c1","name":"Example","address":"Tokyo","email":"c1@example.com"}' |
	curl -K "$COOK/clerk.curl" "$BANK/v1/contracts" --json @- >/dev/null

# import makes the bank import a token.
import() {
	curl -K "$COOK/fleet.curl" "$FOB_URL/v1/export?token=$1" |
		curl -K "$COOK/clerk.curl" "$BANK/v1/imports?contract=c1" -H 'Content-Type: application/octet-stream' --data-binary @- >/dev/null
}

# add_user adds a user of the contract, and logs them in. The first one is its master.
add_user() {
	openssl rand -base64 12 >"$COOK/$1.pw"
	printf '{"id":"%s","contract":"c1","role":"%s","name":"%s","password":"%s"}\n' "$1" "${2:-user}" "$1" "$(cat "$COOK/$1.pw")" |
		curl -K "$COOK/clerk.curl" "$BANK/v1/users" --json @- >/dev/null
	printf '{"user":"%s","password":"%s"}\n' "$1" "$(cat "$COOK/$1.pw")" |
		curl -sSf "$BANK/v1/sessions" --json @- | jq -r .secret >"$COOK/$1.key"
	for_curl "$1" "$(cat "$COOK/$1.key")"
}

# activate registers token $2 for user $1, with its code.
activate() {
	printf '{"code":"%s"}\n' "$(fob fleet code "$2" --fresh)" |
		curl -K "$COOK/$1.curl" "$BANK/v1/tokens/$2/activation" --json @- | jq -e .done >/dev/null
}

# check asks the bank about code $2 of token $1, and prints its answer.
check() {
	printf '{"serial":"%s","code":"%s"}\n' "$1" "$2" |
		curl -K "$COOK/check.curl" "$BANK/v1/check" --json @- | jq -r .answer
}

S=ZZFB00000001
import "$S"
add_user alice master
activate alice "$S"
