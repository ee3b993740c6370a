#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup on the kernel that runs: what it has is used, what it lacks is replaced
#
# make check-kernels runs this file on Debian's kernels as well. There $KERNEL_MUST names
# the link kinds that have to be there, and each finding becomes a row of docs/kernels.md:
# a line "NAME<TAB>RESULT" in $FINDINGS.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"

: "${FINDINGS:=$T/findings}" "${KERNEL_MUST:=}"
netsetup=("$BIN/netsetup" --state "$T/state" --root "$T/root")
failed_before=0
printf 'version: 1\n' >"$T/empty.yaml"

# finding NAME RESULT - what was found out, unless a test of it failed
finding() {
	local result=$2

	[ "$test_failed" = "$failed_before" ] || result=FAILED
	failed_before=$test_failed
	printf '%s\t%s\n' "$1" "$result" >>"$FINDINGS"
}

# must KIND - whether its lack is a failure here
must() {
	[[ " $KERNEL_MUST " == *" $1 "* ]]
}

# document TEXT... - lines of a document, into $T/doc.yaml
document() {
	printf '%s\n' 'version: 1' "$@" >"$T/doc.yaml"
}

# state - links, addresses, routes, rules; nothing that moves by itself, nor what the
# kernel makes once and for all with the first link of a kind
state() {
	ip -6 -o addr | sed 's/valid_lft.*//; s/^[0-9]*: //'
	routes | grep -v multicast | sort
	ip -6 rule | grep -v l3mdev-table
	ip nexthop | without_carrier
	ip -d -o link | without_carrier | sed 's/^[0-9]*: //; /^[a-z0-9]*0@NONE:/d'
}

# left - node - right: what the node forwards arrives
ns_new left right
ip link add eth0 type veth peer name l0 netns left
ip link add eth1 type veth peer name r0 netns right
for dev in eth0 eth1; do
	ip link set "$dev" addrgenmode none
	ip link set "$dev" up
done
ns left ip link set l0 addrgenmode none up
ns right ip link set r0 addrgenmode none up
ns left ip addr add 2001:db8:1::2/64 dev l0 nodad
ns right ip addr add 2001:db8:2::2/64 dev r0 nodad
ns left ip -6 route add default via 2001:db8:1::1
ns right ip -6 route add default via 2001:db8:2::1
ip addr add 2001:db8:1::1/64 dev eth0 nodad
ip addr add 2001:db8:2::1/64 dev eth1 nodad
# Without one of these the kernel asks for no neighbour of a packet that it forwards.
ip addr add fe80::1/64 dev eth0 nodad
ip addr add fe80::1/64 dev eth1 nodad
conf=/proc/sys/net/ipv6/conf
echo 1 >$conf/eth0/accept_ra
through() { ns left ping -6 -c1 -W1 2001:db8:2::2; }
old=$(state)

# forwards NAME - the intent "forwards on an uplink", whatever it is made of
forwards() {
	document 'uplinks: [eth0]' 'forwarding: true'
	is "$1: nothing is forwarded before" 0 "$(cat $conf/all/forwarding)"
	run "${netsetup[@]}" apply "$T/doc.yaml"
	is "$1: applied" 0 "$rc"
	is "$1: forwarding is on" 1 "$(cat $conf/all/forwarding)"
	is "$1: advertisements are heard all the same" 2 "$(cat $conf/eth0/accept_ra)"
	holds "$1: a packet goes through" wait_for through
	run "${netsetup[@]}" plan "$T/doc.yaml"
	is "$1: nothing to do afterwards" 0 "$rc"
}

# forwards_not NAME - and back
forwards_not() {
	"${netsetup[@]}" undo >/dev/null
	is "$1: undone" '0 1' "$(cat $conf/all/forwarding) $(cat $conf/eth0/accept_ra)"
	fails "$1: nothing goes through afterwards" through
}
if [ -e $conf/default/force_forwarding ]; then
	forwards 'force_forwarding'
	is 'force_forwarding is set on the uplink' 1 "$(cat $conf/eth0/force_forwarding)"
	forwards_not 'force_forwarding'
	finding '`force_forwarding`' 'there; set on uplinks'
	export SHOOT6_CAPS_MASK=5
fi
forwards 'without force_forwarding'
[ ! -e $conf/eth0/force_forwarding ] ||
	is 'force_forwarding is not set' 0 "$(cat $conf/eth0/force_forwarding)"
unlike 'no such sysctl is spoken of' force_forwarding "$("${netsetup[@]}" show)"
forwards_not 'without force_forwarding'
[ -e $conf/default/force_forwarding ] ||
	finding '`force_forwarding`' 'no such sysctl: `all.forwarding=1`, `accept_ra=2`'
[ ! -e $conf/default/force_forwarding ] ||
	finding '`force_forwarding` masked' '`all.forwarding=1`, `accept_ra=2`'
unset SHOOT6_CAPS_MASK

