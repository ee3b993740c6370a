#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A cluster that cannot come up says who failed and why, and leaves nothing.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
. "$TOP/tests/kube.sh"
need_kube
need gcc

# The programs that are used, beside $BIN: hard links, so that their images are known.
run "$S" up shoot --name ok --nodes 1
is 'whole: comes up' 0 "$rc"
programs=$("$S" status ok --json | jq -r .kubernetes.programs)
"$S" down ok
kube=$(mktemp -d "$(dirname "$programs")/broken.XXXXXX")
at_exit rm -rf "$kube"
cp -l "$programs"/* "$kube"
version=$("$programs/kubelet" --version)

# A part of ours: before anything is made.
mkdir "$T/parts"
cp "$BIN"/* "$T/parts/"
run env KUBE_BIN="$programs" "$T/parts/scenario" up shoot --name broken --nodes 1
is 'no libexec/pause: exit code' 2 "$rc"
is 'no libexec/pause: says so' \
	"scenario: 'libexec/pause' is missing beside this program: run 'make'" "$(tail -n 1 <<<"$err")"

# shellcheck disable=SC2016 # for the program's shell
# broken PROGRAM TEXT - one that says TEXT and ends
broken() {
	rm -f "$kube/$1"
	printf '#!/bin/sh\n[ "$1" = --version ] && echo "%s" && exit 0\necho "%s" >&2\nexit 7\n' \
		"$version" "$2" >"$kube/$1"
	chmod +x "$kube/$1"
}
whole() {
	rm -f "$kube/$1"
	[ ! -e "$programs/$1" ] || cp -l "$programs/$1" "$kube/$1"
}
# fails_with NAME PART... - up fails, its message has these parts; nothing is left
fails_with() {
	local name=$1 part

	shift
	run env KUBE_BIN="$kube" "$S" up shoot --name broken --nodes 1
	is "$name: exit code" 3 "$rc"
	for part; do
		like "$name: says '$part'" "$part" "$err"
	done
	is "$name: no state is left" '' "$(ls "$XDG_STATE_HOME/shoot6" 2>/dev/null)"
	is "$name: no cgroup is left" '' \
		"$(find /sys/fs/cgroup -type d -path '*/shoot6/broken*')"
}

broken kubelet 'boom: no such cgroup driver'
fails_with 'a kubelet that ends' "'kubelet' of 'node1' has ended with exit code 7" \
	"last lines of 'kubelet':
  boom: no such cgroup driver"
whole kubelet

broken etcd 'listen tcp [::1]:2380: bind: address already in use'
fails_with 'etcd whose port is in use' "'etcd' of 'node1' has ended with exit code 7" \
	'address already in use'
whole etcd

# A pod is another matter: its runtime starts it again and again.
rm -f "$kube/coredns"
gcc -static -x c -o "$kube/coredns" - <<-'C'
	#include <stdio.h>
	int main(void)
	{
		return fprintf(stderr, "plugin/forward: boom\n") != 0;
	}
C
fails_with 'CoreDNS that ends' "waited in vain for CoreDNS: pod 'coredns-" "on 'node1'" \
	'CrashLoopBackOff' '  plugin/forward: boom'

# A disk that is full
mkdir -p "$XDG_STATE_HOME"
mount -t tmpfs -o mode=0700,size=20m tmpfs "$XDG_STATE_HOME"
run "$S" up shoot --name full
is 'a full disk: exit code' 2 "$rc"
matches 'names where, and says so' "'$XDG_STATE_HOME/shoot6/full/.*': No space left on device" "$err"
is 'no state is left' '' "$(ls "$XDG_STATE_HOME/shoot6" 2>/dev/null)"
done_testing
