#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup watch: what is ours comes back, what is not stays, and whoever fights is named
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq python3

ip link add v0 type veth peer name v1
ip link set v0 addrgenmode none
ip link set v1 addrgenmode none
ip link set v0 up
ip link set v1 up
ip -6 route add 2001:db8:ffff::/64 via fe80::5 dev v1 proto bird
args=(--state "$T/state" --root "$T/root" --hints "$T/hints.json")
cat >"$T/a.yaml" <<Y
version: 1
links: [{name: br7, kind: bridge, up: true, addrgen: none}]
addresses: [{address: "2001:db8:e::1/64", dev: v0, dad: skip}]
nexthops: [{id: 77, via: "fe80::7", dev: v0}]
routes:
- {dst: "2001:db8:f::/64", via: "fe80::1", dev: v0}
- {dst: "2001:db8:77::/64", nexthop: 77}
- {dst: default, via: "fe80::1", dev: v0}
rules: [{priority: 777, from: "2001:db8:e::/64", table: 100}]
neighbours: [{address: "2001:db8:e::9", dev: v0, lladdr: "02:00:00:00:00:09"}]
proxies: [{prefix: "2001:db8:e::b/128", dev: v0}]
sysctls: {"net/ipv6/conf/v0/accept_ra": 2, "net/ipv6/conf/v0/hop_limit": 99}
files: [{path: /etc/a.conf, content: "a", mode: "0644"}]
Y
# The rest runs on a kernel without nf_tables, too.
nft list ruleset >/dev/null 2>&1 && nft=yes || nft=
[ -z "$nft" ] || echo 'masquerade: [{from: "2001:db8:e::/64", out: v0, except: "2001:db8::/32"}]' >>"$T/a.yaml"
cp "$T/a.yaml" "$T/doc.yaml"

# start [OPTION...] - a watch of $T/doc.yaml in the background; $watch: its process
start() {
	: >"$T/events"
	"$BIN/netsetup" watch --json "${args[@]}" "$@" "$T/doc.yaml" \
		>"$T/events" 2>"$T/err" &
	watch=$!
	wait_for event ready || not_ok 'watch becomes ready' "$(cat "$T/err" "$T/events")"
}

# event NAME [FILTER] - how many events there are, at least one
event() {
	jq -es "[.[] | select(.event == \"$1\" ${2:+and $2})] | length | select(. > 0)" \
		"$T/events"
}
count() {
	jq -s "[.[] | select(.event == \"$1\" ${2:+and $2})] | length" "$T/events"
}
stop() {
	kill -TERM "$watch"
	wait "$watch"
	is "SIGTERM ends it with 0" 0 $?
}
state() {
	ip -6 -o addr | sed 's/valid_lft.*//; s/^[0-9]*: //'
	routes | grep -v multicast | sed 's/ expires.*sec//' | sort
	ip -6 rule
	ip nexthop | without_carrier
	ip -6 neigh show nud permanent
	ip -6 neigh show proxy
	ip -br link | awk '{print $1, $2}' | sort
	cat /proc/sys/net/ipv6/conf/v0/accept_ra "$T/root/etc/a.conf"
	[ -z "$nft" ] || nft list ruleset
}
same() {
	[ "$(state)" = "$good" ]
}

# The kernel tells nothing of proxies that go: they are for the audit.
start --burst 100 --audit 500ms
good=$(state)
like 'the document is applied' '2001:db8:f::/64 via fe80::1' "$good"
rss=$(awk '/VmRSS/ {print $2}' "/proc/$watch/status")
[ -n "${SANITIZE:-}" ] || holds "it takes no more than 6 MB ($rss kB)" test "$rss" -le 6144
is 'systemd would see one process, of the small program' netsetup-watch \
	"$(basename "$(readlink "/proc/$watch/exe")")"

# Each kind gone, and back.
while read -r name command; do
	if [ "$name$nft" = masquerade ]; then
		skip "masquerade: back after '$command'" 'no nf_tables in this kernel'
		continue
	fi
	eval "$command" || not_ok "$name can be broken at all"
	holds "$name: back after '$command'" wait_for same
	same || diag "$(diff <(echo "$good") <(state))" "$(tail -3 "$T/events")"