# Owners of addresses: the kernel's tag (5.18), or the state.
tagged='netsetup   address   2001:db8:9::9/64 dev eth0'
stateless() { SHOOT6_CAPS_MASK=7 "$BIN/netsetup" show --state "$T/none"; }
document 'addresses: [{address: "2001:db8:9::9/64", dev: eth0, dad: skip}]'
run "${netsetup[@]}" apply "$T/doc.yaml"
is 'an address' 0 "$rc"
like 'it carries our tag: whoever has not our state sees that' "$tagged" "$(stateless)"
run "${netsetup[@]}" apply "$T/empty.yaml"
is 'it goes by its tag' "$old" "$(state)"
finding 'owner of addresses (IFA_PROTO)' 'kept by the kernel'

export SHOOT6_CAPS_MASK=6
run "${netsetup[@]}" apply "$T/doc.yaml"
is 'an address, without IFA_PROTO' 0 "$rc"
new=$(state)
like 'it is there' 2001:db8:9::9 "$new"
unlike 'it carries no tag' "$tagged" "$(stateless)"
like 'the state knows whose it is' "$tagged" "$("${netsetup[@]}" show)"
like 'and whose the others are' 'somebody else address   2001:db8:1::1/64' "$("${netsetup[@]}" show)"
mixed=0
for ((i = 1; i < 40; i++)); do
	SHOOT6_CRASH_AT=$i "${netsetup[@]}" apply "$T/empty.yaml" >/dev/null 2>&1
	[ $? = 137 ] || break
	"${netsetup[@]}" recover >/dev/null 2>&1
	case $(state) in
	"$new") ;;
	"$old") "${netsetup[@]}" apply "$T/doc.yaml" >/dev/null ;;
	*) mixed=$((mixed + 1)) ;;
	esac
done
is "old or new after each of $((i - 1)) kills" 0 "$mixed"
holds 'there were kills' test "$i" -gt 3
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
is 'it goes by the state, others stay' "$old" "$(state)"
finding 'IFA_PROTO masked (as before 5.18)' 'kept in the state'
unset SHOOT6_CAPS_MASK

document 'nexthops: [{id: 1, via: "fe80::91", dev: eth0}, {id: 2, via: "fe80::92", dev: eth1}, {id: 3, group: [{id: 1}, {id: 2, weight: 3}]}]' \
	'routes: [{dst: "2001:db8:a::/48", nexthop: 3}, {dst: "2001:db8:b::/48", nexthop: 1, metric: 7, table: 1000, mtu: 1400}]' \
	'rules: [{priority: 100, from: "2001:db8:a::/48", table: 1000}]' \
	'neighbours: [{address: "fe80::91", dev: eth0, lladdr: "02:00:00:00:00:01"}]' \
	'proxies: [{prefix: "2001:db8:1::b/128", dev: eth0}]'
run "${netsetup[@]}" apply "$T/doc.yaml"
is 'nexthop objects, routes by them, rules, neighbours' 0 "$rc"
like 'a group' '1/2,3' "$(ip nexthop show id 3)"
like 'a route by it' 'nhid 3' "$(ip -6 route show 2001:db8:a::/48)"
run "${netsetup[@]}" apply --json "$T/doc.yaml"
like 'nothing to do afterwards' '"mutating":0' "$out"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
is 'all of it goes' "$old" "$(state)"
finding 'nexthop objects, rules, neighbours, proxies; strict dumps' 'made, verified, removed'

if nft list ruleset >/dev/null 2>&1; then
	document 'masquerade: [{from: "2001:db8:c::/64", out: eth1}]'
	run "${netsetup[@]}" apply "$T/doc.yaml"
	is 'masquerade' 0 "$rc"
	like 'the rule is there' 'masquerade fully-random' "$(nft list ruleset)"
	run "${netsetup[@]}" verify "$T/doc.yaml"
	is 'masquerade: verified' 0 "$rc"
	"${netsetup[@]}" undo >/dev/null
	is 'masquerade: undone' '' "$(nft list ruleset)"
	finding 'masquerade (nf_tables)' 'made, verified, undone'
else
	must nf_tables && not_ok 'nf_tables has to be there'
	finding 'masquerade (nf_tables)' 'not in this kernel'
fi

