#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup's provider form against a cloud of Google's shape: metadata, RA, DNS64.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need python3

dir=$(mktemp -d)
at_exit rm -rf "$dir"
ns_new router node
veth router n1 node eth0
ns router ip link set n1 address 02:00:00:00:00:01
ns node ip link set eth0 address 02:00:00:00:01:01
ns router sysctl -qw net.ipv6.conf.all.forwarding=1
ns router ip -6 address add fd20:ce::254/128 dev lo
ns router ip -6 address add 2001:db8:53::53/128 dev lo
ns router ip -6 route add 2001:db8:10:0:1::1/128 dev n1

gw=$(ns router ip -6 -o address show dev n1 scope link |
	sed -n 's/.* \(fe80::[^ /]*\).*/\1/p')

mkdir "$dir/md"
nics='[{"mac":"02:00:00:00:01:01","mtu":1460,"ipv6":["2001:db8:10:0:1::1/96"],
"gatewayIpv6":"'$gw'","dnsServers":["169.254.169.254"]}]'
echo "$nics" >"$dir/md/computeMetadata_v1_instance_network-interfaces"
echo node1 >"$dir/md/computeMetadata_v1_instance_name"
cat >"$dir/shoot.yaml" <<'YAML'
apiVersion: core.gardener.cloud/v1beta1
kind: Shoot
spec:
  networking:
    ipFamilies: [IPv6]
    nodes: ""
    pods: ""
    services: 2001:db8:96::/112
YAML

# cloud OPTION... - the router's side, until the next cloud
cloud_end() {
	[ ! -s "$dir/ready" ] || kill "$(cut -d' ' -f2 "$dir/ready")"
	wait
	: >"$dir/ready"
}

cloud() {
	cloud_end
	ns router python3 "$(dirname "$0")/../fake_cloud.py" n1 \
		"metadata=$dir/md" "$@" >"$dir/ready" &
	wait_for grep -q ready "$dir/ready"
}

netsetup() {
	local verb=$1

	shift
	run ns node "$BIN/netsetup" "$verb" --state "$dir/state" \
		--hints "$dir/hints.json" "$@"
}

: >"$dir/ready"
at_exit cloud_end
form=(--provider gcp --shoot "$dir/shoot.yaml")
hint() {
	python3 -c 'import json,sys; h = json.load(open(sys.argv[1]))
for k in sys.argv[2].split("."): h = h[k]
print(h)' "$dir/hints.json" "$1"
}
lla() { ns node ip -6 address show dev eth0 scope link | grep -qv tentative; }

cloud pref64=2001:db8:64::/96 dns64=2001:db8:64::/96
wait_for lla
has_default() { [ -n "$(ns node ip -6 route show default)" ]; }
wait_for has_default

# Counts what solicits routers. Those of the kernel have come and gone.
cat >"$dir/rs.py" <<'P'
import socket, struct, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_ICMPV6, 1, struct.pack("8I", *([0xffffffff] * 4 + [0xffffffdf] + [0xffffffff] * 3)))
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, "ff02::2") + struct.pack("i", socket.if_nametoindex("n1")))
open(sys.argv[1], "w").close()
while True:
    s.recv(100)
    open(sys.argv[1], "a").write("x")
P
nsenter --net=/run/netns/router python3 "$dir/rs.py" "$dir/rs" &
rs=$!
wait_for test -e "$dir/rs"
solicited() { [ -s "$dir/rs" ]; }
for verb in plan verify check; do netsetup $verb "${form[@]}"; done
fails 'plan, verify and check solicit no router' solicited

netsetup plan "${form[@]}"
is 'plan finds changes' 1 "$rc"
like 'plan shows the node address' '2001:db8:10:0:1::1/128' "$out"
netsetup apply "${form[@]}"
is 'apply succeeds' 0 "$rc"
holds 'which does solicit' wait_for solicited
kill "$rs"
[ "$rc" = 0 ] || diag "$err"
like 'the address is there' '2001:db8:10:0:1::1/128' \
	"$(ns node ip -6 address show dev eth0)"
like 'pods nobody has are unreachable' 'unreachable 2001:db8:10:0:1::/112' \
	"$(ns node ip -6 route)"
like 'services have a route' '2001:db8:96::/112 via '"$gw" \
	"$(ns node ip -6 route)"
unlike 'the prefix is not on the link' '2001:db8:10:0:1::/96' \
	"$(ns node ip -6 route)"
holds 'the default route by RA is still there' has_default
is 'the prefix of NAT64' 2001:db8:64::/96 "$(hint nat64.prefix)"
is 'came by RA' pref64 "$(hint nat64.source)"
is 'with its lifetime' 1800 "$(hint nat64.lifetime_s)"
is 'DNS64 is there' True "$(hint dns64)"
is 'the router is known' "$gw" "$(hint ra.router)"
matches 'and how long it lasts' '^(29|30)$' "$(hint ra.lifetime_s)"
is 'the node has its name' node1 "$(hint node_name)"
is 'and its pods' 2001:db8:10:0:1::/112 "$(hint pod_cidr)"
is 'and its DNS service' 2001:db8:96::a "$(hint dns_service_ip)"
like 'hints.env lies beside' 'NODE_IP="2001:db8:10:0:1::1"' \
	"$(cat "$dir/hints.env")"

netsetup apply "${form[@]}"
like 'a second apply has nothing to do' 'nothing to do' "$out"
netsetup emit cni
like 'CNI keeps the node out of its range' '"rangeStart":	"2001:db8:10:0:1::10"' \
	"$out"

cloud dns64=2001:db8:65::/96
netsetup apply "${form[@]}"
is 'without PREF64 the name tells' rfc7050 "$(hint nat64.source)"
is 'which prefix it is' 2001:db8:65::/96 "$(hint nat64.prefix)"
cloud
netsetup apply "${form[@]}"
is 'without both the profile does' metadata "$(hint nat64.source)"
netsetup apply "${form[@]}" --nat64 2001:db8:66::/96
is 'the operator wins' static "$(hint nat64.source)"

# All but lifetimes.
state() {
	{ ns node ip -6 route; ns node ip -6 address; } |
		sed 's/ expires [0-9]*sec//'
}
before=$(state)
echo '[{"mac":"02:00:00:00:01:01",}]' \
	>"$dir/md/computeMetadata_v1_instance_network-interfaces"
netsetup apply "${form[@]}"
is 'malformed metadata is refused' 2 "$rc"
like 'with its place' '1:29' "$err"
echo "${nics/02:00:00:00:01:01/02:00:00:00:09:09}" \
	>"$dir/md/computeMetadata_v1_instance_network-interfaces"
netsetup apply "${form[@]}"
is 'a MAC that nobody has is refused' 2 "$rc"
like 'and named' "mac '02:00:00:00:09:09': no interface has it" "$err"
cloud_end
netsetup apply "${form[@]}" --deadline 500ms
is 'an unreachable service is refused' 2 "$rc"
like 'with each address' "metadata 'http://[fd20:ce::254]/" "$err"
like 'that was tried' "metadata 'http://169.254.169.254/" "$err"
is 'nothing has changed' "$before" "$(state)"
done_testing
