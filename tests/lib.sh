# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What test files (*.t) share. A file reads
#
#	#!/usr/bin/env bash
#	# SPDX-License-Identifier: Apache-2.0
#	# what it tests
#	. "$(dirname "$0")/../lib.sh"
#	netns_test "$0" "$@"		# only in tests/netns: be root in own namespaces
#
#	run "$BIN/netsetup" plan x.yaml	# sets $rc $out $err
#	is 'plan says what is wrong' 2 "$rc"
#	like 'and where' 'x.yaml:1:1' "$err"
#	done_testing
#
# and prints TAP. $BIN: programs under test; $T: a folder of its own, removed at the end;
# $TOP: top of the tree. Nothing waits for a time: wait_for waits for a condition.

set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${BIN:=$TOP/build/bin}"
# shellcheck disable=SC2034 # for the files that read this one
DATA=$TOP/tests/data
T=$(mktemp -d "${TMPDIR:-/tmp}/shoot6-test.XXXXXX") || exit 1
export BIN T
# Nothing counts as late that a crowded machine delays; what never comes is given up later.
export SHOOT6_PATIENCE=${SHOOT6_PATIENCE:-4}
test_count=0
test_failed=0
test_done=
test_cleanups=()

# at_exit COMMAND... - run a command at the end, the last one first
at_exit() {
	test_cleanups+=("$(printf '%q ' "$@")")
}

