#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Tests everything that can be tested without a device in hand; -h says how to
# call it. A step is a function step_NAME and its NAME in all_steps; what it
# needs from the system goes into step_needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly all_steps=(
	gofmt vet staticcheck shellcheck english vulncheck tidy
	test test32 fuzz bench
	java python typescript vault
	cross tinygo smoke board pico
)
# Left out by --quick: minutes rather than seconds, or large tools.
readonly slow_steps=(vault cross tinygo smoke board pico)

# Tools that are Go modules run at these versions.
readonly staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.7.0
readonly govulncheck=golang.org/x/vuln/cmd/govulncheck@v1.9.0

# The packages that TinyGo compiles as well.
readonly portable=(token serialproto firmware)

# How long the tests of one package may take. The slowest take minutes on an idle
# machine; a busy one is ten times slower.
readonly test_timeout=60m

# Seconds for which all fuzz targets together mutate input, at most.
readonly fuzz_total=120

usage() {
	cat <<-EOF
		usage: ./test.sh [--quick] [STEP...]

		Runs the steps named, or all: ${all_steps[*]}

		  --quick   leave out the slow ones: ${slow_steps[*]}
		  -h        print this

		The steps that need nothing more run first. As root on Debian the packages that
		the others need are then installed with apt; elsewhere those steps are left out,
		and the summary says so. With FOB_REQUIRE_TOOLS=1 a missing tool is a failure,
		in the Go tests as well.
	EOF
}

# step_needs prints, for step $1, lines of a Debian package and a sign that it
# is there: a command, a file or a pattern of one, or a Python module.
step_needs() {
	case $1 in
	shellcheck)
		echo 'shellcheck shellcheck'
		;;
	test)
		echo 'age age' # opens the keys of exports
		echo 'chromium chromium' # for the pages
		echo 'cups-client lp'
		echo 'cups-daemon cupsd'
		echo 'curl curl' # for the documents, as are nginx, systemd and zsh
		echo 'fonts-ipafont-gothic /usr/share/fonts/opentype/ipafont-gothic/ipag.ttf'
		echo 'freeradius /usr/sbin/freeradius'
		echo 'freeradius-utils radclient'
		echo 'gcc gcc' # for -race
		echo 'iproute2 ip'
		echo 'iptables iptables' # publishes the ports of containers, as does netavark
		echo 'jq jq'
		echo 'libc6-dev /usr/include/stdlib.h'
		echo "libpam-google-authenticator /lib/$(uname -m)-linux-gnu/security/pam_google_authenticator.so"
		echo "libpam-oath /lib/$(uname -m)-linux-gnu/security/pam_oath.so"
		echo "libpam-radius-auth /lib/$(uname -m)-linux-gnu/security/pam_radius_auth.so"
		echo "libpam-wrapper /usr/lib/$(uname -m)-linux-gnu/libpam_wrapper.so"
		echo 'netavark /usr/lib/podman/netavark'
		echo 'nginx nginx'
		echo 'npm npm' # fetches axe-core
		echo 'oathtool oathtool'
		echo 'openssh-client ssh-keygen' # for signed orders
		echo 'openssl openssl'
		echo 'pamtester pamtester'
		echo 'poppler-utils pdftoppm'
		echo 'podman podman'
		echo 'postgresql /usr/lib/postgresql/*/bin/postgres'
		echo 'pskctool pskctool'
		echo 'python3-cryptography python:cryptography'
		echo 'python3-django /usr/lib/python3/dist-packages/django' # the preset django-otp
		echo 'python3-django-otp /usr/lib/python3/dist-packages/django_otp'
		echo 'python3-serial python:serial'
		echo 'qemu-system-misc qemu-system-riscv32'
		echo 'runc runc'
		echo 'socat socat'
		echo 'sqlite3 sqlite3' # changes journals
		echo 'strace strace'
		echo 'systemd systemd-analyze'
		echo 'tshark tshark' # for recorded wires
		echo 'zbar-tools zbarimg'
		echo 'zsh zsh'
		;;
	tinygo | smoke | board | pico)
		echo 'g++ g++'
		echo 'llvm-19-dev llvm-config-19'
		echo 'libclang-19-dev /usr/lib/llvm-19/include/clang-c/Index.h'
		echo 'clang-19 clang-19'
		echo 'lld-19 ld.lld-19'
		echo 'liblld-19-dev /usr/lib/llvm-19/lib/liblldELF.a'
		echo 'gcc-riscv64-unknown-elf riscv64-unknown-elf-gcc'
		echo 'picolibc-riscv64-unknown-elf /usr/lib/picolibc/riscv64-unknown-elf'
		echo 'gcc-arm-none-eabi arm-none-eabi-gcc'
		echo 'picolibc-arm-none-eabi /usr/lib/picolibc/arm-none-eabi'
		;;&
	java)
		echo 'default-jdk-headless javac'
		echo 'junit5 /usr/share/java/junit-platform-console-standalone.jar'
		echo 'openssl openssl'
		;;
	python)
		echo 'python3-build python:build'
		echo 'python3-mypy python:mypy'
		echo 'python3-pytest python:pytest'
		echo 'python3-pytest-asyncio python:pytest_asyncio'
		echo 'python3-pytest-xdist python:xdist'
		echo 'python3-setuptools python:setuptools'
		echo 'python3-wheel python:wheel'
		;;
	typescript)
		echo 'chromium chromium'
		echo 'nodejs node'
		echo 'npm npm'
		echo 'oathtool oathtool'
		echo 'openssl openssl'
		;;
	test32)
		echo 'qemu-user qemu-aarch64'
		;;
	smoke)
		echo 'qemu-system-arm qemu-system-arm'
		;;
	board)
		echo 'age age' # for the delivery of a line
		echo 'qemu-system-misc qemu-system-riscv32'
		echo 'qemu-system-arm qemu-system-arm'
		echo 'oathtool oathtool'
		;;
	esac
}