done <<'L'
route ip -6 route del 2001:db8:f::/64
route ip -6 route del default
route ip -6 route replace 2001:db8:f::/64 via fe80::66 dev v0 proto static
route ip -6 route append 2001:db8:f::/64 via fe80::67 dev v0 proto bird
route ip -6 route change 2001:db8:f::/64 via fe80::1 dev v0 proto 166 mtu 1300
address ip -6 addr del 2001:db8:e::1/64 dev v0
address ip -6 addr change 2001:db8:e::1/64 dev v0 valid_lft 500 preferred_lft 300
rule ip -6 rule del priority 777
neighbour ip -6 neigh del 2001:db8:e::9 dev v0
neighbour ip -6 neigh replace 2001:db8:e::9 dev v0 lladdr 02:00:00:00:00:66 nud permanent
neighbour ip -6 neigh replace 2001:db8:e::9 dev v0 lladdr 02:00:00:00:00:66 nud reachable
proxy ip -6 neigh del proxy 2001:db8:e::b dev v0
nexthop ip nexthop del id 77
nexthop ip nexthop replace id 77 via fe80::78 dev v0
nexthop ip nexthop flush
sysctl echo 0 >/proc/sys/net/ipv6/conf/v0/accept_ra
file rm "$T/root/etc/a.conf"
file echo other >"$T/root/etc/a.conf"
masquerade nft delete table ip6 netsetup
masquerade nft flush chain ip6 netsetup postrouting
masquerade nft delete chain ip6 netsetup postrouting
link ip link del br7
link ip link set br7 down
link ip link set v0 down && ip link set v0 up
all ip -6 route flush proto 166 2>/dev/null; ip -6 addr del 2001:db8:e::1/64 dev v0; ip -6 rule del priority 777
L
like 'of what other people own nothing is touched' \
	'2001:db8:ffff::/64 via fe80::5 dev v1 proto bird' \
	"$(ip -6 route show 2001:db8:ffff::/64)"
holds 'without compat mode the kernel tells nothing of routes that go' \
	sysctl -qw net.ipv4.nexthop_compat_mode=0
ip nexthop del id 77
sysctl -qw net.ipv4.nexthop_compat_mode=1
holds 'they come back all the same' wait_for same

# A foreign route next to ours, and its end, are no business of ours.
before=$(count repaired)
for i in 1 2 3; do
	ip -6 route add "2001:db8:f$i::/64" via fe80::9 dev v0 proto bird
	ip -6 route del "2001:db8:f$i::/64"
done
is 'foreign routes cause nothing' "$before" "$(count repaired)"

# Another mount of /proc has no events: the slow audit finds it.
stop
start --burst 100 --audit 300ms
unshare --mount --propagation private sh -c \
	'mount -t proc proc /proc && echo 33 >/proc/sys/net/ipv6/conf/v0/hop_limit'
holds 'a sysctl that another mount of /proc has changed: found by audit' \
	wait_for grep -qx 99 /proc/sys/net/ipv6/conf/v0/hop_limit
stop

# The network outlives it, and a restart drops no packet.
holds 'the network is as it was' same
ip -6 monitor all >"$T/monitor" 2>&1 &
monitor=$!
# What comes while ip still lists the links is lost to it.
heard() {
	ip -6 route add 2001:db8:1001::/64 via fe80::9 dev v0 proto bird
	ip -6 route del 2001:db8:1001::/64
	grep -q 'Deleted.*2001:db8:1001' "$T/monitor"
}
holds 'ip monitor listens' wait_for heard
ip -6 route add 2001:db8:1000::/64 via fe80::9 dev v0 proto bird
wait_for grep -q 2001:db8:1000 "$T/monitor"
start
stop
ip -6 route del 2001:db8:1000::/64
wait_for grep -q 'Deleted.*2001:db8:1000' "$T/monitor"
kill "$monitor"
is 'a restart changes nothing' 2 "$(grep -vc 2001:db8:1001 "$T/monitor")"

# A fight.
start
for ((i = 0; i < 100; i++)); do
	event fight && break
	ip -6 route del 2001:db8:f::/64 2>/dev/null
done >/dev/null
holds 'a fight is noticed' event fight
like 'and the other side is named' 'process' "$(jq -rs '[.[]|select(.event=="fight")][0].other' "$T/events")"
is 'the object is named' '2001:db8:f::/64 via fe80::1 dev v0' \
	"$(jq -rs '[.[]|select(.event=="fight")][0].object' "$T/events")"
ip -6 route del 2001:db8:f::/64 2>/dev/null
ip -6 rule del priority 777
wait_for event repaired '.kind == "rule"'
is 'and left alone' '' "$(ip -6 route show 2001:db8:f::/64)"
stop

