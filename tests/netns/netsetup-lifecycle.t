#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup watch while routers come, go and change: two nodes, two real radvd on one link
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need radvd curl jq python3

fabric r1 r2 n1 n2
for s in r1 r2; do
	ns "$s" sysctl -qw net.ipv6.conf.all.forwarding=1
	ns "$s" ip link add out type veth peer name far
	ns "$s" ip link set out up
	ns "$s" ip link set far up
	ns "$s" ip -6 addr add 2001:db8:f00::1/128 dev lo
done
lla() { ns "$1" ip -6 -o addr show dev eth0 scope link | sed -n 's/.* \(fe80::[^ /]*\).*/\1/p'; }
for s in r1 r2 n1 n2; do
	has_lla() { [ -n "$(lla "$s")" ]; }
	wait_for has_lla
done
r1=$(lla r1) r2=$(lla r2)
# What the nodes get from now on is looked at for duplicates.
for n in n1 n2; do ns $n sysctl -qw net.ipv6.conf.eth0.accept_dad=1; done

# router NAME LIFETIME PREFIX VALID - start radvd there, or have it read another file
router() {
	local pid

	cat >"$T/$1.conf" <<C
interface eth0 {
	AdvSendAdvert on;
	MinRtrAdvInterval 3;
	MaxRtrAdvInterval 4;
	AdvDefaultLifetime $2;
	prefix $3 { AdvValidLifetime $4; AdvPreferredLifetime $4; };
};
C
	if pid=$(cat "$T/$1.pid" 2>/dev/null); then
		kill -HUP "$pid"
		return
	fi
	nsenter --net="/run/netns/$1" radvd -n -C "$T/$1.conf" -p "$T/$1.pid" \
		-m stderr >"$T/$1.log" 2>&1 &
	wait_for test -s "$T/$1.pid" || diag "$(cat "$T/$1.log")"
}
# silence NAME - end a router without a word: what it said runs out
silence() {
	kill -9 "$(cat "$T/$1.pid")"
	rm "$T/$1.pid"
}
router r1 9 2001:db8:1::/64 20

# What each node has of its own: an address, a rule, a table by its router.
document() { # NODE ROUTER
	cat >"$T/$1.yaml" <<Y
version: 1
uplinks: [eth0]
forwarding: true
nat64: {}
addresses: [{address: "2001:db8:a::${1#n}/128", dev: eth0, dad: wait}]
routes:
- {dst: "2001:db8:f00::/48", via: "$2", dev: eth0}
- {dst: default, via: "$2", dev: eth0, table: 100}
- {dst: "2001:db8:dead::/48", type: unreachable}
rules: [{priority: 500, from: "2001:db8:a::/64", table: 100}]
neighbours: [{address: "fe80::77", dev: eth0, lladdr: "02:00:00:00:00:77"}]
Y
}
declare -A watch
start() {
	: >"$T/$1.events"
	nsenter --net="/run/netns/$1" "$BIN/netsetup" watch --json --state "$T/$1.state" \
		--hints "$T/$1.hints" --metrics '[::1]:9111' "$T/$1.yaml" \
		>"$T/$1.events" 2>"$T/$1.err" &
	watch[$1]=$!
	wait_for grep -q '"ready"' "$T/$1.events" || diag "$(cat "$T/$1.err")"
}
for n in n1 n2; do
	document $n "$r1"
	start $n
done
both() { "$@" n1 && "$@" n2; }
default_by() { # ROUTER NODE
	ns "$2" ip -6 route show default proto ra | grep -q "via $1 "
}
no_default() { ! ns "$1" ip -6 route show default proto ra | grep -q .; }
slaac() { ns "$2" ip -6 addr show dev eth0 | grep -q "inet6 $1"; }
no_slaac() { ! slaac "$@"; }
# ours NODE - all of the document's objects are there
ours() {
	ns "$1" "$BIN/netsetup" plan --state "$T/$1.state" "$T/$1.yaml" >"$T/plan" 2>&1
}
pings() { ns "$1" ping -c 1 -W 1 -I "2001:db8:a::${1#n}" 2001:db8:f00::1 >/dev/null; }
for s in r1 r2; do
	for n in 1 2; do
		ns "$s" ip -6 route add "2001:db8:a::$n/128" via "$(lla n$n)" dev eth0
	done
done
metrics() { ns "$1" curl -s 'http://[::1]:9111/metrics'; }
lifetime() { # what the metric says; at most LIMIT, at least 1
	local left

	left=$(metrics "$2" | sed -n "s/^netsetup_ra_router_lifetime_seconds{.*router=\"$3\"} //p")
	[ "${left:-0}" -ge 1 ] && [ "$left" -le "$1" ]
}

holds 'both have a default route by the router' wait_for both default_by "$r1"
holds 'and an address of its prefix' wait_for both slaac 2001:db8:1:
holds 'beside all that is ours' wait_for both ours
holds 'which carries packets' wait_for both pings
told() { lifetime 9 "$1" "$r1"; }
holds 'its lifetime is a metric' wait_for both told
hint() { [ "$(jq -r "$1" "$T/$3.hints")" = "$2" ]; }
holds 'hints name it' wait_for both hint .ra.router "$r1"
holds 'as the gateway, too' wait_for both hint .gateway "$r1"
took_dad() { metrics "$1" | grep -q '^netsetup_dad_seconds [0-9.]*[1-9]'; }
holds 'how long the look for duplicates took is a metric' wait_for both took_dad

