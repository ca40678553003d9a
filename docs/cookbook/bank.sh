#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Source this file in a shell: ". docs/cookbook/bank.sh". It starts three tokens and a test
# bank in the background, for the pages of the cookbook. They end with the shell, or when
# the shell sources this file again. They stay if zsh 5.9 ends by set -e in a function.
#
# The clock of the tokens stands still, and the bank follows it. FOB_URL and FOB_API_KEY are
# the fleet's, and fleet.curl, clerk.curl and check.curl in the folder $COOK have keys for
# curl. $S is the serial number of the first token.
for tool in fob jq openssl curl; do
	if ! command -v "$tool" >/dev/null; then
		echo "bank.sh: there is no program $tool in the PATH: the cookbook needs fob, jq, openssl and curl" >&2
		return 1
	fi
done

# end_cook ends the tokens and the bank that this shell has started, and removes their folder.
end_cook() {
	if [ "${COOK_SHELL:-}" = $$ ]; then
		kill ${BANK_PID:+"$BANK_PID"} ${FLEET_PID:+"$FLEET_PID"} 2>/dev/null || :
		wait ${BANK_PID:+"$BANK_PID"} ${FLEET_PID:+"$FLEET_PID"} 2>/dev/null || :
		rm -rf "$COOK"
	fi
	COOK_SHELL='' BANK_PID='' FLEET_PID=''
}
end_cook
umask 077
COOK=$(mktemp -d)
COOK_SHELL=$$
trap end_cook EXIT
mkfifo "$COOK/fleet" "$COOK/bank" # each gets a ready line

fob run --count 3 --ready --clock manual --allow-seed-export --json >"$COOK/fleet" 2>"$COOK/fleet.log" &
FLEET_PID=$!
ready=$(head -n 1 "$COOK/fleet")
FOB_URL=$(printf '%s\n' "$ready" | jq -r .url)
FOB_API_KEY=$(printf '%s\n' "$ready" | jq -r .api_key)
if [ -z "$FOB_URL" ]; then
	echo "bank.sh: the tokens did not start:" >&2
	cat "$COOK/fleet.log" >&2
	return 1
fi
export FOB_URL FOB_API_KEY

# bank runs a command of the bank.
bank() {
	fob validator "$@" --test-mode --db "$COOK/bank.db" --key-file "$COOK/bank.key"
}
openssl rand -base64 12 >"$COOK/tanaka.pw"
bank init --first-clerk tanaka --password-file "$COOK/tanaka.pw" --api-key-out "$COOK/clerk.key" >/dev/null
bank key add --role check --name tests --out "$COOK/check.key" >/dev/null
# The function bank would not do: $! would be the process id of a shell that waits for fob.
fob validator serve --test-mode --db "$COOK/bank.db" --key-file "$COOK/bank.key" \
	--clock fleet --listen 127.0.0.1:0 --json >"$COOK/bank" 2>"$COOK/bank.log" &
BANK_PID=$!
BANK=$(head -n 1 "$COOK/bank" | jq -r .http)
if [ -z "$BANK" ]; then
	echo "bank.sh: the bank did not start:" >&2
	cat "$COOK/bank.log" >&2
	return 1
fi

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

# check asks the bank about code $2 of token $1, and prints its answer. With $3, it asks for
# this user.
check() {
	case ${2:-} in
	'' | *[!0-9]*)
		echo "check: the code of token $1 is \"${2:-}\": want digits" >&2
		return 1
		;;
	esac
	jq -cn --arg serial "$1" --arg code "$2" --arg user "${3:-}" \
		'if $user == "" then {$serial, $code} else {$user, $code} end' |
		curl -K "$COOK/check.curl" "$BANK/v1/check" --json @- | jq -r .answer
}

S=ZZFB00000001
import "$S"
add_user alice master
activate alice "$S"
