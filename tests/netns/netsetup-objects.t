#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup: link kinds, multipath, nexthop groups, duplicate address detection
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"

ns_new other
ip link add eth0 type veth peer name p0 netns other
ip link set eth0 addrgenmode none
ns other ip link set p0 addrgenmode none
ns other ip link set p0 up
ip link set eth0 up
netsetup=("$BIN/netsetup" --state "$T/state")
printf 'version: 1\n' >"$T/empty.yaml"
state() {
	ip -6 -o addr | sed 's/valid_lft.*//; s/^[0-9]*: //'
	routes | grep -v multicast | sort
	ip nexthop | without_carrier
	ip -o link | without_carrier | sed 's/^[0-9]*: //; s/ link.ether [^ ]*//; s/@if[0-9]*//'
}
old=$(state)

# cycle NAME DOCUMENT WANT COMMAND... - apply, look, nothing to do, undo
cycle() {
	local name=$1 want=$3

	printf 'version: 1\n%s\n' "$2" >"$T/doc.yaml"
	shift 3
	run "${netsetup[@]}" apply "$T/doc.yaml"
	is "$name: applied" 0 "$rc"
	[ "$rc" = 0 ] || diag "$err"
	# Ubuntu's ip has a word of its own for each vxlan.
	like "$name: it is there" "$want" "$("$@" 2>&1 | sed 's/ fan-map//')"
	run "${netsetup[@]}" apply --json "$T/doc.yaml"
	like "$name: nothing to do afterwards" '"mutating":0' "$out"
	"${netsetup[@]}" undo >/dev/null
	is "$name: undone" "$old" "$(state)"
	rm -rf "$T/state"
}

# link KIND EXTRA WANT - of a kind that the kernel may lack
link() {
	local kind=$1

	# shellcheck disable=SC2086 # options of the kind
	if ! ip link add probe0 ${5:-} type "$kind" $4 2>/dev/null; then
		printf 'version: 1\nlinks: [{name: t0, kind: %s%s}]\n' "$kind" "$2" >"$T/doc.yaml"
		run "${netsetup[@]}" apply "$T/doc.yaml"
		is "link $kind: refused, this kernel has none" 3 "$rc"
		like "link $kind: said whose lack it is" "this kernel makes no links of kind '$kind' (no CONFIG_" "$err"
		is "link $kind: nothing changed" "$old" "$(state)"
		return
	fi
	ip link del probe0
	cycle "link $kind" "links: [{name: t0, kind: $kind, up: true, addrgen: none$2}]" "$3" ip -d link show t0
}
link bridge ', mtu: 1400' 'mtu 1400' ''
link veth ', peer: t1' 't0@t1' 'peer name probe1'
link vxlan ', id: 42, remote: "2001:db8::1", local: "2001:db8::2", port: 4789' 'vxlan id 42 remote 2001:db8::1 local 2001:db8::2' 'id 1 dstport 4789'
link macvlan ', parent: eth0, mode: bridge' 'macvlan mode bridge' '' 'link eth0'
cycle 'link with a stable secret' 'links: [{name: br9, kind: bridge, up: true, addrgen: none}, {name: t0, kind: veth, peer: t1, up: true, addrgen: stable, secret: "2001:db8::5ec", mtu: 1400, group: 9, altname: uplink7, mac: "02:00:00:00:00:77", master: br9}]' \
	'addrgenmode stable_secret' ip -d link show t0
cycle 'route by an object that drops' 'nexthops: [{id: 3, blackhole: true}]
routes: [{dst: "2001:db8:a::/48", nexthop: 3}]' 'nhid 3' ip -6 route show 2001:db8:a::/48
link vlan ', parent: eth0, id: 7' 'vlan protocol 802.1Q id 7' 'id 3' 'link eth0'
link dummy '' 'dummy' ''
link vrf ', table: 100' 'vrf table 100' 'table 10'
# nowhere KIND DOCUMENT - of a device that is not there
nowhere() {
	printf 'version: 1\n%s\n' "$2" >"$T/doc.yaml"
	run "${netsetup[@]}" apply "$T/doc.yaml"
	is "$1 of a device that is not there" 3 "$rc"
	like "$1: it is named" "netsetup: $1 '" "$err"
	like "$1: and the device" "': no device 'nope'; rolled back, nothing changed" "$err"
	rm -rf "$T/state"
}
nowhere link 'links: [{name: nope, mtu: 1400}]'
nowhere link 'links: [{name: t0, kind: macvlan, parent: nope}]'
nowhere address 'addresses: [{address: "2001:db8::1/64", dev: nope}]'
nowhere route 'routes: [{dst: default, dev: nope}]'
nowhere nexthop 'nexthops: [{id: 7, dev: nope}]'
nowhere sysctl 'uplinks: [nope]'
nowhere neighbour 'neighbours: [{address: "fe80::9", dev: nope, lladdr: "02:00:00:00:00:09"}]'
printf 'version: 1\nsysctls: {net/ipv6/conf/eth0/accept_rra: 2}\n' >"$T/doc.yaml"
run "${netsetup[@]}" apply "$T/doc.yaml"
like 'a sysctl that the kernel has not' "accept_rra = 2': this kernel has no such sysctl; rolled back" "$err"
rm -rf "$T/state"
# New links on new links, each with a parent; the order of names is the wrong one.
cycle 'macvlan on a vxlan on a link' 'links: [{name: t0, kind: macvlan, parent: t8, up: true, addrgen: none}, {name: t8, kind: vxlan, id: 42, parent: eth0, up: true, addrgen: none}]' 't0@t8' ip link show t0
if ip link add probe0 link eth0 type vlan id 9 2>/dev/null; then
	ip link del probe0
	cycle 'vlan on a vlan on a vlan' 'links: [{name: t0, kind: vlan, id: 3, parent: t1, up: true, addrgen: none}, {name: t1, kind: vlan, id: 2, parent: t2, up: true, addrgen: none}, {name: t2, kind: vlan, id: 1, parent: eth0, up: true, addrgen: none}]' 't0@t1' ip link show t0
