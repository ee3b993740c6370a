#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup watch: PREF64 of routers becomes hints, env and snippets, and goes again
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq python3

ns_new router
ip link add eth0 type veth peer name r0 netns router
ip link add pod0 type veth peer name p0 netns router
for link in eth0 pod0; do ip link set "$link" up; done
for link in r0 p0; do ns router ip link set "$link" up; done
cat >"$T/doc.yaml" <<Y
version: 1
uplinks: [eth0]
units: [{name: dns, restart: [touch, "$T/restarted"], inputs: [/etc/dns64.conf]}]
Y
# Until all ends have their addresses, nothing is sent or heard. The kernel makes them
# one by one, so that "none is tentative" says nothing before all are there.
has() { "$@" | grep -q fe80 && ! "$@" | grep -Eq 'tentative|dadfailed'; }
ready() {
	has ip -6 -o addr show dev eth0 && has ip -6 -o addr show dev pod0 &&
		has ns router ip -6 -o addr show dev r0 &&
		has ns router ip -6 -o addr show dev p0
}
wait_for ready
ra() { # DEV [PREFIX LIFETIME]
	advertise router "$1" 1800 "${@:2}"
}
event() {
	jq -es "[.[] | select(.event == \"$1\" and $2)] | length | select(. > 0)" "$T/events"
}
prefix() {
	[ "$(jq -r .nat64.prefix "$T/root/hints.json")" = "$1" ]
}

run "$BIN/netsetup" watch --state "$T/state" --snippet nonsense "$T/doc.yaml"
is 'a snippet of nothing: 2' 2 "$rc"
"$BIN/netsetup" watch --json --state "$T/state" --root "$T/root" --hints /hints.json \
	--metrics "$T/metrics.prom" --snippet unbound=/etc/dns64.conf "$T/doc.yaml" \
	>"$T/events" 2>"$T/err" &
watch=$!
wait_for event ready true || diag "$(cat "$T/err")"
ra p0 64:ff9b:bad:: 1800
ra r0 2001:db8:64:: 1800
holds 'the prefix that the router announces is told' wait_for event nat64 '.prefix == "2001:db8:64::/96"'
holds 'in hints.json' wait_for prefix 2001:db8:64::/96
like 'in hints.env' '2001:db8:64::/96' "$(cat "$T/root/hints.env")"
jq_is 'with its source' pref64 .nat64.source "$T/root/hints.json"
jq_is 'and its lifetime' 1800 .nat64.lifetime_s "$T/root/hints.json"
like 'in the snippet' 'dns64-prefix: 2001:db8:64::/96' "$(cat "$T/root/etc/dns64.conf")"
holds 'and the unit that reads it is run' wait_for test -e "$T/restarted"
fails 'what a pod announces counts for nothing' event nat64 '.prefix == "64:ff9b:bad::/96"'

inode=$(stat -c %i "$T/root/hints.json" "$T/root/etc/dns64.conf")
rm "$T/restarted"
ra r0 2001:db8:64:: 1800
ra r0 2001:db8:65:: 1792
holds 'another prefix' wait_for prefix 2001:db8:65::/96
holds 'in the snippet, too' wait_for grep -q 2001:db8:65::/96 "$T/root/etc/dns64.conf"
[ "$inode" != "$(stat -c %i "$T/root/hints.json" "$T/root/etc/dns64.conf")" ]
is 'written by a rename' 0 $?
is 'the same advertisement again changes nothing: two changes' 2 \
	"$(jq -s '[.[]|select(.event=="nat64")]|length' "$T/events")"
holds 'its lifetime is a metric' wait_for \
	grep -q 'netsetup_pref64_lifetime_seconds{prefix="2001:db8:65::/96"' "$T/metrics.prom"
holds 'and that of the router' wait_for \
	grep -q 'netsetup_ra_router_lifetime_seconds{dev="eth0",router="fe80' "$T/metrics.prom"
ra r0 2001:db8:65:: 0
holds 'withdrawn' wait_for prefix null
kill "$watch"
wait "$watch"
is 'ends' 0 $?

# An operator's prefix is not overruled.
rm -f "$T/root/hints.json"
"$BIN/netsetup" watch --json --state "$T/state" --root "$T/root" --hints /hints.json \
	--nat64 2001:db8:99::/96 "$T/doc.yaml" >"$T/events" 2>"$T/err" &
watch=$!
wait_for event ready true
holds 'the operator knows' wait_for prefix 2001:db8:99::/96
ra r0 2001:db8:64:: 1800
ra r0 2001:db8:64:: 1792
ip -6 route add 2001:db8:1::/64 dev eth0 # an event after it
holds 'the operator knows better' prefix 2001:db8:99::/96
kill "$watch"
wait "$watch"
done_testing
