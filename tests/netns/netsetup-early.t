#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup: documents so long that our routes are listed while they are read
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"

ip link add eth0 type veth peer name p0
ip link set eth0 addrgenmode none up
ip link set p0 addrgenmode none up
netsetup=("$BIN/netsetup" --state "$T/state")

# $1: gateway of all; $2: what comes after them
document() {
	printf '{"version": 1, "routes": [\n'
	for i in $(seq 2000); do
		printf '{"dst": "2001:db8:%x::/48", "via": "%s", "dev": "eth0"},\n' "$i" "$1"
	done
	printf '{"dst": "2001:db9::/48", "dev": "p0"%s},\n' "$2"
	printf '{"dst": "2001:dba::/48", "nexthops": [{"via": "fe80::7", "dev": "eth0"}, {"via": "fe80::8", "dev": "p0"}]}]}\n'
}
document fe80::1 '' >"$T/a.json"
document fe80::2 ', "mtu": 1400' >"$T/b.json"
holds 'the document is long' test "$(stat -c %s "$T/a.json")" -gt 65536

run "${netsetup[@]}" apply "$T/a.json"
is 'a long document is applied' 0 "$rc"
routes=$(ip -6 route show proto 166)
is 'with all routes' 2002 "$(grep -c ^2001 <<<"$routes")"
run "${netsetup[@]}" apply "$T/a.json"
like 'again: nothing to do, also for routes by devices and by several hops' 'nothing to do' "$out"
run "${netsetup[@]}" plan "$T/b.json"
is 'plan finds what differs' 1 "$rc"
like 'the gateway by its object' 'fe80::2' "$out"
like 'and the MTU' '1400' "$out"
run "${netsetup[@]}" apply "$T/b.json"
like 'two changes' '0 added, 2 changed, 0 removed' "$out"

# What was listed under the nose of a killed transaction is listed again.
SHOOT6_CRASH_AT=3 "${netsetup[@]}" apply "$T/a.json" 2>/dev/null
is 'a transaction is killed when it is half done' 137 $?
run "${netsetup[@]}" apply "$T/a.json"
is 'the next one takes it back, and does its own' 0 "$rc"
like 'and says so' 'took back' "$err"
is 'all routes are as at first' "$routes" "$(ip -6 route show proto 166)"

# Bad words are told at once, whoever holds the lock, and leave it free.
sed 's/"routes"/"rotues"/' "$T/a.json" >"$T/bad.json"
lock=$(find "$T/state" -name lock)
exec 9>"$lock"
flock 9
run "${netsetup[@]}" apply "$T/bad.json"
is 'a bad document is refused without waiting for the lock' 2 "$rc"
exec 9>&-
run "${netsetup[@]}" apply "$T/bad.json"
is 'and with the lock' 2 "$rc"
holds 'which is free afterwards' flock -n "$lock" true
done_testing
