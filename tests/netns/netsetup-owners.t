#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup: whose objects are whose, of each kind; two writers; a kernel without tags
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"

ip link add eth0 type veth peer name p0
for dev in eth0 p0; do
	ip link set $dev addrgenmode none
	ip link set $dev up
done
ip -6 route add 2001:db8:1::/64 dev eth0 proto static
netsetup=("$BIN/netsetup" --state "$T/state")
state() {
	ip -6 -o addr | sed 's/valid_lft.*//; s/^[0-9]*: //'
	routes | grep -v multicast | sort
	ip -6 rule
	ip nexthop | without_carrier
	ip -6 neigh show nud permanent
	ip -6 neigh show proxy
	ip -o link | without_carrier | sed 's/^[0-9]*: //; s/ link.ether.*//; s/@if[0-9]*//'
}
printf 'version: 1\n' >"$T/empty.yaml"

# conflict NAME OWNER DOCUMENT COMMAND... - their object, then a document that wants it
conflict() {
	local name=$1 owner=$2 theirs

	printf 'version: 1\n%s\n' "$3" >"$T/doc.yaml"
	shift 3
	"$@" || not_ok "$name: could not be made" "$*"
	theirs=$(state)
	run "${netsetup[@]}" apply "$T/doc.yaml"
	is "$name: refused" 2 "$rc"
	like "$name: its owner is named" "belongs to '$owner'" "$err"
	is "$name: left alone" "$theirs" "$(state)"
	run "${netsetup[@]}" adopt "$T/doc.yaml"
	is "$name: adopted when asked to" 0 "$rc"
	like "$name: it is ours now" "netsetup   ${name%% *} " "$("${netsetup[@]}" show)"
	"${netsetup[@]}" undo >/dev/null
	is "$name: given back" "$theirs" "$(state)"
}
route='routes: [{dst: "2001:db8:9::/64", dev: eth0, metric: 1024, mtu: 1400}]'
for owner in kernel boot static ra dhcp bird zebra bgp; do
	conflict "route of $owner" $owner "$route" ip -6 route add 2001:db8:9::/64 dev eth0 proto $owner
	ip -6 route del 2001:db8:9::/64
done
conflict 'route of nobody known' 201 "$route" ip -6 route add 2001:db8:9::/64 dev eth0 proto 201
ip -6 route del 2001:db8:9::/64
mount -t tmpfs tmpfs /etc/iproute2 2>/dev/null && {
	mkdir -p /etc/iproute2/rt_protos.d
	echo '201 cilium' >/etc/iproute2/rt_protos.d/cilium.conf
	conflict 'route whose owner the machine knows' cilium "$route" ip -6 route add 2001:db8:9::/64 dev eth0 proto 201
	ip -6 route del 2001:db8:9::/64
	umount /etc/iproute2
}
conflict address 'somebody else' 'addresses: [{address: "2001:db8:9::1/64", dev: eth0, dad: skip}]' ip addr add 2001:db8:9::1/64 dev eth0 nodad
ip addr del 2001:db8:9::1/64 dev eth0
conflict nexthop zebra 'nexthops: [{id: 10, via: "fe80::2", dev: eth0}]' ip nexthop add id 10 via fe80::1 dev eth0 proto zebra
ip nexthop del id 10
conflict rule bird 'rules: [{priority: 100, from: "2001:db8:9::/64", table: 100}]' ip -6 rule add pref 100 from 2001:db8:9::/64 table 100 protocol bird
ip -6 rule del pref 100
conflict neighbour babel 'neighbours: [{address: "fe80::1", dev: eth0, lladdr: "02:00:00:00:00:02"}]' ip neigh add fe80::1 dev eth0 lladdr 02:00:00:00:00:01 proto babel
ip neigh del fe80::1 dev eth0
conflict link 'somebody else' 'links: [{name: br0, kind: bridge, mtu: 1400}]' ip link add br0 type bridge
ip link del br0

