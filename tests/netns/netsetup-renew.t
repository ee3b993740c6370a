#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup: links that are made anew, or enter and leave a vrf, and all that was on them
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq

for i in 0 1; do
	ip link add eth$i type veth peer name p$i
	ip link set eth$i addrgenmode none
	ip link set p$i addrgenmode none
	ip link set eth$i up
	ip link set p$i up
done
netsetup=("$BIN/netsetup" --state "$T/state" --root "$T/root")
# All but the order in which links and addresses were made, and carrier: a bridge without
# ports loses its own when its address is set.
state() {
	ip -6 -o addr | sed 's/valid_lft.*//; s/^[0-9]*: //' | sort
	routes | grep -v multicast | sort
	ip nexthop | without_carrier
	ip -6 neigh show nud permanent | sort
	ip -6 neigh show proxy | sort
	ip -6 rule
	ip -d -j link | jq -c '.[] | [.ifname, .link, .master, .mtu, (.flags - ["LOWER_UP", "NO-CARRIER"] | sort), .altnames, .linkinfo.info_kind,
		(.linkinfo.info_data // {} | [.id, .port, .mode, .table, .link])]' | sort
	(cd /proc/sys/net/ipv6/conf && grep . ./*/hop_limit | sort)
}
mac() { cat "/sys/class/net/$1/address"; }

# on LINK - one object of each kind that is on a link
on() {
	cat <<Y
addresses:
- {address: "2001:db8:10::a/64", dev: $1, dad: skip}
- {address: "2001:db8:11::a/128", dev: $1, dad: skip}
nexthops:
- {id: 10, via: "2001:db8:10::1", dev: $1}
- {id: 11, via: "2001:db8:10::2", dev: $1}
- {id: 20, group: [{id: 10}, {id: 11}]}
routes:
- {dst: "2001:db8:20::/64", dev: $1}
- {dst: "2001:db8:21::/64", via: "2001:db8:10::1", dev: $1, metric: 7}
- {dst: "2001:db8:22::/64", nexthop: 10}
- {dst: "2001:db8:23::/64", nexthop: 20}
- {dst: "2001:db8:24::/64", nexthops: [{via: "2001:db8:10::1", dev: $1}, {via: "2001:db8:10::2", dev: $1}]}
- {dst: "2001:db8:25::/64", dev: eth0}
- {dst: "2001:db8:26::/64", dev: eth0, src: "2001:db8:11::a"}
neighbours: [{address: "2001:db8:10::1", dev: $1, lladdr: "02:00:00:00:00:01"}]
proxies: [{prefix: "2001:db8:11::b/128", dev: $1}]
rules: [{priority: 100, iif: $1, table: 1000}]
sysctls: {net/ipv6/conf/$1/hop_limit: 33}
Y
}

is_either() {
	now=$(state)
	[ "$now" = "$old" ] || [ "$now" = "$new" ]
}

# anew NAME FROM TO PATTERN [LINK [STEP]] - a document changes what cannot be changed of a
# link; it is killed at each STEPth step
anew() {
	local name=$1 old new bad=0 i step=${6:-5}

	rm -rf "$T/state"
	run "${netsetup[@]}" apply "$2"
	is "$name: before" "0 " "$rc $err"
	old=$(state)
	was=$(mac "${5:-up0}")
	run "${netsetup[@]}" plan "$3"
	is "$name: plan" 1 "$rc"
	like "$name: plan tells that it goes and comes" "$4" "$out"
	run "${netsetup[@]}" apply "$3"
	is "$name: apply" '0 ' "$rc $err"
	run "${netsetup[@]}" verify "$3"
	is "$name: verify" 0 "$rc"
	new=$(state)
	unlike "$name: there is a difference" "x$old" "x$new"
	run "${netsetup[@]}" apply "$3"
	like "$name: then there is nothing to do" 'nothing to do' "$out"
	run "${netsetup[@]}" undo
	is "$name: undo" '0 ' "$rc $err"
	is "$name: all is as it was" "$old" "$(state)"
	is "$name: its address, too" "$was" "$(mac "${5:-up0}")"
	# Killed at each step.
	for ((i = 1; i < 150; i += step)); do
		SHOOT6_CRASH_AT=$i "${netsetup[@]}" apply "$3" >/dev/null 2>&1
		[ $? = 137 ] || break
		run "${netsetup[@]}" recover
		if wait_for is_either; then
			[ "$now" = "$old" ] || "${netsetup[@]}" apply "$2" >/dev/null
		else
			bad=$((bad + 1))
			diag "killed at $i: $err" "$(diff <(echo "$old") <(echo "$now"))"
		fi
	done
	holds "$name: there were kills" test "$i" -gt 8
	is "$name: no kill left a mixture" 0 "$bad"
	is "$name: after the last one" "$new" "$(state)"
}
printf 'version: 1\n' >"$T/empty.yaml"
ground=$(state)

# A vxlan gets another number: a port of a bridge, with a link on it, and all that both have.
vxlan() { # ID
	cat <<Y
version: 1
links:
- {name: br1, kind: bridge, up: true, addrgen: none}
- {name: up0, kind: macvlan, parent: vx0, up: true, addrgen: none}
- {name: vx0, kind: vxlan, id: $1, up: true, addrgen: none, mtu: 1400}
- {name: vx1, kind: vxlan, id: 1$1, up: true, addrgen: none, master: br1}
Y
	on up0
}
vxlan 7 >"$T/a.yaml"
vxlan 8 >"$T/b.yaml"
anew 'vxlan id' "$T/a.yaml" "$T/b.yaml" 'vx0' up0 1
is 'vxlan id: it has it' 8 "$(ip -d -j link show vx0 | jq '.[].linkinfo.info_data.id')"

# It gets another name: the kernel takes no second one of its number.
vxlan 7 | sed 's/\<vx0\>/ux0/' >"$T/b.yaml"
anew 'vxlan name' "$T/a.yaml" "$T/b.yaml" 'vx0' up0
vxlan 8 >"$T/b.yaml"

# What it had and the document names no more goes with it, and comes back with undo.
grep -v 'src:\|up0, *dad\|dev: up0\|nexthop\|id: 1[01],\|id: 20\|neighbours\|proxies\|hop_limit' "$T/b.yaml" |
	sed 's/id: 8/id: 9/; s/id: 18/id: 19/; s/^addresses:/addresses: []/' >"$T/c.yaml"
anew 'fewer things' "$T/a.yaml" "$T/c.yaml" 'vx0'
is 'fewer things: none is left' '' "$(ip -6 -o addr show dev up0)"

# A macvlan gets another parent.
macvlan() { # PARENT
	printf 'version: 1\nlinks: [{name: up0, kind: macvlan, parent: %s, up: true, addrgen: none}]\n' "$1"
	on up0
}
macvlan eth0 >"$T/a.yaml"
macvlan eth1 >"$T/b.yaml"
anew 'macvlan parent' "$T/a.yaml" "$T/b.yaml" 'up0'

# So does a vxlan, whose parent the kernel tells elsewhere.
under() {
	printf 'version: 1\nlinks: [{name: up0, kind: vxlan, id: 3, parent: %s, up: true, addrgen: none}]\n' "$1"
	on up0
}
under eth0 >"$T/a.yaml"
under eth1 >"$T/b.yaml"
anew 'vxlan parent' "$T/a.yaml" "$T/b.yaml" 'up0'

# A link becomes another kind.
kind() { # KIND
	printf 'version: 1\nlinks: [{name: up0, kind: %s, up: true, addrgen: none}]\n' "$1"
	on up0
}
kind 'macvlan, parent: eth0' >"$T/a.yaml"
kind 'vxlan, id: 3' >"$T/b.yaml"
anew 'kind' "$T/a.yaml" "$T/b.yaml" 'up0'

# With a veth its other end goes, and all that is on it; a nexthop moves away from there.
veth() {
	printf 'version: 1\nlinks:\n- {name: up0, kind: veth, peer: up1, up: true, addrgen: none}\n%s' "$1"
	on up1
}
veth $'- {name: up1, up: true, addrgen: none}\n- {name: up2, kind: macvlan, parent: up1, up: true, addrgen: none}\n' >"$T/a.yaml"
{ printf 'version: 1\nlinks: [{name: up0, kind: vxlan, id: 3, up: true, addrgen: none}]\n' && on up0; } >"$T/b.yaml"
anew 'veth' "$T/a.yaml" "$T/b.yaml" 'up0'
cat >"$T/a.yaml" <<Y
version: 1
links: [{name: up0, kind: veth, peer: up1, up: true, addrgen: none}]
addresses: [{address: "2001:db8:10::a/64", dev: up1, dad: skip}]
sysctls: {net/ipv6/conf/up1/hop_limit: 33}
Y
printf 'version: 1\nlinks: [{name: up0, kind: vxlan, id: 3, up: true, addrgen: none}]\n' >"$T/b.yaml"
anew 'veth whose other end is not named' "$T/a.yaml" "$T/b.yaml" 'up0'
"${netsetup[@]}" apply "$T/a.yaml" >/dev/null
old=$(state)
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
run "${netsetup[@]}" undo
is 'undo makes both ends, with what was on each' '0 ' "$rc $err"
is 'all of it' "$old" "$(state)"

# An end that no document has named is no link of ours to be made anew.
"${netsetup[@]}" apply "$T/a.yaml" >/dev/null
old=$(state)
printf 'version: 1\nlinks: [{name: up0, kind: vxlan, id: 3}, {name: up1, kind: vxlan, id: 4}]\n' >"$T/b.yaml"
run "${netsetup[@]}" apply "$T/b.yaml"
is 'an end that is not named becomes no other link' 2 "$rc"
like 'it is named' "'up1 kind vxlan" "$err"
is 'nothing has changed' "$old" "$(state)"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null

# The other end gets another name: both ends are named, then one; and in another namespace
# it has whatever name it has there.
peer() { # NAME
	sed 's/up1/up9/g' "$T/a.yaml" >"$T/b.yaml"
	anew "$1" "$T/a.yaml" "$T/b.yaml" 'up0'
	is 'the other end has its new name' "$(cat /sys/class/net/up0/iflink)" "$(cat /sys/class/net/up9/ifindex)"
	fails 'and the old one is gone' test -e /sys/class/net/up1
}
cat >"$T/a.yaml" <<Y
version: 1
links: [{name: up0, kind: veth, peer: up1, up: true, addrgen: none}, {name: up1, up: true, addrgen: none}]
$(on up0)
Y
peer 'name of a veth'\''s other end'
old=$(state)
sed 's/peer: up9/peer: up7/' "$T/b.yaml" >"$T/c.yaml"
run "${netsetup[@]}" apply "$T/c.yaml"
is 'the old end cannot be wanted as one that is there' 2 "$rc"
like 'it is named' "'up9" "$err"
is 'nothing has changed' "$old" "$(state)"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
cat >"$T/a.yaml" <<Y
version: 1
links: [{name: up0, kind: veth, peer: up1, up: true, addrgen: none}]
addresses: [{address: "2001:db8:10::a/64", dev: up0, dad: skip}]
Y
peer 'name of an end that is not named'
ns_new far
ip link set up9 netns far
run "${netsetup[@]}" verify "$T/a.yaml"
unlike 'an end in another namespace may have any name' "link 'up0" "$out$err"
ns far ip link set up9 netns $$
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null

# The way back is with the address that the link had by chance: it is the same for a bridge.
printf 'version: 1\nlinks: [{name: up0, kind: bridge, up: true, addrgen: none}]\n' >"$T/a.yaml"
printf 'version: 1\nlinks: [{name: up0, kind: vxlan, id: 4, up: true, addrgen: none}]\n' >"$T/b.yaml"
anew 'bridge' "$T/a.yaml" "$T/b.yaml" 'up0'

# Ports that others have put into a bridge, and links that they have made on it, forbid it.
"${netsetup[@]}" apply "$T/a.yaml" >/dev/null
ip link set eth1 master up0
run "${netsetup[@]}" apply "$T/b.yaml"
is 'a port of others' 2 "$rc"
like 'is named' "'eth1" "$err"
like 'with the reason' "rests on a link that would be made anew; nothing changed" "$err"
ip link set eth1 nomaster
ip link add link up0 name theirs type macvlan
run "${netsetup[@]}" apply "$T/b.yaml"
is 'a link of others on it' 2 "$rc"
like 'is named, too' "'theirs" "$err"
ip link del theirs
run "${netsetup[@]}" apply "$T/empty.yaml"
is 'all goes' "$ground" "$(state)"

# A link that was put up goes down where no document says so any longer; one that nobody has
# put up is left as it is.
flags() { ip -j link show "$1" | jq -r '.[].flags | if index("UP") then "up" else "down" end'; }
for link in 'up0, kind: bridge' 'eth1'; do
	name=${link%%,*}
	ip link set eth1 down
	printf 'version: 1\nlinks: [{name: %s, up: true, group: 4}]\n' "$link" >"$T/a.yaml"
	printf 'version: 1\nlinks: [{name: %s, group: 4}]\n' "$link" >"$T/b.yaml"
	"${netsetup[@]}" apply "$T/a.yaml" >/dev/null
	is "$name: put up" up "$(flags "$name")"
	run "${netsetup[@]}" plan "$T/b.yaml"
	is "$name: no longer: a change is planned" 1 "$rc"
	run "${netsetup[@]}" apply "$T/b.yaml"
	is "$name: it is down" '0 down' "$rc $(flags "$name")"
	"${netsetup[@]}" undo >/dev/null
	is "$name: undone" up "$(flags "$name")"
	"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
	"${netsetup[@]}" apply "$T/b.yaml" >/dev/null
	ip link set "$name" up
	run "${netsetup[@]}" apply "$T/b.yaml"
	like "$name: put up by others, it stays" 'up nothing to do' "$(flags "$name") $out"
	"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
done
ip link set eth1 up

# What is on a link that goes down the kernel drops: the address comes again, and undo and a
# kill bring back all.
plain() { # WORDS
	cat <<Y
version: 1
links: [{name: up0, kind: macvlan, parent: eth0, addrgen: none$1}]
addresses: [{address: "2001:db8:10::a/64", dev: up0, dad: skip}]
Y
}
plain ', up: true' >"$T/a.yaml"
printf 'routes: [{dst: "2001:db8:20::/64", dev: up0}]\n' >>"$T/a.yaml"
plain '' >"$T/b.yaml"
anew 'down' "$T/a.yaml" "$T/b.yaml" 'up0' up0 2
"${netsetup[@]}" apply "$T/a.yaml" >/dev/null
sysctl -qw net.ipv6.conf.up0.keep_addr_on_down=1
printf 'version: 1\nlinks: [{name: up0, kind: macvlan, parent: eth0, addrgen: none}]\n' >"$T/b.yaml"
run "${netsetup[@]}" apply "$T/b.yaml"
is 'an address that would stay goes all the same' '0 ' "$rc $err$(ip -6 addr show dev up0 scope global)"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null

# What a later document was the first to state goes back to what the kernel had chosen.
mine() { printf 'version: 1\nlinks: [{name: up0, kind: vxlan, id: %s, up: true, addrgen: none%s}]\n' "$1" "$2"; }
look() { ip -d -j link show up0 | jq -r '.[] | "\(.mtu) \(.address)"'; }
mine 4 '' >"$T/a.yaml"
mine 4 ', mtu: 1300, mac: "02:00:00:00:00:44"' >"$T/b.yaml"
"${netsetup[@]}" apply "$T/a.yaml" >/dev/null
chosen=$(look)
"${netsetup[@]}" apply "$T/b.yaml" >/dev/null
is 'MTU and address are stated later' '1300 02:00:00:00:00:44' "$(look)"
run "${netsetup[@]}" apply "$T/a.yaml"
is 'no longer stated: what the kernel had chosen' "0 $chosen" "$rc $(look)"
run "${netsetup[@]}" apply "$T/a.yaml"
like 'then there is nothing to do' 'nothing to do' "$out"
"${netsetup[@]}" apply "$T/b.yaml" >/dev/null
"${netsetup[@]}" undo >/dev/null
is 'undo brings back the same' "$chosen" "$(look)"
"${netsetup[@]}" apply "$T/b.yaml" >/dev/null
mine 5 ', mtu: 1300, mac: "02:00:00:00:00:44"' >"$T/c.yaml"
"${netsetup[@]}" apply "$T/c.yaml" >/dev/null
mine 5 '' >"$T/d.yaml"
run "${netsetup[@]}" apply "$T/d.yaml"
is 'a link made with them keeps them: no other value was ever seen' '0 1300 02:00:00:00:00:44' "$rc $(look)"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
is 'and all goes' "$ground" "$(state)"

# A sysctl that a later document was the first to state goes with its link.
"${netsetup[@]}" apply "$T/a.yaml" >/dev/null
{ mine 4 '' && echo 'sysctls: {net/ipv6/conf/up0/hop_limit: 33}'; } >"$T/b.yaml"
"${netsetup[@]}" apply "$T/b.yaml" >/dev/null
old=$(state)
run "${netsetup[@]}" apply "$T/empty.yaml"
is 'a link goes with a sysctl that was stated later' '0 ' "$rc $err"
is 'all of it' "$ground" "$(state)"
"${netsetup[@]}" undo >/dev/null
is 'undo brings back both' "$old" "$(state)"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null

# What differs from conf/all is written after it, also for a link that is new.
mine 4 '' | sed '$a forwarding: true\nsysctls: {net/ipv6/conf/up0/forwarding: 0}' >"$T/b.yaml"
run "${netsetup[@]}" apply "$T/b.yaml"
is 'a new link that does not forward where all do' '0  0 1' "$rc $err $(cat /proc/sys/net/ipv6/conf/{up0,all}/forwarding | xargs)"
run "${netsetup[@]}" apply "$T/empty.yaml"
is 'it goes' "$ground" "$(state)"

# A vlan gets another number, a vrf another table, where the kernel has them.
if ip link add zz0 type dummy 2>/dev/null && ip link del zz0 && ip link add zz0 type vrf table 9 2>/dev/null; then
	ip link del zz0
	ground=$(state) # with the rule that the kernel makes for the first vrf, and keeps
	vlan() { # ID
		printf 'version: 1\nlinks: [{name: up0, kind: vlan, id: %s, parent: eth0, up: true, addrgen: none}]\n' "$1"
		on up0
	}
	vlan 7 >"$T/a.yaml"
	vlan 8 >"$T/b.yaml"
	anew 'vlan id' "$T/a.yaml" "$T/b.yaml" 'up0'
	vrf() { # TABLE MASTER
		printf 'version: 1\nlinks:\n- {name: red, kind: vrf, table: %s, up: true, addrgen: none}\n' "$1"
		printf -- '- {name: up0, kind: dummy, up: true, addrgen: none%s}\n' "$2"
		on up0 | grep -v src: # the main table takes no source address of a vrf
	}
	vrf 100 ', master: red' >"$T/a.yaml"
	vrf 101 ', master: red' >"$T/b.yaml"
	anew 'vrf table' "$T/a.yaml" "$T/b.yaml" 'red' red
	# The kernel takes a link down and up that enters a vrf or leaves it.
	vrf 100 '' >"$T/b.yaml"
	anew 'leaving a vrf' "$T/a.yaml" "$T/b.yaml" 'up0'
	anew 'entering a vrf' "$T/b.yaml" "$T/a.yaml" 'up0' up0 2
	"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
	is 'all of it goes' "$ground" "$(state)"
else
	skip 'vlan and vrf' 'this kernel has neither: make check-kernels'
fi
done_testing