# python_with prints a Python that has all modules given. The first on PATH may be
# one that does not see Debian's modules.
python_with() {
	local python modules
	modules=$(IFS=, && echo "$*")
	for python in python3 /usr/bin/python3; do
		if "$python" -c "import $modules" 2>/dev/null; then
			command -v "$python"
			return
		fi
	done
	return 1
}

# missing prints those packages of the steps given that are not there.
missing() {
	local step package sign
	for step in "$@"; do
		while read -r package sign; do
			case $sign in
			python:*) python_with "${sign#python:}" >/dev/null || echo "$package" ;;
			/*) compgen -G "$sign" >/dev/null || echo "$package" ;;
			*) command -v "$sign" >/dev/null || echo "$package" ;;
			esac
		done < <(step_needs "$step")
	done | sort -u
}

# can_install reports whether packages can be installed here.
can_install() {
	[[ $(id -u) == 0 ]] && command -v apt-get >/dev/null
}

# install gets what the steps given lack. A package that cannot be installed is
# found missing by the steps that need it.
install() {
	local packages plan total disk
	mapfile -t packages < <(missing "$@")
	((${#packages[@]})) || return 0
	export DEBIAN_FRONTEND=noninteractive
	echo "== install ${packages[*]}"
	apt-get -qq update || true
	plan=$(apt-get -s -o Debug::NoLocking=1 install --no-install-recommends "${packages[@]}" 2>&1) || true
	total=$(grep -c '^Inst ' <<<"$plan") || true
	disk=$(apt-get --assume-no install --no-install-recommends "${packages[@]}" 2>/dev/null |
		grep -E '^(Need to get|After this operation)' | paste -sd' ') || true
	echo "$total packages with what they depend on. $disk"
	apt-get -q install -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
		"${packages[@]}" 2>&1 | tee "$tmp/apt.log" | install_progress "$total" ||
		tail -n 20 "$tmp/apt.log"
}

# install_progress reads what apt-get prints and says now and then how far it is:
# $1 packages are fetched, unpacked and set up.
install_progress() {
	local line fetched=0 unpacked=0 ready=0 next=$((SECONDS + 10))
	while IFS= read -r line; do
		case $line in
		Get:*) ((++fetched)) ;;
		Unpacking*) ((++unpacked)) ;;
		'Setting up'*) ((++ready)) ;;
		E:*) echo "$line" ;;
		esac
		if ((SECONDS >= next)); then
			echo "   of $1 packages: $fetched fetched, $unpacked unpacked, $ready set up ($SECONDS s)"
			next=$((SECONDS + 10))
		fi
	done
}

# left_out ends a step that has nothing to say about the code, with the reason.
left_out() {
	echo "$*" >"$tmp/reason"
	exit "$left_out_status"
}
readonly left_out_status=77

step_gofmt() {
	local files
	files=$(gofmt -l .)
	if [[ -n $files ]]; then
		gofmt -d .
		return 1
	fi
}

step_vet() {
	go vet ./...
	go vet -tags qemu ./internal/board ./cmd/fob
}

step_staticcheck() {
	go run "$staticcheck" -tags qemu ./...
}

step_shellcheck() {
	local scripts
	mapfile -t scripts < <(source_files '*.sh' .ci/run)
	shellcheck "${scripts[@]}"
}

# step_english counts habits that make comments and documents hard to read. The
# budget may only fall.
step_english() {
	go run ./tools/english -budget tools/english/budget.txt .
}

step_vulncheck() {
	local status=0
	timeout 300 go run "$govulncheck" ./... >"$tmp/vulncheck" 2>&1 || status=$?
	cat "$tmp/vulncheck"
	# Known by its complaint, because its exit status says only that it failed.
	if ((status == 124)) || ((status)) && grep -q 'fetching vulnerabilities:' "$tmp/vulncheck"; then
		left_out 'the vulnerability database cannot be reached from here: nothing was checked'
	fi
	return "$status"
}

step_tidy() {
	local before
	go mod tidy -diff
	before=$(tree_state)
	go generate ./...
	diff <(echo "$before") <(tree_state) || {
		echo 'go generate changed the files above: commit what it makes'
		return 1
	}
}

step_test() {
	# For the Go tests that start one.
	FOB_PYTHON=$(python_with serial cryptography) || FOB_PYTHON=python3
	export FOB_PYTHON
	fetch_axe
	probe_containers
	# SQLite is C translated to Go: pointers in plenty, which the race detector's
	# checks of pointers would look at for a third of the time.
	go test -timeout "$test_timeout" -race -shuffle=on -gcflags='modernc.org/...=-d=checkptr=0' ./... | no_empty_packages
	# Sizes in memory mean nothing under the race detector.
	go test -timeout "$test_timeout" -run '^TestResident$' ./virtual
}

# fetch_axe fetches axe-core, which checks pages for accessibility.
fetch_axe() {
	if command -v npm >/dev/null && tools/axe/fetch.sh; then
		return
	fi
	echo 'axe-core is not here and cannot be fetched: see tools/axe/fetch.sh'
	[[ $FOB_REQUIRE_TOOLS != 1 ]] || return 1
	echo axe-core >>"$tmp/test_lacks"
}

# probe_containers finds out whether the documents can run containers. Some kernels cannot,
# and no package would help.
probe_containers() {
	local reason
	command -v podman >/dev/null || return 0
	if ! reason=$(tools/containers/probe.sh "$tmp/containers"); then
		echo "$reason"
		echo "containers ($reason)" >>"$tmp/test_lacks"
	fi
}

# runs_386 reports whether this machine runs 386 programs. Some kernels for amd64
# do not, and only running one tells.
runs_386() {
	if [[ ! -e $tmp/runs_386 ]]; then
		mkdir -p "$tmp/program386"
		printf 'package main\n\nfunc main() {}\n' >"$tmp/program386/main.go"
		if GOARCH=386 CGO_ENABLED=0 go build -o "$tmp/program386/run" "$tmp/program386/main.go" &&
			"$tmp/program386/run" 2>/dev/null; then
			echo yes >"$tmp/runs_386"
		else
			echo no >"$tmp/runs_386"
		fi
	fi
	[[ $(cat "$tmp/runs_386") == yes ]]
}

# step_test32: the boards are 32-bit, and an int that is too small shows here. A fleet must
# give the same log as on 64 bits, and on arm64, for which Go's compiler fuses
# multiplications with additions.
# A machine without 386 runs the same tests as ARM programs in an emulator.
step_test32() {
	local same_log='^(TestStory|TestSameEvents)$'
	if runs_386; then
		GOARCH=386 CGO_ENABLED=0 go test -timeout "$test_timeout" "${portable[@]/#/./}" | no_empty_packages
		GOARCH=386 CGO_ENABLED=0 go test -timeout "$test_timeout" -run "$same_log" ./fleet ./fleet/scenario
	else
		echo 'this machine runs no 386 programs: the tests run as ARM programs in qemu-arm'
		GOARCH=arm CGO_ENABLED=0 go test -timeout "$test_timeout" -exec qemu-arm "${portable[@]/#/./}" | no_empty_packages
		GOARCH=arm CGO_ENABLED=0 go test -timeout "$test_timeout" -exec qemu-arm -run "$same_log" ./fleet ./fleet/scenario
	fi
	GOARCH=arm64 CGO_ENABLED=0 go test -timeout "$test_timeout" -exec qemu-aarch64 -run "$same_log" ./fleet ./fleet/scenario
}

step_fuzz() {
	local targets target pkg name dir seconds passed built='' status=0
	mapfile -t targets < <(fuzz_targets)
	((${#targets[@]})) || left_out 'there is no fuzz target'
	seconds=$((fuzz_total / ${#targets[@]}))
	((seconds <= 5)) || seconds=5
	((seconds >= 1)) || seconds=1

	for target in "${targets[@]}"; do
		read -r pkg name dir <<<"$target"
		if [[ $pkg != "$built" ]]; then
			# One program a package, with the instruments of the fuzzer. Where a
			# seed fails, so does its package.
			go test -c -fuzz . -o "$tmp/fuzz.test" "$pkg"
			built=$pkg
			if ! (cd "$dir" && "$tmp/fuzz.test" -test.run '^Fuzz' -test.v) >"$tmp/seeds"; then
				cat "$tmp/seeds"
				status=1
			fi
		fi
		# Counted when they run: seeds from a glob that matches nothing are
		# written down, and are none.
		passed=$(grep -c "^ *--- PASS: $name/" "$tmp/seeds") || {
			echo "$pkg: $name has no seed: use f.Add, or testdata/fuzz/$name"
			status=1
			continue
		}
		echo "$pkg $name: $passed seeds, then $seconds s"
		fuzz "$dir" "$name" "$seconds" || status=1
	done
	return "$status"
}

# fuzz runs target $2 of the package in folder $1 for $3 seconds.
fuzz() {
	local try
	for try in 1 2; do
		if (cd "$1" && "$tmp/fuzz.test" -test.run '^$' -test.fuzz "^$2\$" -test.fuzztime "${3}s" \
			-test.fuzzminimizetime 50x -test.fuzzcachedir "$tmp/fuzzcache/$2") >"$tmp/fuzz" 2>&1; then
			return 0
		fi
		# It sometimes takes the end of the time for a failure.
		if ((try == 1)) && grep -q 'context deadline exceeded' "$tmp/fuzz" &&
			! grep -q 'Failing input written' "$tmp/fuzz"; then
			continue
		fi
		cat "$tmp/fuzz"
		return 1
	done
}

# fuzz_targets prints lines of a package, the name of a fuzz function, and the
# package's folder.
fuzz_targets() {
	local pkg dir file
	go list -f '{{range .TestGoFiles}}{{$.ImportPath}} {{$.Dir}} {{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$.ImportPath}} {{$.Dir}} {{.}}{{"\n"}}{{end}}' ./... |
		while read -r pkg dir file; do
			[[ -n $pkg ]] || continue
			sed -nE "s|^func (Fuzz[A-Za-z0-9_]*)\(.*|$pkg \1 $dir|p" "$dir/$file"
		done
}

step_bench() {
	go test -timeout "$test_timeout" -run '^$' -bench . -benchtime 1x ./... | no_empty_packages
}

# step_java tests the client for Java. Its jars come from Debian: the tests reach no
# repository for Java.
step_java() {
	local pages
	go build -o "$tmp/fob" ./cmd/fob
	mapfile -t pages < <(grep -lx '```java' docs/cookbook/*.md | grep -v README.md) # which has the bank
	FOB_COMMAND=$tmp/fob clients/java/test.sh README.md README.ja.md "${pages[@]}"
}

# step_python checks the types of the Python client, and tests it against the command.
# Its suite is repeated to find a test that fails only now and then.
step_python() {
	local python
	python=$(python_with build mypy pytest pytest_asyncio setuptools wheel xdist) || {
		echo 'no python3 has all modules of this step'
		return 1
	}
	go build -o "$tmp/fob" ./cmd/fob
	(
		cd clients/python
		export FOB_COMMAND=$tmp/fob PYTHONPATH=$PWD/src PYTHONDONTWRITEBYTECODE=1
		"$python" -m mypy --cache-dir "$tmp/mypy"
		"$python" -m pytest -p no:cacheprovider -p fob_tokens.pytest_plugin -p pytester tests
		"$python" -m pytest -p no:cacheprovider -p fob_tokens.pytest_plugin -n 2 -q benchmarks/suite --repeat 10
		"$python" benchmarks/overhead.py
	)
}

# step_cross builds the command for other systems: unoptimised, because nothing
# runs what comes out, and that takes a quarter less time.
step_cross() {
	local os_arch
	CGO_ENABLED=0 go build -o "$tmp/fob-static" ./cmd/fob
	echo 'ok without C'
	# GOARM is for linux/arm alone: the oldest Raspberry Pi and the Zero.
	for os_arch in linux/arm64 linux/arm darwin/arm64 windows/amd64; do
		CGO_ENABLED=0 GOARM=6 GOOS=${os_arch%/*} GOARCH=${os_arch#*/} \
			go build -gcflags='all=-N -l' -o "$tmp/fob-cross" ./cmd/fob
		echo "ok $os_arch"
	done
}

