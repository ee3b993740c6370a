#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup watch: a prefix of pods on a link where somebody must answer for each address
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq

# router == eth0 node cni0 == pod; the router believes all of 2001:db8:9::/64 on the link
ns_new router pod
ip link add eth0 type veth peer name r0 netns router
ip link add cni0 type veth peer name p0 netns pod
for s in eth0 cni0; do
	sysctl -qw "net.ipv6.conf.$s.accept_dad=0"
	ip link set "$s" up
done
ns router sysctl -qw net.ipv6.conf.r0.accept_dad=0
ns pod sysctl -qw net.ipv6.conf.p0.accept_dad=0
ns router ip link set r0 up
ns pod ip link set p0 up
ns router ip -6 addr add 2001:db8:9::1/64 dev r0 nodad
ns pod ip -6 addr add 2001:db8:9:0:1::11/80 dev p0 nodad
ns pod ip -6 route add default via 2001:db8:9:0:1::2
cat >"$T/doc.yaml" <<Y
version: 1
forwarding: true
addresses:
- {address: "2001:db8:9::a/64", dev: eth0, dad: skip}
- {address: "2001:db8:9:0:1::2/80", dev: cni0, dad: skip}
proxies: [{prefix: "2001:db8:9:0:1::/80", dev: eth0}, {prefix: "2001:db8:9:0:2::/80", dev: eth0}]
Y
event() {
	jq -es "[.[] | select(.event == \"$1\")] | length | select(. > 0)" "$T/events"
}
reach() {
	ns router ping -c 1 -W 2 "$1" >/dev/null
}
start() {
	"$BIN/netsetup" watch --json --state "$T/state" --metrics "$T/metrics.prom" \
		"$T/doc.yaml" >"$T/events" 2>"$T/err" &
	watch=$!
	wait_for event ready || diag "$(cat "$T/err")"
}
run "$BIN/netsetup" apply --state "$T/state" "$T/doc.yaml"
is 'apply takes such a document' 0 "$rc"
like 'and says who answers' "'netsetup watch'" "$err"
fails 'without an answer the pod is out of reach' reach 2001:db8:9:0:1::11
ns router ip -6 neigh flush all
start
holds 'with one it is in reach' wait_for reach 2001:db8:9:0:1::11
mac=$(cat /sys/class/net/eth0/address)
like 'with the MAC address of the node' "$mac router" \
	"$(ns router ip -6 neigh show 2001:db8:9:0:1::11)"
fails 'what is routed nowhere is not claimed' reach 2001:db8:9:0:2::7
unlike 'not even as a neighbour' "$mac" "$(ns router ip -6 neigh show 2001:db8:9:0:2::7)"
fails 'what is outside the prefix is not, either' reach 2001:db8:9:0:3::7
holds 'a metric counts' wait_for grep -q 'netsetup_neighbour_answers_total [1-9]' "$T/metrics.prom"

# Another address of the node's MAC, and the interface down and up.
ip link set eth0 down
ip link set eth0 address 02:00:00:00:00:77
ip link set eth0 up
ns router ip -6 neigh flush all
holds 'the link goes down and comes back with another MAC' wait_for reach 2001:db8:9:0:1::11
like 'which is told' '02:00:00:00:00:77' "$(ns router ip -6 neigh show 2001:db8:9:0:1::11)"

# Somebody who wants such an address for himself is told that it is taken.
ns router sysctl -qw net.ipv6.conf.r0.accept_dad=1
ns router ip -6 addr add 2001:db8:9:0:1::11/128 dev r0
holds 'duplicate address detection finds it' wait_for \
	sh -c 'nsenter --net=/run/netns/router ip -6 addr show dev r0 | grep -q dadfailed'
ns router ip -6 addr del 2001:db8:9:0:1::11/128 dev r0

kill "$watch"
wait "$watch"
is 'ends' 0 $?
sed -i 's/2001:db8:9:0:1::.80", dev: eth0/&/; /^proxies/d' "$T/doc.yaml"
echo 'proxies: [{prefix: "2001:db8::/31", dev: eth0}]' >>"$T/doc.yaml"
run "$BIN/netsetup" check "$T/doc.yaml"
is 'too wide a prefix: 2' 2 "$rc"
done_testing