# An advertisement beside those of radvd.
pref64() { # ROUTER PREFIX LIFETIME
	advertise "$1" eth0 9 "$2" "$3"
}
pref64_left() { # LIMIT PREFIX NODE: what the metric says, at most LIMIT
	local left

	left=$(metrics "$3" | sed -n "s|^netsetup_pref64_lifetime_seconds{prefix=\"$2\",router=\"$r1\"} ||p")
	[ -n "$left" ] && [ "$left" -le "$1" ]
}
pref64 r1 2001:db8:64:: 1800
holds 'PREF64 is in the hints' wait_for both hint .nat64.prefix 2001:db8:64::/96
holds 'with its lifetime' both hint .nat64.lifetime_s 1800
holds 'and who says so' both hint .nat64.router "$r1"
holds 'its lifetime is a metric, too' both pref64_left 1800 2001:db8:64::/96
pref64 r1 2001:db8:65:: 8
holds 'another prefix takes its place' wait_for both hint .nat64.prefix 2001:db8:65::/96
holds 'with a lifetime of its own' both hint .nat64.lifetime_s 8
holds 'which runs out' wait_for both pref64_left 0 2001:db8:65::/96
holds 'but is held for a while' both hint .nat64.prefix 2001:db8:65::/96

# It withdraws, and comes back.
router r1 0 2001:db8:1::/64 20
holds 'withdrawn: the default route goes' wait_for both no_default
holds 'and the router from the hints' wait_for both hint .ra.router null
holds 'what is ours stays' wait_for both ours
holds 'and carries packets' wait_for both pings
router r1 9 2001:db8:1::/64 20
holds 'it is back' wait_for both default_by "$r1"
holds 'in the hints, too' wait_for both hint .ra.router "$r1"

# Another prefix: the old one runs out, since nobody announces it.
router r1 9 2001:db8:2::/64 20
holds 'another prefix: an address of it' wait_for both slaac 2001:db8:2:
holds 'the old one runs out' wait_for both no_slaac 2001:db8:1:
holds 'what is ours stays' wait_for both ours

# The router dies, another one comes.
silence r1
holds 'a router that is silent: its lifetime ends' wait_for both no_default
router r2 9 2001:db8:3::/64 20
holds 'another router is taken' wait_for both default_by "$r2"
holds 'which the hints name' wait_for both hint .ra.router "$r2"
holds 'also for programs that read no JSON' grep -q "GATEWAY=\"$r2\"" "$T/n1.hints.env"
holds 'what is ours stays with the first one, as described' wait_for both ours
for n in n1 n2; do document $n "$r2"; done
through() { ns "$1" ip -6 route show 2001:db8:f00::/48 | grep -q "via $r2 "; }
holds 'until the document says otherwise' wait_for both through
holds 'then packets go there' wait_for both pings

# The link of one goes down: the kernel forgets all that was on it.
ns n1 ip link set eth0 down
ns n1 ip link set eth0 up
holds 'after down and up all of ours is back' wait_for ours n1
holds 'and the router is heard again' wait_for default_by "$r2" n1
holds 'forwarding has not turned that off' test "$(ns n1 cat /proc/sys/net/ipv6/conf/all/forwarding)" = 1
holds 'packets go' wait_for pings n1
ns fabric ip link set p-n1 down
carrier() { ns n1 ip link show eth0 | grep -q NO-CARRIER; }
holds 'the cable is pulled' wait_for carrier
ns fabric ip link set p-n1 up
holds 'and put back' wait_for pings n1
holds 'all of ours is there' wait_for ours n1

# The uplink gets another name, and its own again: what was on it is told and kept.
ns n1 ip link set eth0 down
ns n1 ip link set eth0 name ens3
ns n1 ip link set ens3 up
drift() { [ "$(metrics n1 | sed -n 's/^netsetup_drift //p')" -gt 0 ]; }
holds 'an uplink renamed is drift' wait_for drift
holds 'watch lives' kill -0 "${watch[n1]}"
ns n1 ip link set ens3 down
ns n1 ip link set ens3 name eth0
ns n1 ip link set eth0 up
holds 'with its own name all is back' wait_for ours n1 ||
	diag "$(cat "$T/plan")" "$(tail -20 "$T/n1.events")" "$(tail -5 "$T/n1.err")"
holds 'the router, too' wait_for default_by "$r2" n1
holds 'packets go' wait_for pings n1
ns n2 ip link set eth0 down
ns n2 ip link set eth0 name ens3
ns n2 ip link set ens3 up
sed -i 's/eth0/ens3/g' "$T/n2.yaml"
holds 'a document that follows the new name is applied' wait_for ours n2 ||
	diag "$(cat "$T/plan")" "$(tail -20 "$T/n2.events")" "$(tail -5 "$T/n2.err")"
has_ens3() { ns n2 ip -6 addr show dev ens3 | grep -q 2001:db8:a::2; }
holds 'its address is there' wait_for has_ens3
holds 'packets go' wait_for pings n2

holds 'the PREF64 of long ago is told no more' wait_for -t 150 both hint .nat64.prefix null

# A restart drops no packet: no number is missing among the answers. The last one may be
# on its way when ping is ended.
nsenter --net=/run/netns/n1 ping -i 0.01 -I 2001:db8:a::1 2001:db8:f00::1 >"$T/ping" &
pinging=$!
answers() { grep -o 'icmp_seq=[0-9]*' "$T/ping" | cut -d= -f2 | sort -nu; }
answered() { [ "$(answers | wc -l)" -gt "$1" ]; }
holds 'ping is answered' wait_for answered 2
kill "${watch[n1]}"
wait "${watch[n1]}"
is 'watch ends' 0 $?
so_far=$(answers | wc -l)
start n1
holds 'and after watch is back' wait_for answered "$((so_far + 2))"
kill -INT "$pinging"
wait "$pinging"
for n in n1 n2; do kill "${watch[$n]}" 2>/dev/null; done
is 'a restart of watch drops no packet' "$(seq "$(answers | tail -n 1)")" "$(answers)"
done_testing