step_tinygo() {
	local name json pkg
	# All of each package, called by a board or not.
	mkdir -p "$tmp/portable"
	{
		echo 'package main'
		for pkg in "${portable[@]}"; do
			echo "import _ \"$(go list "./$pkg")\""
		done
		echo 'func main() {}'
	} >"$tmp/portable/main.go"
	for json in riscv-virt cortex-m3-qemu; do
		echo "-- $json: ${portable[*]}"
		tools/tinygo/tinygo.sh build -target="tools/tinygo/$json.json" -o "$tmp/portable/$json.elf" "$tmp/portable/main.go"
	done

	go build -o "$tmp/fob" ./cmd/fob
	for name in $(targets); do
		echo "-- $name"
		"$tmp/fob" board build "$name" --out "$tmp/$name.elf"
	done
}

# targets prints the names of the images that a TinyGo without a release can build.
targets() {
	sed -nE '/pico\.json/d; s/^([a-z][a-z0-9-]*)[[:space:]].*/\1/p' testdata/targets.txt
}

# step_smoke runs the core on a Cortex-M3, which is there to watch its size.
step_smoke() {
	local out=$tmp/smoke.out
	go run ./cmd/fob board build cortex-m3 --out "$tmp/smoke.elf"
	timeout 600 qemu-system-arm -machine lm3s6965evb -semihosting -display none -monitor none \
		-serial "file:$out" -kernel "$tmp/smoke.elf" </dev/null
	cat "$out"
	grep -qE '^smoke ok [0-9]+' "$out"
}