# made KIND WANT LINES... - netsetup makes a link, and it is the first to ask for the kind
made() {
	local kind=$1 want=$2

	shift 2
	document "$@"
	run "${netsetup[@]}" apply "$T/doc.yaml"
	if [[ $rc = 3 && $err == *"this kernel makes no links of kind '$kind' (no CONFIG_"* ]]; then
		is "$kind: refused, and nothing changed" "$old" "$(state)"
		if must "$kind"; then
			not_ok "$kind has to be there" "$err"
		fi
		finding "link $kind" 'refused: not in this kernel'
		return
	fi
	is "$kind: applied" 0 "$rc"
	[ "$rc" = 0 ] || diag "$err"
	like "$kind: it is there" "$want" "$(ip -d -o link show t0; ip -6 route show table 100 2>&1)"
	run "${netsetup[@]}" verify "$T/doc.yaml"
	is "$kind: verified" 0 "$rc"
	run "${netsetup[@]}" apply --json "$T/doc.yaml"
	like "$kind: nothing to do afterwards" '"mutating":0' "$out"
	ip link del t0
	run "${netsetup[@]}" verify "$T/doc.yaml"
	is "$kind: its absence is seen" 1 "$rc"
	run "${netsetup[@]}" apply "$T/doc.yaml"
	is "$kind: made again" 0 "$rc"
	"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
	is "$kind: it goes, and all that is on it" "$old" "$(state)"
	finding "link $kind" 'made, verified, removed'
}
address='addresses: [{address: "2001:db8:70::1/64", dev: t0, dad: skip}]'
made veth 'veth' 'links: [{name: t0, kind: veth, peer: t1, up: true, addrgen: none}]' "$address"
made bridge 'bridge' 'links: [{name: t0, kind: bridge, mtu: 1400, up: true, addrgen: none}]' "$address"
made vxlan 'vxlan id 42 remote 2001:db8::1' 'links: [{name: t0, kind: vxlan, id: 42, remote: "2001:db8::1", local: "2001:db8:1::1", up: true, addrgen: none}]' "$address"
made macvlan 'macvlan mode private' 'links: [{name: t0, kind: macvlan, parent: eth0, mode: private, up: true, addrgen: none}]' "$address"
made vlan 'vlan protocol 802.1Q id 7' 'links: [{name: t0, kind: vlan, parent: eth0, id: 7, mtu: 1400, up: true, addrgen: none}]' "$address"
made dummy 'dummy' 'links: [{name: t0, kind: dummy, mtu: 9000, up: true, addrgen: none}]' "$address"
made vrf '2001:db8:71::/64 via fe80::9 dev t2' \
	'links: [{name: t0, kind: vrf, table: 100, up: true, addrgen: none}, {name: t2, kind: bridge, master: t0, up: true, addrgen: none}]' \
	'addresses: [{address: "2001:db8:70::1/64", dev: t2, dad: skip}]' \
	'routes: [{dst: "2001:db8:71::/64", via: "fe80::9", dev: t2, table: 100}]'

# foreign KIND WORD... - a link of a kind that documents have not, made by somebody else
foreign() {
	local kind=$1 before i

	shift
	if ! ip link add f0 "$@" 2>/dev/null; then
		if must "$kind"; then
			not_ok "$kind has to be there" "$(ip link add f0 "$@" 2>&1)"
		fi
		finding "link $kind (of others)" 'not in this kernel'
		return
	fi
	ip link set f0 addrgenmode none 2>/dev/null
	ip link set f0 mtu 1300 up
	ip addr add 2001:db8:80::1/64 dev f0 nodad
	ip -6 route add 2001:db8:81::/64 dev f0 proto bird
	before=$(state)
	like "$kind: seen as the link of somebody else" "other      link      f0" "$("${netsetup[@]}" show)"
	like "$kind: with its kind" "\"$kind\"" "$("${netsetup[@]}" show --json | jq -c '.links[] | select(.name == "f0")')"
	document 'routes: [{dst: "2001:db8:82::/64", dev: f0, mtu: 1290}]' \
		'addresses: [{address: "2001:db8:80::2/64", dev: f0, dad: skip}]' \
		'links: [{name: f0, mtu: 1280, group: 7}]'
	run "${netsetup[@]}" apply "$T/doc.yaml"
	is "$kind: what is ours can rest on it" 0 "$rc"
	[ "$rc" = 0 ] || diag "$err"
	like "$kind: its attributes can be set" 'mtu 1280' "$(ip link show f0)"
	run "${netsetup[@]}" verify "$T/doc.yaml"
	is "$kind: verified" 0 "$rc"
	run "${netsetup[@]}" explain 2001:db8:81::1
	like "$kind: explained" f0 "$out"
	for ((i = 1; i < 4; i++)); do
		SHOOT6_CRASH_AT=$((i * 3)) "${netsetup[@]}" apply "$T/empty.yaml" >/dev/null 2>&1
		"${netsetup[@]}" recover >/dev/null 2>&1
	done
	"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
	is "$kind: what is ours goes, all else stays" "$before" "$(state)"
	document 'links: [{name: f0, kind: bridge}]'
	run "${netsetup[@]}" apply "$T/doc.yaml"
	is "$kind: its name is taken" 2 "$rc"
	like "$kind: that is said" "belongs to 'somebody else'" "$err"
	is "$kind: it is as it was" "$before" "$(state)"
	ip link del f0
	is "$kind: nothing is left" "$old" "$(state)"
	finding "link $kind (of others)" 'seen as foreign, left alone'
}
foreign ipvlan link eth0 type ipvlan mode l3
foreign sit type sit remote 203.0.113.1 local 203.0.113.2
foreign ip6tnl type ip6tnl remote 2001:db8:2::2 local 2001:db8:2::1
foreign ip6gre type ip6gre remote 2001:db8:2::2 local 2001:db8:2::1
foreign wireguard type wireguard
done_testing
