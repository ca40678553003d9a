#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Finds settings with which podman runs a container with a published port here:
# probe.sh DIR writes DIR/containers.conf and DIR/storage.conf. With CONTAINERS_CONF and
# CONTAINERS_STORAGE_CONF set to them, podman keeps images and containers in DIR. If no
# container runs, the script prints the reason and fails.
set -euo pipefail
mkdir -p "$1/image"
cd "$1"
dir=$PWD
export CONTAINERS_CONF=$dir/containers.conf CONTAINERS_STORAGE_CONF=$dir/storage.conf

# settings writes the configuration, with the lines $1 for containers and $2 for the engine.
# The driver vfs works in every file system.
settings() {
	cat >storage.conf <<-EOF
		[storage]
		driver = "vfs"
		graphroot = "$dir/storage"
		runroot = "$dir/run"
	EOF
	cat >containers.conf <<-EOF
		[containers]
		$1
		[network]
		network_config_dir = "$dir/networks"
		[engine]
		tmp_dir = "$dir/tmp"
		lock_type = "file"
		events_logger = "file"
		$2
	EOF
}

# try runs a container in a network of its own, because the port may be in use in this one.
try() {
	timeout 300 podman build --quiet --tag probe --file image/Containerfile image >/dev/null &&
		timeout 300 unshare --net sh -c 'ip link set lo up && podman run --rm --publish 127.0.0.1:8080:8080 probe'
}

printf 'package main\n\nfunc main() {}\n' >image/main.go
CGO_ENABLED=0 go build -o image/probe image/main.go
printf 'FROM scratch\nCOPY probe /\nENTRYPOINT ["/probe"]\n' >image/Containerfile

settings '' ''
try 2>why && exit
# Without systemd, and without the right to raise limits.
podman rm --all --force >/dev/null 2>&1 || true
rm -rf storage run tmp
settings 'default_ulimits = ["nofile=1024:1024", "nproc=100:100"]' \
	$'runtime = "runc"\ncgroup_manager = "cgroupfs"'
try 2>why && exit
podman rm --all --force >/dev/null 2>&1 || true
echo "podman runs no container: $(tail -n 1 why)"
exit 1
