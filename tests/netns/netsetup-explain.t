#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup explain: rule, route, nexthop, neighbour, source address, MTU, NAT64
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq

ns_new router
ip link add eth0 type veth peer name n1 netns router
ip link set eth0 up
ns router ip link set n1 up
ip link add eth1 type veth peer name p1
ip link set eth1 up
ip link set p1 up
for dev in eth0 eth1; do ip addr flush dev $dev; done
ip addr add fe80::2/64 dev eth0 nodad
ip addr add 2001:db8:10::a/64 dev eth0 nodad
ip addr add 2001:db8:10::d/64 dev eth0 nodad preferred_lft 0
ip addr add fd00:10::a/64 dev eth0 nodad
ip addr add 2001:db8:20::a/64 dev eth1 nodad
ip -6 route add default via fe80::1 dev eth0 proto ra mtu 1400
ip -6 route add default via fe80::9 dev eth1 table 200
ip -6 route add 2001:db8:77::/48 via fe80::1 dev eth0 src 2001:db8:10::d proto bird
ip -6 route add unreachable 2001:db8:dead::/48
ip -6 route add prohibit 2001:db8:bad::/48
ip -6 rule add pref 100 from 2001:db8:20::/64 table 200
ip -6 rule add pref 200 to 2001:db8:99::/48 table 201
ip -6 rule add pref 300 to 2001:db8:66::/48 blackhole
ip -6 neigh add fe80::1 dev eth0 lladdr 02:00:00:00:00:01 nud permanent
cat >"$T/hints.json" <<Y
{"version":1,"nat64":{"prefix":"2001:db8:64::/96","source":"pref64","lifetime_s":1800,"router":"fe80::1"}}
Y
explain=("$BIN/netsetup" --state "$T/state" --hints "$T/hints.json" explain)
says() { # NAME PATH WANT, of the last JSON
	is "$1" "$3" "$(printf '%s' "$out" | jq -r "$2" 2>&1)"
}

run "${explain[@]}" --json 2001:db8:f00::10
is 'a destination by the default route' 0 "$rc"
says 'rule' .rule.priority 32766
says 'the local table was asked before' '.passed[0]' '0: all table 255, owner kernel'
says 'route' .route.dst default
says 'owner of the route' .route.owner ra
says 'next hop' .nexthop.address fe80::1
says 'its neighbour entry' .nexthop.state permanent
says 'its link-layer address' .nexthop.lladdr 02:00:00:00:00:01
says 'source as the kernel has it' .source.address "$(ip -6 route get 2001:db8:f00::10 | sed 's/.* src \([^ ]*\).*/\1/')"
says 'source' .source.address 2001:db8:10::a
lost() { printf '%s' "$out" | jq -r ".source.candidates[] | select(.address == \"$1\") | .lost_by"; }
like 'a deprecated address loses by rule 3' 'rule 3' "$(lost 2001:db8:10::d)"
like 'one of another interface by rule 5' 'rule 5' "$(lost 2001:db8:20::a)"
like 'a unique local one by rule 6' 'rule 6' "$(lost fd00:10::a)"
like 'a link-local one by rule 2' 'rule 2' "$(lost fe80::2)"
says 'MTU of the route' .mtu.bytes 1400
says 'who says so' .mtu.by 'the route'

run "${explain[@]}" --json fd00:99::1
says 'a unique local destination gets a unique local source' .source.address fd00:10::a
run "${explain[@]}" --json 2001:db8:10::99
says 'on link: the destination is its own next hop' .nexthop.address 2001:db8:10::99
says 'and no gateway' .nexthop.gateway false
says 'nobody has asked for it yet' .nexthop.state none
says 'MTU of the link' .mtu.by 'the link'
run "${explain[@]}" --json --from 2001:db8:20::a 2001:db8:f00::10
says 'by its source: another rule' .rule.priority 100
says 'another route' .route.table 200
says 'another next hop' .nexthop.dev eth1
run "${explain[@]}" --json 2001:db8:99::1
like 'a rule whose table is empty is passed' '200: to 2001:db8:99::/48 table 201' "$(printf '%s' "$out" | jq -r '.passed[1]')"
says 'the next one decides' .rule.priority 32766
run "${explain[@]}" --json 2001:db8:77::1
says 'the route names the source' .source.why 'the route says so'
says 'even a deprecated one' .source.address 2001:db8:10::d
says 'owner' .route.owner bird

for case in '2001:db8:dead::1 EHOSTUNREACH' '2001:db8:bad::1 EACCES' '2001:db8:66::1 EINVAL'; do
	run "${explain[@]}" --json "${case% *}"
	is "${case% *} is not sent" 1 "$rc"
	says "${case% *} because" .route.error "${case#* }"
done
ip -6 route del default dev eth0
run "${explain[@]}" 2001:db8:f00::10
is 'without a route' 1 "$rc"
like 'it says so' 'there is no route (ENETUNREACH)' "$out"
ip -6 route add default via fe80::1 dev eth0

run "${explain[@]}" --json 2001:db8:64::cb00:7105
says 'behind NAT64' .nat64.ipv4 203.0.113.5
says 'prefix by a router' .nat64.source pref64
run "${explain[@]}" 203.0.113.5
is 'an IPv4 destination goes through NAT64' 0 "$rc"
like 'by the prefix of the hints' 'behind 2001:db8:64::/96 (pref64)' "$out"
like 'the text has a line for the source' 'source   2001:db8:10::a on eth0: RFC 6724' "$out"
run "${explain[@]}" --json 64:ff9b::1
says 'the well-known prefix is known' .nat64.source well-known
echo '{"version":1}' >"$T/hints.json"
run "${explain[@]}" 203.0.113.5
is 'IPv4 without a prefix' 2 "$rc"
run "${explain[@]}" nowhere
is 'not an address' 2 "$rc"
run "${explain[@]}" 2001:db8::1 2001:db8::2
is 'one destination' 2 "$rc"
run "$BIN/netsetup" --state "$T/state" undo it
is 'verbs without arguments take none' 2 "$rc"

# No privilege is needed, and nothing is sent.
chmod 755 "$T"
if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --clear-groups "$BIN/netsetup" --version >/dev/null 2>&1; then
	run setpriv --reuid 65534 --regid 65534 --clear-groups "${explain[@]}" 2001:db8:f00::10
	is 'explain as nobody' 0 "$rc"
else
	skip 'explain as nobody' 'no other user here, or the programs are not for all'
fi

# What a router tells about the path.
ns router ip link set n1 addrgenmode none
ns router ip addr add fe80::1/64 dev n1 nodad
ns router sysctl -qw net.ipv6.conf.all.forwarding=1
ns router ip link add r2 mtu 1300 type veth peer name r3
ns router ip link set r2 up
ns router ip link set r3 up
ns router ip addr add 2001:db8:f00::1/64 dev r2 nodad
ns router ip -6 route add 2001:db8:10::/64 dev n1
ip -6 neigh del fe80::1 dev eth0
learnt() {
	python3 -c 'import socket; s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.connect(("2001:db8:f00::10", 9)); s.send(bytes(1400))'
	run "${explain[@]}" --json 2001:db8:f00::10
	[ "$(printf '%s' "$out" | jq .mtu.path)" = 1300 ]
}
holds 'a smaller MTU on the path is learnt' wait_for learnt
learnt
says 'and told' .mtu.bytes 1300
like 'with its reason' 'Packet Too Big' "$(printf '%s' "$out" | jq -r .mtu.by)"
done_testing