# What cannot be adopted: nobody says that it could, and nothing is tried.
ip link add br0 type bridge
for words in 'br0, kind: vxlan, id: 9' 'br0, kind: veth, peer: br1'; do
	printf 'version: 1\nlinks: [{name: %s}]\n' "$words" >"$T/doc.yaml"
	theirs=$(state)
	for verb in apply adopt plan; do
		run "${netsetup[@]}" "$verb" "$T/doc.yaml"
		is "$verb of $words over a bridge: refused" 2 "$rc"
		like 'with what is to be done' "cannot change, give the new one another name" "$err"
		unlike 'which is not adopt' 'netsetup adopt' "$err"
	done
	is 'nothing has changed' "$theirs" "$(state)"
done
ip link del br0
printf 'version: 1\nlinks: [{name: t0, kind: veth, peer: t1}]\n' >"$T/doc.yaml"
"${netsetup[@]}" apply "$T/doc.yaml" >/dev/null
printf 'version: 1\nlinks: [{name: t0, kind: bridge}, {name: t1, kind: bridge}]\n' >"$T/doc.yaml"
run "${netsetup[@]}" adopt "$T/doc.yaml"
is 'nor can the end of a veth of ours that was not named' 2 "$rc"
like 'it is named' "link 't1 kind bridge': belongs to" "$err"
printf 'version: 1\nlinks: [{name: t0, kind: veth, peer: t1}, {name: t1, kind: veth, peer: t0}]\n' >"$T/doc.yaml"
run "${netsetup[@]}" apply "$T/doc.yaml"
is 'as what it is it may be named' 0 "$rc"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null

# What was adopted and given back carries no tag that would make the next apply remove it.
ip link add br0 type bridge
printf 'version: 1\nlinks: [{name: br0, kind: bridge, mtu: 1400}]\n' >"$T/doc.yaml"
"${netsetup[@]}" adopt "$T/doc.yaml" >/dev/null
"${netsetup[@]}" undo >/dev/null
run "${netsetup[@]}" apply "$T/empty.yaml"
holds 'a link that was given back stays' ip link show br0
unlike 'without our tag' netsetup-br0 "$(ip link show br0)"
ip link del br0

# An interface that somebody has removed stands in nobody's way.
ip link add eth1 type veth peer name p1
cat >"$T/doc.yaml" <<Y
version: 1
uplinks: [eth1]
links: [{name: eth1, mtu: 1400, up: true}]
nexthops: [{id: 5, via: "fe80::1", dev: eth1}, {id: 6, group: [{id: 5}]}]
routes: [{dst: "2001:db8:5::/48", nexthop: 6}, {dst: "2001:db8:6::/48", dev: eth0}]
Y
ip link set p1 up
"${netsetup[@]}" apply "$T/doc.yaml" >/dev/null
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
ip link del eth1
run "${netsetup[@]}" undo
is 'what is left is brought back without it' 0 "$rc"
like 'and it is said' 'are not put back: their interfaces are gone' "$err"
like 'so it is' '2001:db8:6::/48' "$(ip -6 route)"
run "${netsetup[@]}" apply "$T/empty.yaml"
is 'and taken away again' 0 "$rc"

# Cilium tags its routes as the kernel's own: its devices tell.
ip link add cilium_host type veth peer name cilium_net
ip link set cilium_host up
conflict route kernel 'routes: [{dst: "2001:db8:9::/64", dev: cilium_host}]' ip -6 route add 2001:db8:9::/64 dev cilium_host metric 1024 mtu 1400 proto kernel
run "${netsetup[@]}" plan "$T/doc.yaml"
like 'and the pod network is named' "on a device of 'cilium'" "$err"
ip link del cilium_host

# A nexthop of ours that a route of somebody else uses.
printf 'version: 1\nnexthops: [{id: 10, via: "fe80::1", dev: eth0}]\n' >"$T/nh.yaml"
"${netsetup[@]}" apply "$T/nh.yaml" >/dev/null
ip -6 route add 2001:db8:9::/64 nhid 10 proto bird
theirs=$(state)
run "${netsetup[@]}" apply "$T/empty.yaml"
is 'a nexthop that others use does not go' 2 "$rc"
like 'who uses it is named' "belongs to 'bird', and uses a nexthop that would go" "$err"
is 'it is still there' "$theirs" "$(state)"
ip -6 route del 2001:db8:9::/64
ip nexthop add id 20 group 10 proto zebra
run "${netsetup[@]}" apply "$T/empty.yaml"
is 'nor one of a group of others' 2 "$rc"
like 'whose it is' "nexthop '20 group 10*1': belongs to 'zebra', and uses a nexthop that would go" "$err"
ip nexthop del id 20
run "${netsetup[@]}" apply "$T/empty.yaml"
is 'it goes when they are done with it' '' "$(ip nexthop)"

