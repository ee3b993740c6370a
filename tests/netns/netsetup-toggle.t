#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup verify --toggle: default routes outlive all.forwarding, tried; who hears routers beside us
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq

# cable IF ROUTER - an interface with a router of its own at the other end
cable() {
	ip link add "$1" type veth peer name n1 netns "$2"
	ns "$2" sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.n1.accept_dad=0
	sysctl -qw "net.ipv6.conf.$1.accept_dad=0" "net.ipv6.conf.$1.router_solicitation_delay=0"
	ns "$2" ip link set n1 up
	ip link set "$1" up
}
ns_new router second
cable eth0 router
ip link add pod0 type veth peer name pod1
ip link set pod0 up
netsetup=("$BIN/netsetup" --state "$T/state" --root "$T/root")
printf 'version: 1\nuplinks: [eth0]\nforwarding: true\n' >"$T/a.yaml"
printf 'version: 1\nuplinks: [eth0]\nsysctls: {net/ipv6/conf/eth0/accept_ra: 2}\n' >"$T/host.yaml"
printf 'version: 1\nuplinks: [eth0]\nsysctls: {net/ipv6/conf/eth0/accept_ra: 1}\n' >"$T/one.yaml"
printf 'version: 1\n' >"$T/empty.yaml"
default_by() { ip -6 route show default proto ra dev "$1" | grep -q .; }
default() { default_by eth0; }
global() { ip -6 addr show dev eth0 scope global | grep -q 2001:db8:a:; }
heard() { default && global; }
kept() { # all that --toggle must leave as it was
	(cd /proc/sys/net/ipv6/conf && grep . ./*/forwarding)
	ip -6 route show default | sed 's/ expires [^ ]*//'
	ip -6 -o addr | sed 's/valid_lft.*//'
}
# The kernel tells each change of all.forwarding: what was really written is seen here.
ip -6 monitor netconf >"$T/netconf" 2>&1 &
toggles() { grep -c '^inet6 all forwarding' "$T/netconf"; }
marks() { grep -c '^inet6 lo proxy_neigh' "$T/netconf"; }
marked() {
	sysctl -qw net.ipv6.conf.lo.proxy_ndp=$((1 - $(cat /proc/sys/net/ipv6/conf/lo/proxy_ndp)))
	[ "$(marks)" -gt "$1" ]
}
# told NAME N - so many were told, once all events that came before this one were
told() {
	local before

	before=$(marks)
	wait_for marked "$before" || not_ok "$1: nothing is told any more"
	is "$1" "$2" "$(toggles)"
}

run "${netsetup[@]}" apply "$T/a.yaml"
is 'apply' 0 "$rc"
run "${netsetup[@]}" verify --toggle --json "$T/a.yaml"
is 'without a router' 0 "$rc"
is 'there is nothing to prove' skip "$(verdict RA-4)"
like 'and nothing is toggled' 'was not toggled: no router' "$(detail RA-4)"

nsenter --net=/run/netns/router "$BIN/fabric-ra" -i n1 --prefix 2001:db8:a::/64 --interval 1s --min-interval 500ms --lifetime 1800 >"$T/ra.log" 2>&1 &
ra=$!
holds 'a router announces itself' wait_for heard
sysctl -qw net.ipv6.conf.pod0.forwarding=0
before=$(kept)
n=$(toggles)
run "${netsetup[@]}" verify --json "$T/host.yaml"
is 'verify alone proves nothing by trying' '' "$(verdict RA-4)"
told 'and writes nothing' "$n"
before=$(kept)
run "${netsetup[@]}" verify --toggle --json "$T/a.yaml"
is 'verify --toggle, where it forwards' 0 "$rc"
is 'proves it' 'pass pass pass pass' "$(verdict RA-1) $(verdict RA-2) $(verdict RA-3) $(verdict RA-4)"
matches 'and says what it did' 'went from 1 to 0 and back: 1 default routes of routers and [0-9]+ addresses stayed' "$(detail RA-4)"
is 'all is as it was, each forwarding, too' "$before" "$(kept)"
told 'it was really toggled' $((n + 2))
run "${netsetup[@]}" show
is 'no transaction is left' 0 "$rc"
run "${netsetup[@]}" verify --toggle "$T/a.yaml"
matches 'for people' '^pass +RA-4' "$(printf '%s\n' "$out" | grep RA-4)"

# A host that does not forward: the kernel looks through its routes when that goes on.
"${netsetup[@]}" undo >/dev/null
sysctl -qw net.ipv6.conf.all.forwarding=0
"${netsetup[@]}" apply "$T/host.yaml" >/dev/null
holds 'the router is heard again' wait_for heard
before=$(kept)
run "${netsetup[@]}" verify --toggle --json "$T/host.yaml"
is 'verify --toggle, where it does not forward' '0 pass' "$rc $(verdict RA-4)"
like 'goes the other way' 'went from 0 to 1 and back' "$(detail RA-4)"
is 'and back' "$before" "$(kept)"

# Killed at each instant: recover brings each forwarding back.
bad=0 open=0
for ((i = 1; i < 60; i++)); do
	SHOOT6_CRASH_AT=$i "${netsetup[@]}" verify --toggle "$T/host.yaml" >/dev/null 2>&1
	[ $? = 137 ] || break
	"${netsetup[@]}" show >/dev/null 2>&1 || open=$((open + 1))
	"${netsetup[@]}" recover >/dev/null 2>&1
	[ "$(kept)" = "$before" ] && continue
	bad=$((bad + 1))
	diag "killed at $i" "$(diff <(echo "$before") <(kept))"
done
holds 'there were kills' test "$i" -gt 4
holds 'some left a transaction open' test "$open" -gt 2
is 'no kill left it toggled' 0 "$bad"

# halted PID - it is stopped, or has ended: then the shell may have waited for it already
halted() {
	[ ! -e "/proc/$1" ] || grep -qE '^State:.*(stopped|zombie)' "/proc/$1/status"
}
# Somebody takes the route away while it is toggled: said, and asked for once more.
sabotage() { # stop it at each point until all.forwarding is toggled; take the route away there
	local i pid

	for ((i = 1; i < 30; i++)); do
		SHOOT6_STOP_AT=$i "${netsetup[@]}" verify --toggle --json "$T/host.yaml" >"$T/.out" 2>"$T/.err" &
		pid=$!
		wait_for halted $pid
		if [ "$(cat /proc/sys/net/ipv6/conf/all/forwarding)" = 1 ]; then
			ip -6 route del default proto ra
			kill -CONT $pid
			wait $pid
			rc=$? out=$(<"$T/.out") err=$(<"$T/.err")
			return 0
		fi
		kill -CONT $pid
		wait $pid
	done
	return 1
}
sabotage
is 'a route is taken away in between' 0 $?
is 'verify fails' '1 fail' "$rc $(verdict RA-4)"
like 'and names the route' "when all.forwarding became 1, this went: the default route by fe80::" "$(detail RA-4)"
like 'it was solicited' 'it is back, announced once more' "$(detail RA-4)"
is 'all is as it was' "$before" "$(kept)"
kill -STOP $ra
sabotage
is 'a route is taken away once more, and the router is silent' 0 $?
like 'nobody brings it back' 'no router has announced it since' "$(detail RA-4)"
like 'an error says so' 'the default route by fe80::' "$err"
kill -CONT $ra
holds 'the router is back' wait_for heard

# What is known to be lost is not tried.
cable eth1 second
sysctl -qw net.ipv6.conf.eth1.accept_ra=1
nsenter --net=/run/netns/second "$BIN/fabric-ra" -i n1 --interval 1s --min-interval 500ms >"$T/second.log" 2>&1 &
second=$!
holds 'another interface hears a router' wait_for default_by eth1
n=$(toggles)
run "${netsetup[@]}" verify --toggle --json "$T/host.yaml"
is 'an interface that the document does not name would lose its route' '1 fail' "$rc $(verdict RA-4)"
like 'it is not tried' "was not toggled: accept_ra of 'eth1' is 1, and the default route by fe80::" "$(detail RA-4)"
kill $second
ip link del eth1
"${netsetup[@]}" apply "$T/one.yaml" >/dev/null
run "${netsetup[@]}" verify --toggle --json "$T/one.yaml"
is 'accept_ra=1' '1 fail fail' "$rc $(verdict RA-2) $(verdict RA-4)"
like 'it is not tried, either' "was not toggled: accept_ra of 'eth0' is 1" "$(detail RA-4)"
told 'nothing was written' "$n"
holds 'the route is there' default

run "${netsetup[@]}" apply --confirm 10m "$T/host.yaml"
run "${netsetup[@]}" verify --toggle --json "$T/host.yaml"
is 'while a transaction awaits confirmation' '1 ' "$rc $(verdict RA-4)"
like 'it is not tried' 'all.forwarding was not toggled' "$err"
told 'and nothing is written' "$n"
run "${netsetup[@]}" confirm
run "${netsetup[@]}" plan --toggle "$T/host.yaml"
is 'no other verb has it' 2 "$rc"

# A program that we do not know has made a route of an advertisement.
ip -6 route add default via fe80::99 dev eth0 proto ra metric 77
run "${netsetup[@]}" verify --json "$T/host.yaml"
is 'an unknown program beside the kernel' '1 fail' "$rc $(verdict RA-1)"
like 'is known by its route' 'kernel, another program' "$(detail RA-1)"
ip -6 route del default via fe80::99 dev eth0

# dhcpcd hears routers by itself, and turns the kernel off: it is left alone.
if command -v dhcpcd >/dev/null; then
	printf 'nodev\n' >"$T/dhcpcd.conf"
	mkdir -p "$T/lib"
	mount --bind "$T/lib" /var/lib/dhcpcd
	dhcpcd -6 -B -f "$T/dhcpcd.conf" -c /bin/true eth0 >"$T/dhcpcd.log" 2>&1 &
	dhcpcd=$!
	off() { # the default route is no longer the kernel's, which has metric 1024
		[ "$(cat /proc/sys/net/ipv6/conf/eth0/accept_ra)" = 0 ] && default &&
			! ip -6 route show default | grep -q 'metric 1024'
	}
	holds 'dhcpcd turns the kernel off' wait_for off
	kill -STOP $ra
	dh=("$BIN/netsetup" --state "$T/state") # its files are in /run
	run "${dh[@]}" verify --toggle --json "$T/a.yaml"
	is 'dhcpcd alone hears' 'pass pass' "$(verdict RA-1) $(verdict RA-2)"
	like 'and is named' 'heard by: dhcpcd' "$(detail RA-1)"
	is 'its route outlives forwarding' pass "$(verdict RA-4)"
	run "${dh[@]}" apply "$T/a.yaml"
	is 'apply beside dhcpcd leaves accept_ra alone' '0 0' "$rc $(cat /proc/sys/net/ipv6/conf/eth0/accept_ra)"
	kill $dhcpcd
	wait $dhcpcd
else
	skip 'dhcpcd' 'no dhcpcd on this machine'
fi
done_testing