# Somebody else takes the key of a route of ours again and again.
start
for ((i = 0; i < 100; i++)); do
	event fight && break
	ip -6 route replace 2001:db8:f::/64 via fe80::66 dev v0 proto bird
done >/dev/null
like 'a protocol is named' "protocol 'bird'" "$(jq -rs '[.[]|select(.event=="fight")][0].other' "$T/events")"
stop
ip -6 route del 2001:db8:f::/64 proto bird 2>/dev/null

# The kernel drops events.
start --burst 1000000
kill -STOP "$watch"
for ((i = 0; i < 20000; i++)); do
	echo 'route replace 2001:db8:f::/64 via fe80::1 dev v0 proto 166 mtu 1300'
	echo 'route replace 2001:db8:f::/64 via fe80::1 dev v0 proto 166'
done | ip -6 -batch - >/dev/null
ip -6 rule del priority 777
kill -CONT "$watch"
holds 'events are dropped, and it says so' wait_for event resync
holds 'what happened meanwhile is put right' wait_for same

# One watch, one lock, and the newest transaction counts.
run "$BIN/netsetup" watch "${args[@]}" "$T/doc.yaml"
is 'a second watch ends with 2' 2 "$rc"
like 'and says who watches' "watched already, by process $watch" "$err"
sed 's/2001:db8:f::/2001:db8:abcd::/' "$T/a.yaml" >"$T/b.yaml"
run "$BIN/netsetup" apply "${args[@]}" "$T/b.yaml"
is 'somebody else applies' 0 "$rc"
holds 'it is noticed' wait_for event superseded
like 'and not fought' '2001:db8:abcd::/64' "$(ip -6 route)"
unlike 'the old route does not come back' '2001:db8:f::/64' "$(ip -6 route)"
ip -6 route del 2001:db8:abcd::/64
holds 'the newest is kept' wait_for sh -c 'ip -6 route | grep -q 2001:db8:abcd::/64'
run "$BIN/netsetup" undo "${args[@]}"
is 'undo' 0 "$rc"
holds 'undo is kept' wait_for same

# A transaction that is killed half way is taken back by the watch.
SHOOT6_CRASH_AT=5 "$BIN/netsetup" apply "${args[@]}" "$T/b.yaml" >/dev/null 2>&1
holds 'a killed transaction is taken back' wait_for event recover
holds 'and the state is the old one' wait_for same
kill -9 "$watch"
wait "$watch" 2>/dev/null
ip -6 rule del priority 777
start
holds 'after kill -9 the next one goes on' wait_for same

# Ended while a transaction is open that was killed.
SHOOT6_CRASH_AT=5 "$BIN/netsetup" apply "${args[@]}" "$T/b.yaml" >/dev/null 2>&1
stop
start
holds 'ended while a transaction was open: the next one goes on' wait_for same
run "$BIN/netsetup" apply "${args[@]}" --confirm 1s "$T/b.yaml"
holds 'what awaits confirmation is kept' wait_for event superseded
holds 'and taken back in time, which is kept' wait_for same

# The document is followed.
sed 's/2001:db8:f::/2001:db8:cafe::/; s/a.conf/b.conf/' "$T/a.yaml" >"$T/new"
mv "$T/new" "$T/doc.yaml"
holds 'a document renamed over the old one is applied' wait_for sh -c 'ip -6 route | grep -q 2001:db8:cafe::/64'
holds 'what is stale goes' wait_for sh -c '! ip -6 route | grep -q 2001:db8:f::/64'
holds 'and stale files' wait_for test ! -e "$T/root/etc/a.conf" -a -e "$T/root/etc/b.conf"
wait_for test "$(count applied)" -ge 1
echo 'version: 1
routes: [{dst: nonsense}]' >"$T/doc.yaml"
holds 'a broken document is reported' wait_for event not-applied '.exit == 2'
like 'with its line' 'nonsense' "$(cat "$T/err")"
ip -6 route del 2001:db8:cafe::/64
holds 'and the old one stays' wait_for sh -c 'ip -6 route | grep -q 2001:db8:cafe::/64'
rm "$T/doc.yaml"
holds 'a document that is gone is reported' wait_for event document-unreadable
ip -6 route del 2001:db8:cafe::/64
holds 'and the old one stays, too' wait_for sh -c 'ip -6 route | grep -q 2001:db8:cafe::/64'
cp "$T/a.yaml" "$T/doc.yaml"
holds 'it comes back, and counts' wait_for same

