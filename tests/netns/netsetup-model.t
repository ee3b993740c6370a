#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup: random documents in sequence; the kernel has what they say, and what others own
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need python3 nft

# The ground: everything on it belongs to others.
ip link add v0 type veth peer name v1
for dev in v0 v1; do
	ip link set $dev addrgenmode none
	sysctl -qw net.ipv6.conf.$dev.accept_dad=0
	ip link set $dev up
done
ip link add foreign0 type bridge
ip link set foreign0 addrgenmode none
ip link property add dev foreign0 altname theirs0
ip -6 addr add 2001:db8:f::1/64 dev v0 nodad
ip -6 addr add 2001:db8:f::2/128 dev v0 nodad preferred_lft 0
ip -6 addr add 2001:db8:f:1::1/64 dev v1 nodad
ip -6 route add 2001:db8:f:2::/64 via 2001:db8:f::9 proto bird
ip -6 route add 2001:db8:f:3::/64 via fe80::1 dev v0 proto static
ip -6 route add default via fe80::9 dev v1 metric 9000 proto ra
ip -6 route add unreachable 2001:db8:f:4::/64 proto static
ip -6 route add 2001:db8:f:5::/64 dev v1 table 100 proto 201
# The same destinations as ours, of another metric.
ip -6 route add 2001:db8:a:2::/64 via fe80::f dev v1 metric 5000 proto bird
ip -6 route add 2001:db8:a:3::/64 dev v1 metric 50 proto static
ip nexthop add id 90 via fe80::f dev v0 proto zebra
ip nexthop add id 91 group 90 proto zebra
ip -6 route add 2001:db8:f:6::/64 nhid 91 proto zebra
ip -6 rule add priority 650 from 2001:db8:f::/64 table 200 protocol bird
ip -6 rule add priority 702 from 2001:db8:f:1::/64 table 200
ip -6 neigh add 2001:db8:f::9 lladdr 02:00:00:00:00:99 dev v0 nud permanent
ip -6 neigh add proxy 2001:db8:f::e dev v0
nft -f - <<'N'
table ip6 theirs {
	chain post {
		type nat hook postrouting priority 100; policy accept;
		oifname "v1" ip6 saddr 2001:db8:f::/64 masquerade
	}
}
table inet netsetup-of-others {
	set s { type ipv6_addr; elements = { 2001:db8::1 } }
}
N
# Against the current: all is off, this one is on.
sysctl -qw net.ipv6.conf.v1.forwarding=1 net.ipv6.conf.foreign0.accept_ra=0
mkdir -p "$T/root/c"
echo theirs >"$T/root/theirs"
echo theirs >"$T/root/c/theirs"

# Documents have less than a thousand routes: a dozen with one gateway share an object here.
export SHOOT6_NEXTHOP_SHARE=16
if said=$(python3 "$TOP/tests/model/model.py" "$BIN/netsetup" "$T/state" "$T/root" \
	"${DOCUMENTS:-150}" "${SEED:-1}" 2>&1); then
	ok "the kernel has what each document says ($said)"
else
	not_ok 'the kernel has what each document says' "$said"
fi
# Where tests/vm says what its kernel has, documents have drawn all of it.
for kind in veth bridge vxlan macvlan vlan dummy vrf; do
	[[ " ${KERNEL_MUST:-} " != *" $kind "* ]] ||
		matches "links of kind $kind were among them" "[1-9][0-9]* $kind" "$said"
done
is 'nothing of ours is left' '' "$("$BIN/netsetup" show --state "$T/state" | grep ^netsetup)"
done_testing