else
	skip 'vlan on a vlan' 'this kernel has no vlan'
fi
cycle 'link in a bridge' 'links: [{name: b0, kind: bridge, up: true, addrgen: none}, {name: t0, kind: veth, peer: t1, master: b0, up: true, addrgen: none}]' 'master b0' ip link show t0
cycle 'both ends of a cable' 'links: [{name: t0, kind: veth, peer: t1, up: true, addrgen: none}, {name: t1, up: true, addrgen: none, group: 7}]
nexthops: [{id: 3, via: "fe80::1", dev: t0}]
neighbours: [{address: "fe80::1", dev: t1, lladdr: "02:00:00:00:00:01"}]' 'group 7' ip link show t1
cycle 'altname and group' 'links: [{name: eth0, group: 5, altname: uplink0}]' 'altname uplink0' ip link show eth0
cycle 'attributes of a link of others' 'links: [{name: eth0, mtu: 1400}]' 'mtu 1400' ip link show eth0

cycle multipath 'routes: [{dst: "2001:db8:9::/48", nexthops: [{via: "fe80::1", dev: eth0, weight: 1}, {via: "fe80::2", dev: eth0, weight: 3}]}]' 'nexthop via fe80::2 dev eth0 weight 3' ip -6 route show 2001:db8:9::/48
cycle 'nexthop group' 'nexthops: [{id: 1, via: "fe80::1", dev: eth0}, {id: 2, via: "fe80::2", dev: eth0}, {id: 3, group: [{id: 1, weight: 2}, {id: 2}]}]
routes: [{dst: "2001:db8:9::/48", nexthop: 3}]' 'group 1,2/2' ip nexthop show id 3
cycle 'blackhole nexthop' 'nexthops: [{id: 1, blackhole: true}]' 'blackhole' ip nexthop show id 1
for type in unreachable blackhole prohibit throw; do
	cycle "route $type" "routes: [{dst: \"2001:db8:9::/48\", type: $type}]" "$type 2001:db8:9::/48" ip -6 route show 2001:db8:9::/48
done
cycle 'route with all it may have' 'routes: [{dst: "2001:db8:9::/48", via: "fe80::1", dev: eth0, metric: 5, table: 1000, mtu: 1300, hoplimit: 9, preference: high}]' 'metric 5 mtu 1300 hoplimit 9 pref high' ip -6 route show table 1000
cycle 'any address of a prefix' 'addresses: [{address: "2001:db8:aa::/80", dev: lo, local: true}]' 'local 2001:db8:aa::/80 dev lo' ip -6 route show table local
cycle 'a lifetime' 'addresses: [{address: "2001:db8:5::1/64", dev: eth0, dad: skip, preferred: 0s}]' 'deprecated' ip -6 addr show dev eth0