# Runs at every end of the file: cleans up, and fails a file that ended too early.
test_end() {
	local rc=$? i pids

	trap '' INT TERM
	for ((i = ${#test_cleanups[@]} - 1; i >= 0; i--)); do
		eval "${test_cleanups[i]}" >&2
	done
	pids=$(jobs -p)
	# shellcheck disable=SC2086 # a list of process ids
	[ -z "$pids" ] || kill $pids 2>/dev/null
	rm -rf "$T"
	if [ -z "$test_done" ]; then
		echo "not ok $((test_count + 1)) - ended early, exit status $rc"
		exit 1
	fi
	exit "$rc"
}
trap test_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# diag TEXT... - a comment, each line marked, so that TAP is not confused
diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# ok NAME, not_ok NAME [TEXT...] - a test's verdict
ok() {
	test_count=$((test_count + 1))
	echo "ok $test_count - $1"
}

not_ok() {
	test_count=$((test_count + 1))
	test_failed=$((test_failed + 1))
	echo "not ok $test_count - $1"
	shift
	[ $# = 0 ] || diag "$@"
	return 1
}

# skip NAME REASON - a test that cannot run here
skip() {
	test_count=$((test_count + 1))
	echo "ok $test_count - $1 # SKIP $2"
}

# skip_all REASON - the whole file cannot run here
skip_all() {
	echo "1..0 # SKIP $1"
	test_done=1
	exit 77
}

# need PROGRAM... - skip the file where a program is missing
need() {
	local program

	for program; do
		command -v "$program" >/dev/null ||
			skip_all "no $program on this machine"
	done
}

# is NAME WANT GOT
is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "wanted '$2'
got    '$3'"
	fi
}

# like NAME PART TEXT - TEXT holds PART; unlike: it does not
like() {
	if [[ $3 == *"$2"* ]]; then
		ok "$1"
	else
		not_ok "$1" "wanted part '$2'
got         '$3'"
	fi
}

unlike() {
	if [[ $3 != *"$2"* ]]; then
		ok "$1"
	else
		not_ok "$1" "wanted none of '$2'
got            '$3'"
	fi
}

# matches NAME REGEX TEXT - TEXT matches an extended regular expression
matches() {
	if [[ $3 =~ $2 ]]; then
		ok "$1"
	else
		not_ok "$1" "wanted match of '$2'
got             '$3'"
	fi
}

# holds NAME COMMAND... - a command succeeds; fails: it does not
holds() {
	local name=$1 said

	shift
	if said=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "status $? of '$*'" "
$said"
	fi
}

fails() {
	local name=$1 said

	shift
	if said=$("$@" 2>&1); then
		not_ok "$name" "status 0 of '$*'" "
$said"
	else
		ok "$name"
	fi
}

# run COMMAND... - run it; its exit status, stdout and stderr in $rc $out $err
run() {
	"$@" >"$T/.out" 2>"$T/.err"
	rc=$?
	# shellcheck disable=SC2034 # for the files that read this one
	out=$(<"$T/.out") err=$(<"$T/.err")
	return 0
}

# wait_for [-t SECONDS] COMMAND... - wait until a command succeeds; two minutes at most, and
# $WAIT_FACTOR times as long on machines that are so much slower
wait_for() {
	local deadline seconds=120

	if [ "$1" = -t ]; then
		seconds=$2
		shift 2
	fi
	deadline=$((SECONDS + seconds * ${WAIT_FACTOR:-1}))
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		# The interval between two looks at the condition, not a wait for luck.
		read -rt 0.05 <> <(:) || :
	done
}

# without_carrier - drop what the kernel makes of a link's carrier, some time after the link has changed
without_carrier() {
	sed -E 's/ (linkdown|dead)\b//g; s/NO-CARRIER,//; s/,(LOWER_UP|M-DOWN)//g; s/ state [A-Z]+//'
}

# routes - all IPv6 routes, when each address that is in use has its local route
#
# The kernel enters that route in work of its own, after it has said that the address is
# there: on a loaded machine a list may come before it.
routes() {
	wait_for -t 30 addresses_routed
	ip -6 route show table all | without_carrier
}
addresses_routed() {
	awk 'FILENAME == ARGV[1] { routed[$2 " " $4] = 1; next }
		{ sub("/.*", "", $4) }
		!(($4 " " $2) in routed) { missing = 1 }
		END { exit missing }' \
		<(ip -6 route show table all type local) \
		<(ip -6 -o address show up -tentative)
}

# done_testing - the end of each file
done_testing() {
	echo "1..$test_count"
	test_done=1
	[ "$test_failed" = 0 ] || exit 1
	exit 0
}

# netns_test FILE [ARG]... - start the file again as root of namespaces of its own
#
# Network, mount, process and (where we are not root) user namespace; /run is an empty
# tmpfs and /sys shows this network namespace, so that "ip netns" and the like stay in
# here. The death of this process ends all that the test has started.
netns_test() {
	local user=() file

	file=$(realpath "$1")
	shift
	if [ "${SHOOT6_NETNS_TEST:-}" = "$file" ]; then
		unset SHOOT6_NETNS_TEST
		netns_set_up
		return
	fi
	[ "$(id -u)" = 0 ] || user=(--user --map-root-user)
	unshare "${user[@]}" --net --mount --pid --fork true 2>/dev/null ||
		skip_all "namespaces are not allowed here"
	rm -rf "$T"
	trap - EXIT INT TERM
	SHOOT6_NETNS_TEST=$file exec unshare "${user[@]}" --net --mount --uts \
		--ipc --pid --fork --kill-child --mount-proc "$file" "$@"
}

# Inside: own /run, /sys of this network namespace, loopback up.
netns_set_up() {
	mount -t tmpfs -o mode=0755 tmpfs /run || exit 1
	mkdir -p /run/netns /run/lock
	mount -t sysfs sysfs /sys 2>/dev/null || :
	ip link set lo up || exit 1
}

# machine_targets JSON - what `scenario run --live` takes where nobody names a file, in an
# /etc over that of the machine, which only this test sees
machine_targets() {
	mount -t tmpfs tmpfs /mnt && mkdir /mnt/up /mnt/work &&
		mount -t overlay -o lowerdir=/etc,upperdir=/mnt/up,workdir=/mnt/work overlay /etc ||
		exit 1
	mkdir -p /etc/shoot6
	echo "$1" >/etc/shoot6/egress.json
}

# ns_new NAME... - further network namespaces, loopback up, no address but its own
ns_new() {
	local name

	for name; do
		ip netns add "$name" || exit 1
		ns "$name" ip link set lo up || exit 1
	done
}

# ns NAME COMMAND... - run a command in one of them
ns() {
	local name=$1

	shift
	nsenter --net="/run/netns/$name" "$@"
}

# veth NS1 IF1 NS2 IF2 - a cable between two namespaces, up, duplicate detection off
veth() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3" || exit 1
	ns "$1" sysctl -qw "net.ipv6.conf.$2.accept_dad=0"
	ns "$3" sysctl -qw "net.ipv6.conf.$4.accept_dad=0"
	ns "$1" ip link set "$2" up || exit 1
	ns "$3" ip link set "$4" up || exit 1
}

# fabric NAME... - a namespace each, eth0 on a bridge of the namespace "fabric"
fabric() {
	local name

	ns_new fabric "$@"
	ns fabric ip link add br0 type bridge mcast_snooping 0
	ns fabric ip link set br0 up
	for name; do
		veth "$name" eth0 fabric "p-$name"
		ns fabric ip link set "p-$name" master br0
	done
}

# serve_zone NS - nsd there, at 2001:db8:a::53, has the root zone $T/root.zone
serve_zone() {
	cat >"$T/nsd.conf" <<-C
		server:
			ip-address: 2001:db8:a::53
			do-ip4: no
			username: ""
			chroot: ""
			zonesdir: "$T"
			pidfile: "$T/nsd.pid"
			xfrdfile: "$T/xfrd"
			zonelistfile: "$T/zones"
			logfile: "$T/nsd.log"
			database: ""
		remote-control:
			control-enable: no
		zone:
			name: "."
			zonefile: root.zone
	C
	nsenter --net="/run/netns/$1" nsd -d -c "$T/nsd.conf" >"$T/nsd.out" 2>&1 &
}

# advertise NS DEV LIFETIME [PREFIX SECONDS] - a router advertisement, with PREF64
# (RFC 8781), which radvd 2.19 does not know
advertise() {
	ns "$1" python3 "$TOP/tests/advertise.py" "${@:2}"
}

# verdict ID, detail ID - of a result in $out
verdict() {
	printf '%s' "$out" | jq -r ".results[] | select(.id == \"$1\") | .verdict"
}
detail() {
	printf '%s' "$out" | jq -r ".results[] | select(.id == \"$1\") | .detail"
}

# jq_is NAME WANT PATH FILE - a member of a JSON file, as jq prints it raw
jq_is() {
	is "$1" "$2" "$(jq -r "$3" "$4" 2>&1)"
}
