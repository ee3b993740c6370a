#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup verify: who hears router advertisements, and whether the default route lasts
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq

ns_new router
ip link add eth0 type veth peer name n1 netns router
ns router sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.n1.accept_dad=0
sysctl -qw net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.eth0.router_solicitation_delay=0
ns router ip link set n1 up
ip link set eth0 up
netsetup=("$BIN/netsetup" --state "$T/state" --root "$T/root")
index=$(cat /sys/class/net/eth0/ifindex)
printf 'version: 1\nuplinks: [eth0]\nforwarding: true\n' >"$T/a.yaml"
printf 'version: 1\nuplinks: [eth0]\nsysctls: {net/ipv6/conf/eth0/accept_ra: 1}\n' >"$T/one.yaml"
default() { ip -6 route show default proto ra | grep -q .; }

run "${netsetup[@]}" apply "$T/a.yaml"
is 'apply' 0 "$rc"
run "${netsetup[@]}" verify --json "$T/a.yaml"
is 'a node without a router is as described' 0 "$rc"
is 'the kernel hears' pass "$(verdict RA-1)"
is 'what it hears will last' pass "$(verdict RA-2)"
is 'no router is a warning' warn "$(verdict RA-3)"
nsenter --net=/run/netns/router "$BIN/fabric-ra" -i n1 --interval 1s --min-interval 500ms >"$T/ra.log" 2>&1 &
ra=$!
holds 'a router announces itself' wait_for default
run "${netsetup[@]}" verify --json "$T/a.yaml"
is 'now all is well' 'pass pass pass' "$(verdict RA-1) $(verdict RA-2) $(verdict RA-3)"

# What verify says of lasting is so.
route=$(ip -6 route show default | sed 's/ expires.*//')
holds "there is one" test -n "$route"
for value in 0 1 0 1; do
	sysctl -qw net.ipv6.conf.all.forwarding=$value
	is "the default route outlives all.forwarding=$value" "$route" "$(ip -6 route show default | sed 's/ expires.*//')"
done

# With accept_ra=1 it is not, and verify says so before it happens.
"${netsetup[@]}" undo >/dev/null
sysctl -qw net.ipv6.conf.all.forwarding=0 net.ipv6.conf.eth0.accept_ra=1
# The kernel forgets that a table has such routes once it has looked through it.
ip -6 route del default
holds 'the router is heard again' wait_for default
run "${netsetup[@]}" verify --json "$T/one.yaml"
is 'accept_ra=1 is as described' 0 "$(printf '%s' "$out" | jq .changes)"
is 'and yet verify fails' 1 "$rc"
is 'because it will not last' 'pass fail' "$(verdict RA-1) $(verdict RA-2)"
like 'and says what will happen' 'the first all.forwarding=1' "$(detail RA-2)"
sysctl -qw net.ipv6.conf.all.forwarding=1
fails 'it is so' default
run "${netsetup[@]}" verify --json "$T/one.yaml"
is 'then nobody hears' fail "$(verdict RA-1)"
like 'and the words are others' 'hears no router' "$(detail RA-2)"
kill "$ra"

# systemd-networkd has the link: it is left alone.
sysctl -qw net.ipv6.conf.eth0.accept_ra=0
mkdir -p "$T/root/run/systemd/netif/links" "$T/root/etc"
printf 'ADMIN_STATE=configured\nOPER_STATE=routable\nNETWORK_FILE=/etc/eth0.network\n' >"$T/root/run/systemd/netif/links/$index"
printf '[Network]\nDHCP=ipv6\n' >"$T/root/etc/eth0.network"
run "${netsetup[@]}" apply "$T/a.yaml"
is 'apply beside networkd' 0 "$rc"
is 'accept_ra is left alone' 0 "$(cat /proc/sys/net/ipv6/conf/eth0/accept_ra)"
run "${netsetup[@]}" verify --json "$T/a.yaml"
is 'verify is content' 'pass pass' "$(verdict RA-1) $(verdict RA-2)"
like 'and names it' 'heard by: systemd-networkd' "$(detail RA-1)"
sysctl -qw net.ipv6.conf.eth0.accept_ra=2
run "${netsetup[@]}" verify --json "$T/a.yaml"
is 'two of them fail' fail "$(verdict RA-1)"
like 'both are named' 'kernel, systemd-networkd' "$(detail RA-1)"
printf '[Network]\nIPv6AcceptRA=no\n' >"$T/root/etc/eth0.network"
run "${netsetup[@]}" verify --json "$T/a.yaml"
is 'unless networkd is told not to hear them' pass "$(verdict RA-1)"
rm -r "$T/root/run/systemd"

mkdir -p "$T/root/run/NetworkManager/devices"
printf '[device]\nmanaged=full\n' >"$T/root/run/NetworkManager/devices/$index"
sysctl -qw net.ipv6.conf.eth0.accept_ra=0
run "${netsetup[@]}" apply "$T/a.yaml"
is 'NetworkManager is left alone as well' 0 "$(cat /proc/sys/net/ipv6/conf/eth0/accept_ra)"
rm -r "$T/root/run/NetworkManager"
run "${netsetup[@]}" verify --json "$T/a.yaml"
is 'without either nobody hears' fail "$(verdict RA-1)"
run "${netsetup[@]}" apply "$T/a.yaml"
is 'and it is ours again' 2 "$(cat /proc/sys/net/ipv6/conf/eth0/accept_ra)"
done_testing