# Duplicate address detection. Nobody else has the address: it is usable afterwards.
dad() { # POLICY
	printf 'version: 1\naddresses: [{address: "2001:db8:6::1/64", dev: eth0, dad: %s}]\n' "$1" >"$T/dad.yaml"
}
dad wait
run "${netsetup[@]}" apply "$T/dad.yaml"
is 'wait: applied' 0 "$rc"
unlike 'wait: usable when apply is done' tentative "$(ip -6 addr show dev eth0)"
"${netsetup[@]}" undo >/dev/null
dad optimistic
sysctl -qw net.ipv6.conf.eth0.dad_transmits=9
run "${netsetup[@]}" apply "$T/dad.yaml"
is 'optimistic: applied' 0 "$rc"
like 'optimistic: usable while it is looked for' optimistic "$(ip -6 addr show dev eth0)"
is 'optimistic: the kernel is told to allow it' 1 "$(cat /proc/sys/net/ipv6/conf/eth0/optimistic_dad)"
"${netsetup[@]}" undo >/dev/null
is 'optimistic: that is undone, too' 0 "$(cat /proc/sys/net/ipv6/conf/eth0/optimistic_dad)"
dad skip
run "${netsetup[@]}" apply "$T/dad.yaml"
unlike 'skip: usable at once' tentative "$(ip -6 addr show dev eth0)"
"${netsetup[@]}" undo >/dev/null
sysctl -qw net.ipv6.conf.eth0.dad_transmits=1

# A route from an address: the kernel takes the source out of it when the address goes, also
# where it goes but for an instant (another length) or is on another interface by then.
ip link add eth1 type veth peer name eth2
sourced() { # DEV LENGTH
	cat >"$T/sourced.yaml" <<-Y
		version: 1
		links: [{name: eth1, up: true}]
		addresses: [{address: "2001:db8:7::1/$2", dev: $1, dad: skip}]
		routes:
		- {dst: "2001:db8:a::/48", via: "fe80::1", dev: eth0, src: "2001:db8:7::1"}
		- {dst: "2001:db8:b::/48", dev: eth0, src: "2001:db8:7::1"}
	Y
	"${netsetup[@]}" apply "$T/sourced.yaml" 2>&1
}
sources() { ip -6 route show proto 166 | grep -c 'src 2001:db8:7::1'; }
holds 'routes from an address' sourced eth0 64
is 'have their source' 2 "$(sources)"
for to in 'eth0 80' 'eth1 80' 'eth0 64'; do
	# shellcheck disable=SC2086 # two words
	holds "their address becomes $to" sourced $to
	is "$to: they still have it" 2 "$(sources)"
	run "${netsetup[@]}" apply --json "$T/sourced.yaml"
	like "$to: nothing to do afterwards" '"mutating":0' "$out"
done
holds 'that is undone' "${netsetup[@]}" undo
is 'they still have it' 2 "$(sources)"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
ip link del eth1

# Somebody else has it.
ns other ip addr add 2001:db8:6::1/64 dev p0 nodad
dad wait
run "${netsetup[@]}" apply "$T/dad.yaml"
is 'a duplicate is refused' 3 "$rc"
like 'and named' "address '2001:db8:6::1/64 dev eth0': duplicate address detected" "$err"
is 'nothing is left of it' "$old" "$(state)"
dad skip
"${netsetup[@]}" apply "$T/dad.yaml" >/dev/null
run "${netsetup[@]}" verify "$T/dad.yaml"
is 'who skips detection does not learn' 0 "$rc"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null

# A link without carrier is not waited for: detection does not begin there.
ns other ip link set p0 down
dad wait
run timeout 10 "${netsetup[@]}" apply "$T/dad.yaml"
is 'no carrier, no wait' 0 "$rc"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null

# An exception from conf/all that is stated no more: as if it had never been stated.
words[0]='forwarding: true'
words[1]='sysctls: {net/ipv6/conf/eth0/forwarding: 0}'
printf 'version: 1\n%s\n' "${words[0]}" >"$T/all.yaml"
printf 'version: 1\n%s\n%s\n' "${words[@]}" >"$T/both.yaml"
printf 'version: 1\n%s\n' "${words[1]}" >"$T/one.yaml"
values() { (cd /proc/sys/net/ipv6/conf && cat all/forwarding eth0/forwarding lo/forwarding | xargs); }
follow() { # DOCUMENT... - the values after each
	local doc

	rm -rf "$T/state"
	echo "${start% *}" >/proc/sys/net/ipv6/conf/all/forwarding
	echo "${start#* }" >/proc/sys/net/ipv6/conf/eth0/forwarding
	for doc; do
		"${netsetup[@]}" apply "$T/$doc.yaml" >/dev/null || echo 'not applied'
	done
	values
}
for start in '0 0' '0 1' '1 0'; do
	alone=$(follow all)
	before=$(follow empty)
	for way in 'both all' 'one both all'; do
		# shellcheck disable=SC2086 # documents
		is "forwarding $start, $way: as without the exception" "$alone" "$(follow $way)"
		"${netsetup[@]}" undo >/dev/null
		"${netsetup[@]}" apply "$T/all.yaml" >/dev/null
		is "forwarding $start, $way: undone and again" "$alone" "$(values)"
		"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
		is "forwarding $start, $way: all goes back" "$before" "$(values)"
		is "forwarding $start, $way: nothing is ours" '' "$("${netsetup[@]}" show | grep ^netsetup)"
	done
done
done_testing
