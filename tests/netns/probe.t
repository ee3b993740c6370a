#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# each kind of probe against a healthy and a broken path: verdict and evidence
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq nft

# here --- x router y --- world
ns_new router world
ip link add eth0 type veth peer name x netns router
veth router y world w0
sysctl -qw net.ipv6.conf.eth0.accept_dad=0
ns router sysctl -qw net.ipv6.conf.x.accept_dad=0
ip link set eth0 mtu 1460 up
ns router ip link set x mtu 1460 up
ip addr add 2001:db8:1::10/64 dev eth0 nodad
ns router ip addr add 2001:db8:1::1/64 dev x nodad
ns router ip addr add 2001:db8:2::1/64 dev y nodad
ns router sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.icmp.ratelimit=0
ns world ip addr add 2001:db8:2::10/64 dev w0 nodad
ns world ip route add default via 2001:db8:2::1 mtu 1460 advmss 1400
ip route add default via 2001:db8:1::1
echo 'nameserver 2001:db8:2::10' >"$T/resolv.conf"
mount --bind "$T/resolv.conf" /etc/resolv.conf

ns world "$BIN/probe-responder" --tcp 7777 --udp 7777 --http 80 --name w \
	>"$T/ready" &
wait_for grep -q ready "$T/ready" || exit 1

site='"address":"2001:db8:2::10","http":80,"udp":7777'
peer='"kind":"pod","tcp":7777,"udp":7777,"http":80'
cat >"$T/t.json" <<J
{"version":1,"node":"n1","pod":"a","nat64_prefix":"2001:db8:64::/96",
"peers":[{"name":"n2/b","node":"n2","address":"2001:db8:2::10",$peer},
{"name":"n3/b","node":"n3","address":"2001:db8:3::10",$peer}],
"services":[{"name":"web","vip":"2001:db8:2::10","port":80,
"protocols":["tcp"],"http":true,
"endpoints":["2001:db8:2::10","2001:db8:2::11"]}],
"egress":{"v6":[{$site}],"v6_small":[{$site}],
"v4only":[{"address":"203.0.113.10","http":80,"udp":7777}]}}
J

# probe PROGRAM ARG... - run it; results in $T/r.json, by verdicts of an id and dst
probe() {
	local program=$1

	shift
	run "$BIN/probe-$program" --targets "$T/t.json" --json "$@"
	printf '%s\n' "$out" >"$T/r.json"
}