# A document that names an interface before that is there.
printf '%s\n' 'version: 1' 'routes: [{dst: "2001:db8:fade::/64", dev: late0}]' >"$T/new"
mv "$T/new" "$T/doc.yaml"
holds 'a document that comes too early is reported' wait_for event not-applied '.exit == 3'
holds 'with the time of the next try' wait_for event retry '.again_s >= 1'
holds 'and the old one stays meanwhile' wait_for same
holds 'the second wait is longer' wait_for event retry '.again_s == 2'
printf '%s\n' 'version: 1' 'routes: [{dst: "2001:db8:fade::/64", dev: late0}]' '# new' >"$T/new"
mv "$T/new" "$T/doc.yaml"
first() { [ "$(count retry '.again_s == 1')" -ge 2 ]; }
holds 'another document does not wait for what the one before has gathered' wait_for first
# It is tried again when its interface is there, whatever the wait.
holds 'the waits grow' wait_for -t 60 event retry '.again_s == 8'
is 'nothing has come that it waits for' 0 "$(count retry '.again_s == 0')"
ip link add late0 type veth peer name late1
ip link set late1 up
ip link set late0 up
holds 'what it waits for has come' wait_for event retry '.again_s == 0 and .interface == "late0"'
holds 'it is applied when its interface is there' wait_for sh -c 'ip -6 route | grep -q 2001:db8:fade::/64'
cp "$T/a.yaml" "$T/doc.yaml"
holds 'and it can go' wait_for sh -c '! ip -6 route | grep -q 2001:db8:fade::/64'
ip link del late0
holds 'to the one before' wait_for same
stop

# What cannot be applied at the start ends it.
echo 'nonsense' >"$T/doc.yaml"
run "$BIN/netsetup" watch "${args[@]}" "$T/doc.yaml"
is 'a broken document at the start: 2' 2 "$rc"
rm "$T/doc.yaml"
run "$BIN/netsetup" watch "${args[@]}" "$T/doc.yaml"
is 'none at the start: 2' 2 "$rc"
run "$BIN/netsetup" watch "${args[@]}"
is 'no document: 2' 2 "$rc"
cp "$T/a.yaml" "$T/doc.yaml"
run "$BIN/netsetup" watch "${args[@]}" --metrics nonsense "$T/doc.yaml"
is 'metrics nowhere: 2' 2 "$rc"

# Metrics, both ways, and the service manager.
cat >"$T/manager.py" <<'P'
import os, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(s.recv(4096).decode(), flush=True)
P
python3 "$T/manager.py" "$T/notify" >"$T/said" &
manager=$!
wait_for grep -q listening "$T/said"
export NOTIFY_SOCKET=$T/notify WATCHDOG_USEC=100000
start --metrics '[::1]:9111'
unset NOTIFY_SOCKET WATCHDOG_USEC
holds 'READY=1' wait_for grep -q READY=1 "$T/said"
holds 'WATCHDOG=1' wait_for grep -q WATCHDOG=1 "$T/said"
ip -6 rule del priority 777
wait_for event repaired
metrics=$(python3 -c 'import urllib.request as u; print(u.urlopen("http://[::1]:9111/metrics").read().decode())')
like 'repairs by kind' 'netsetup_repairs_total{kind="rule"} 1' "$metrics"
like 'drift' 'netsetup_drift 0' "$metrics"
for name in applies rollbacks resyncs; do
	like "$name" "netsetup_${name}_total" "$metrics"
done
stop
holds 'STOPPING=1' wait_for grep -q STOPPING=1 "$T/said"
kill "$manager"
start --metrics "$T/metrics.prom"
holds 'a file of metrics' wait_for grep -q 'netsetup_applies_total 1' "$T/metrics.prom"
stop

# The state is removed.
start
rm -rf "$T/state" 2>/dev/null
holds 'the state is removed: said' wait_for event state-lost
ip -6 rule del priority 777
holds 'and the rest goes on' wait_for same
stop

# A namespace that knows no IPv6.
sysctl -qw net.ipv6.conf.all.disable_ipv6=1
run "$BIN/netsetup" watch "${args[@]}" "$T/doc.yaml"
holds "without IPv6 it ends with a reason ($err)" test "$rc" = 3 -o "$rc" = 4
sysctl -qw net.ipv6.conf.all.disable_ipv6=0
done_testing