# step_board talks to the image on QEMU's RISC-V board.
step_board() {
	go test -timeout "$test_timeout" -tags qemu -run . -bench Provision -benchtime 5x ./internal/board
	go test -timeout "$test_timeout" -tags qemu -run '^TestBoardScripts$' ./cmd/fob
}

step_pico() {
	local tags
	# The target for users asks for what a TinyGo release has: only read here.
	tools/tinygo/tinygo.sh info -target=tools/tinygo/pico.json | tee "$tmp/pico.info"
	grep -qE '^scheduler: +none$' "$tmp/pico.info" || {
		echo 'tools/tinygo/pico.json is not read as it should be'
		return 1
	}
	for tags in '' rig hwtest; do
		echo "-- firmware/board/pico, tags: ${tags:-none}"
		tools/tinygo/tinygo.sh build -target=tools/tinygo/pico-check.json -tags="$tags" -size=short \
			-o "$tmp/pico.elf" ./firmware/board/pico
	done
}

# step_typescript tests the client for TypeScript.
step_typescript() {
	local version status=0
	version=$(node --version)
	version=${version#v}
	# Debian 12 has Node 18.
	if ((${version%%.*} < 20)); then
		echo "the client needs Node 20 or later, and this is Node $version"
		[[ $FOB_REQUIRE_TOOLS != 1 ]] || return 1
		left_out "Node 20 or later is needed, and this is Node $version"
	fi
	go build -o "$tmp/fob" ./cmd/fob
	FOB_COMMAND=$tmp/fob clients/typescript/test.sh || status=$?
	if ((status == 69)) && [[ $FOB_REQUIRE_TOOLS != 1 ]]; then
		left_out 'npm cannot fetch Playwright'
	fi
	return "$status"
}

# step_vault checks the module with Vault's TOTP engine, which the tests of conform/target
# run.
step_vault() {
	if ! go -C tools/vaulttotp list -deps . >/dev/null; then
		[[ $FOB_REQUIRE_TOOLS != 1 ]] || return 1
		left_out "the modules of tools/vaulttotp cannot be downloaded"
	fi
	go -C tools/vaulttotp mod tidy -diff
	go -C tools/vaulttotp vet .
	(cd tools/vaulttotp && go run "$staticcheck" .)
}

# source_files prints the files in the tree, tracked or about to be, that fit
# the patterns given.
source_files() {
	git ls-files --cached --others --exclude-standard --deduplicate -- "$@"
}

# tree_state prints a checksum of each file in the tree.
tree_state() {
	source_files | while read -r file; do
		[[ ! -f $file ]] || sha256sum "$file"
	done
}

# no_empty_packages drops the lines about packages that have no tests.
no_empty_packages() {
	sed '/\[no test files\]$/d'
}

# run runs one step, and adds a line to the summary.
run() {
	local step=$1 lacking status=0 began=$SECONDS
	echo "== $step"
	lacking=$(missing "$step" | paste -sd' ')
	if [[ -n $lacking && $FOB_REQUIRE_TOOLS == 1 ]]; then
		echo "missing: $lacking"
		report "FAILED    $step: missing $lacking"
		failed=1
		return
	elif [[ -n $lacking && $step != test ]]; then
		report "left out  $step: missing $lacking"
		return
	fi

	# A subshell in no condition: only there does `set -e` hold inside.
	set +e
	(
		set -e
		"step_$step"
	)
	status=$?
	set -e
	if [[ $step == test && -e $tmp/test_lacks ]]; then
		lacking+="${lacking:+ }$(paste -sd' ' "$tmp/test_lacks")"
	fi
	case $status in
	0) report "ok        $step ($((SECONDS - began)) s)${lacking:+; its tests that need $lacking were left out}" ;;
	"$left_out_status") report "left out  $step: $(cat "$tmp/reason")" ;;
	*)
		report "FAILED    $step ($((SECONDS - began)) s)"
		failed=1
		;;
	esac
}

