#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Tests the client for Java with javac, a fleet, and Debian's JUnit 5. FOB_COMMAND is the
# fob to use. The arguments are the documents whose Java blocks run, besides the README
# of the client. They are in the folder of the project.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
here=$PWD
root=$(cd ../.. && pwd)
readonly here root
readonly junit=/usr/share/java/junit-platform-console-standalone.jar
: "${FOB_COMMAND:?the path of the fob to test}"
unset FOB_URL FOB_API_KEY FOB_WORLD_SEED
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

compile() {
	javac --release 17 -Xlint:all -Werror "$@"
}

# blocks prints the blocks of language $1 in document $2. With $3 it prints only that one.
blocks() {
	awk -v language="$1" -v only="${3:-0}" '
		/^```/ && open { open = 0; next }
		$0 == "```" language { open = 1; n++; next }
		open && (!only || n == only) { print }
	' "$2"
}

# junit runs the tests in folder $1, which must be $2 tests, all successful.
junit() {
	(cd "$1" && java -jar "$junit" -cp "$tmp/tests:$1" --scan-classpath "$1" --disable-banner --details=tree --disable-ansi-colors) | tee "$1/junit.log"
	grep -Eq "^\[ +$2 tests successful +\]" "$1/junit.log" || {
		echo "want $2 successful tests"
		return 1
	}
}

# The module, without any library.
compile -Xdoclint:all,-missing -d "$tmp/module" src/main/java/module-info.java src/main/java/fob/Fob.java
compile -d "$tmp/plain" src/main/java/fob/Fob.java src/test/java/fob/{Operations,Https,Hostile}Check.java
java -ea -cp "$tmp/plain" fob.OperationsCheck "$root/fleet/control/openapi.json"

# Servers and programs that are no fleet. The longest answer fits into this heap, and no more.
java -ea -Xmx512m -cp "$tmp/plain" fob.HostileCheck
for output in '<html>hidden</html>' ''; do
	printf '#!/bin/sh\necho %q\nexec >&-\nexec sleep 100000\n' "$output" >"$tmp/program"
	[[ $output ]] || printf '#!/bin/sh\ncat /dev/zero\n' >"$tmp/program"
	chmod +x "$tmp/program"
	FOB_COMMAND=$tmp/program java -ea -Xmx64m -cp "$tmp/plain" fob.HostileCheck start
done

# HTTPS, with the right authorities, with others, and with a file that has none.
(
	umask 077
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$tmp/fleet.key" -out "$tmp/fleet.crt" 2>"$tmp/openssl.log"
)
https_check() {
	FOB_CACERT=$1 java -ea -cp "$tmp/plain" fob.HttpsCheck "$tmp/fleet.crt" "$tmp/fleet.key" "$2"
}
https_check "$tmp/fleet.crt" ''
https_check '' 'SSLHandshakeException'
https_check /dev/null 'FOB_CACERT: there is no certificate in /dev/null'
https_check "$tmp/fleet.key" 'reading the certificate authorities in FOB_CACERT: '

# The extension, and the reference validation server.
compile -cp "$junit" -d "$tmp/tests" src/main/java/fob/Fob.java src/junit/java/fob/*.java src/test/java/fob/*.java
junit "$tmp/tests" "$(cat src/test/java/fob/{BankTest,ExtensionTest}.java | grep -c '^  @Test')"

# Failed tests with the fleet of FOB_URL, which no variable repeats, and
# without fob.
fails() {
	java -jar "$junit" -cp "$tmp/tests" --disable-banner --disable-ansi-colors "$@" -m "fob.ExtensionTest\$Fails#before" >"$tmp/fails.log" 2>&1 || true
	grep -q '^\[ *1 tests failed' "$tmp/fails.log"
}
"$FOB_COMMAND" with -- bash -c "$(declare -f fails); junit=$junit tmp=$tmp fails"
grep -q 'fob.world-seed: [^;]*$' "$tmp/fails.log"
FOB_COMMAND=/nonexistent fails --details=summary
(($(grep -c 'starting /nonexistent' "$tmp/fails.log") == 1)) || {
	cat "$tmp/fails.log"
	exit 1
}

# The first test of the README and its commands, as they are printed. Its other blocks, and
# those of the other documents, are members of a class.
mkdir "$tmp/readme" "$tmp/bin"
ln -s "$root/clients" "$tmp/readme/clients"
ln -s "$FOB_COMMAND" "$tmp/bin/fob"
blocks java README.md 1 >"$tmp/readme/FirstTest.java"
(
	unset FOB_COMMAND
	cd "$tmp/readme"
	blocks sh "$here/README.md" >commands
	PATH=$tmp/bin:$PATH bash -ex commands | tee log
	grep -Eq '^\[ +1 tests successful +\]' log
)
tests=0
for document in clients/java/README.md "$@"; do
	name=${document%.md}
	name=${name//[^A-Za-z0-9]/_}Test
	first=()
	[[ $document != clients/java/README.md ]] || first=(-e '1,/^}/d')
	{
		echo 'package documents;' # as a reader's: only what is public
		blocks java README.md 1 | sed '/^@ExtendWith/,$d'
		echo "@ExtendWith(FobExtension.class) class $name {"
		blocks java "$root/docs/cookbook/README.md" # the bank
		blocks java "$root/$document" | sed -e '' "${first[@]}"
		echo '}'
	} >"$tmp/$name.java"
	count=$(grep -c '^@Test' "$tmp/$name.java") || {
		echo "$document has no Java test"
		exit 1
	}
	tests=$((tests + count))
	javac --release 17 -cp "$junit:$tmp/tests" -d "$tmp/documents" "$tmp/$name.java"
done
junit "$tmp/documents" "$tests"
java -cp "$tmp/documents:$tmp/tests" documents.clients_java_READMETest | grep -Ex '[0-9]{6}' # its main method