# Addresses count owners in numbers of their own.
out=$("${netsetup[@]}" show)
like 'as show does' 'kernel_lo  address   ::1/128' "$out"

# A kernel that keeps no owner of addresses: the state file knows.
ip addr add 2001:db8:7::7/64 dev eth0 nodad
old=$(state)
printf 'version: 1\naddresses: [{address: "2001:db8:8::8/64", dev: eth0, dad: skip}]\n' >"$T/addr.yaml"
export SHOOT6_CAPS_MASK=6
run "${netsetup[@]}" apply "$T/addr.yaml"
is 'without IFA_PROTO: apply' 0 "$rc"
unlike 'no tag is sent: whoever has not our state sees nothing of ours' netsetup \
	"$(SHOOT6_CAPS_MASK=7 "$BIN/netsetup" show --state "$T/none")"
run "${netsetup[@]}" apply --json "$T/addr.yaml"
like 'nothing to do afterwards' '"mutating":0' "$out"
like 'show knows whose it is' 'netsetup   address   2001:db8:8::8/64' "$("${netsetup[@]}" show)"
run "${netsetup[@]}" apply "$T/empty.yaml"
is 'ours goes, theirs stays' "$old" "$(state)"
run "${netsetup[@]}" undo
like 'undo brings it back' 2001:db8:8::8 "$(ip -6 addr show dev eth0)"
run "${netsetup[@]}" undo
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
is 'and it goes again' "$old" "$(state)"
unset SHOOT6_CAPS_MASK

# Two writers: the second waits, and says for whom.
mkfifo "$T/go"
cat >"$T/slow.yaml" <<Y
version: 1
files: [{path: $T/slow, content: x}]
units: [{name: slow, restart: [cat, $T/go], inputs: [$T/slow]}]
Y
"${netsetup[@]}" apply "$T/slow.yaml" >"$T/first" 2>&1 &
first=$!
wait_for test -e "$T/slow"
"${netsetup[@]}" apply -v "$T/addr.yaml" >"$T/second" 2>&1 &
second=$!
holds 'the second writer says for whom it waits' wait_for grep -q "waiting for 'netsetup apply', process $first" "$T/second"
unlike 'and changes nothing meanwhile' 2001:db8:8::8 "$(ip -6 addr show dev eth0)"
run "${netsetup[@]}" show
is 'readers need not wait' 1 "$rc"
echo >"$T/go"
wait $first
is 'the first is done' 0 $?
wait $second
is 'then the second' 0 $?
like 'which is there' 2001:db8:8::8 "$(ip -6 addr show dev eth0)"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null

# Anybody may plan, verify and show.
chmod 755 "$T"
chmod 644 "$T"/*.yaml
if setpriv --reuid 65534 --clear-groups "$BIN/netsetup" --version >/dev/null 2>&1; then
	nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all)
	before=$(state)
	run "${nobody[@]}" "${netsetup[@]}" plan "$T/addr.yaml"
	is 'nobody may plan' 1 "$rc"
	like 'and sees the step' '+ address 2001:db8:8::8/64 dev eth0' "$out"
	run "${nobody[@]}" "${netsetup[@]}" show
	is 'and show' 0 "$rc"
	run "${nobody[@]}" "${netsetup[@]}" verify "$T/addr.yaml"
	is 'and verify' 1 "$rc"
	run "${nobody[@]}" "${netsetup[@]}" apply "$T/addr.yaml"
	fails 'but not apply' test "$rc" = 0
	is 'nothing has changed' "$before" "$(state)"
else
	skip 'nobody may plan' 'no other user here, or the programs are not for all'
fi
done_testing