report() {
	summary+=("$1")
}

main() {
	local steps=() step quick=
	while (($#)); do
		case $1 in
		-h | --help)
			usage
			exit 0
			;;
		--quick) quick=1 ;;
		-*)
			usage >&2
			exit 2
			;;
		*)
			if [[ " ${all_steps[*]} " != *" $1 "* ]]; then
				echo "test.sh: there is no step $1" >&2
				usage >&2
				exit 2
			fi
			steps+=("$1")
			;;
		esac
		shift
	done
	((${#steps[@]})) || steps=("${all_steps[@]}")
	command -v go >/dev/null || {
		echo 'test.sh: Go is not installed' >&2
		exit 1
	}

	export FOB_REQUIRE_TOOLS=${FOB_REQUIRE_TOOLS:-0}
	# A tree that belongs to somebody else has no version to stamp.
	export GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false"
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	summary=()
	failed=0

	local chosen=()
	for step in "${steps[@]}"; do
		if [[ -n $quick && " ${slow_steps[*]} " == *" $step "* ]]; then
			report "left out  $step: --quick"
		else
			chosen+=("$step")
		fi
	done
	# What can run runs first: installing the rest takes minutes.
	local later=()
	for step in "${chosen[@]}"; do
		if can_install && [[ -n $(missing "$step") ]]; then
			later+=("$step")
		else
			run "$step"
		fi
	done
	if ((${#later[@]})); then
		install "${later[@]}"
		for step in "${later[@]}"; do
			run "$step"
		done
	fi

	echo "== summary ($SECONDS s)"
	printf '%s\n' "${summary[@]}"
	return "$failed"
}

main "$@"