# said ID VARIANT DST-PART FIELD - a field of the first such result
said() {
	jq -r --arg i "$1" --arg v "$2" --arg d "$3" "select(.id == \$i and
		(.variant // \"\") == \$v and ((.dst // \"\") | contains(\$d)))
		| $4" "$T/r.json" | head -n 1
}

probe pod
for v in udp tcp; do
	is "POD-2 $v passes" pass "$(said POD-2 $v 2::10 .verdict)"
	is "POD-2 $v, no route" fail "$(said POD-2 $v 3::10 .verdict)"
done
is 'UDP learns type and code' 1/0 \
	"$(said POD-2 udp 3::10 '"\(.via.icmp_type)/\(.via.icmp_code)"')"
is 'and who said so' 2001:db8:1::1 "$(said POD-2 udp 3::10 .via.offender)"
is 'errno by name' ENETUNREACH "$(said POD-2 udp 3::10 .via.errno)"
is 'reason' net-unreachable "$(said POD-2 udp 3::10 .reason)"
is 'source is kept' pass "$(said POD-5 '' 2::10 .verdict)"
is 'MTU-1 of that node is blocked' blocked "$(said MTU-1 '' 3::10 .verdict)"
is 'by name' POD-2@pod:n1/a "$(said MTU-1 '' 3::10 .blocked_by)"
is 'MTU-1 of the other passes' pass "$(said MTU-1 '' 2::10 .verdict)"
is 'exit status' 1 "$rc"

# A node that has said too much lately: its closed port answers the fifth datagram.
ns world nft -f - <<-'N'
	table ip6 quiet {
		chain o {
			type filter hook output priority 0
			icmpv6 type destination-unreachable numgen inc mod 5 != 4 drop
		}
	}
N
jq '.peers = [{"name":"n2","node":"n2","kind":"node","address":"2001:db8:2::10"}]' \
	"$T/t.json" >"$T/node.json"
run "$BIN/probe-pod" --targets "$T/node.json" --json --check POD-4
printf '%s\n' "$out" >"$T/r.json"
is 'a node without a responder is asked until it says so' pass \
	"$(said POD-4 udp 2::10 .verdict)"
ns world nft delete table ip6 quiet

probe service --check SVC-1 --check SVC-2
is 'SVC-1 passes' pass "$(said SVC-1 tcp '' .verdict)"
is 'an endpoint that never answers is missed' endpoint-missed \
	"$(said SVC-2 '' '' .reason)"
is 'after five rounds' '120 connections' "$(said SVC-2 '' '' '.detail[:15]')"

probe egress --check N64-2 --check EGR-5 --check MTU-3 --check MTU-4 \
	--check MTU-6 --check EGR-2
is 'N64-2 without a route' net-unreachable "$(said N64-2 udp '' .reason)"
is 'no IPv4' pass "$(said EGR-5 '' 203.0.113.10 .verdict)"
is 'fragments' pass "$(said MTU-6 4000 '' .verdict)"
is 'full path' pass "$(said MTU-3 '' '' .verdict)"
is 'the world sees us' pass "$(said EGR-2 '' '' .verdict)"

# IPv4 that must not be there.
ip addr add 203.0.113.1/24 dev eth0
ns router ip addr add 203.0.113.10/24 dev x
probe egress --check EGR-5
is 'EGR-5 sees the leak' v4-reachable "$(said EGR-5 '' 203.0.113.10 .reason)"
probe pod --check ADR-3
is 'ADR-3 sees the address' v4-address "$(said ADR-3 '' '' .reason)"
ip addr del 203.0.113.1/24 dev eth0

# A small link behind the router, told by Packet Too Big, then not told.
ns router ip link set y mtu 1280
ns world ip route replace default via 2001:db8:2::1 mtu 1280 advmss 1400
probe egress --check MTU-3 --check MTU-4
is 'MTU-3 honours it' pass "$(said MTU-3 '' '' .verdict)"
is 'and has the MTU' 1280 "$(said MTU-3 '' '' .via.mtu)"
is 'MTU-4 up' pass "$(said MTU-4 up '' .verdict)"
ns router nft add table ip6 f
ns router nft add chain ip6 f o '{ type filter hook output priority 0; }'
ns router nft add rule ip6 f o icmpv6 type packet-too-big drop
ip -6 route flush cache
probe egress --check MTU-3 --check MTU-4
is 'MTU-3 finds the black hole' blackhole-large "$(said MTU-3 '' '' .reason)"
is 'MTU-4 up stalls' stalled "$(said MTU-4 up '' .reason)"
is 'MTU-4 down goes on' pass "$(said MTU-4 down '' .verdict)"

# No default route: one failure, the rest blocked by it.
ip -6 route del default
probe pod
is 'RTE-1' no-default-route "$(said RTE-1 '' '' .reason)"
is 'RTE-1 at once' ENETUNREACH "$(said RTE-1 '' '' .via.errno)"
is 'POD-2 is blocked' RTE-1@pod:n1/a "$(said POD-2 udp 2::10 .blocked_by)"
cp "$T/r.json" "$T/prior.json"
probe egress --prior "$T/prior.json"
is 'EGR-1 is blocked by what another program found' RTE-1@pod:n1/a \
	"$(said EGR-1 literal '' .blocked_by)"

# Nobody advertises.
probe pod --vantage host:n1 --check RND-1 --check RND-3
is 'RND-1' ra-missing "$(said RND-1 '' '' .reason)"
ip -6 route add default via 2001:db8:1::1
probe pod --vantage host:n1 --check RND-1
is 'RND-1 where the gateway is given otherwise' skip/no-target "$(said RND-1 '' '' '.verdict + "/" + .reason')"
ip -6 route del default
sysctl -qw net.ipv6.conf.all.forwarding=1
probe pod --vantage host:n1 --check RND-3
is 'RND-3' accept-ra "$(said RND-3 '' '' .reason)"
done_testing
