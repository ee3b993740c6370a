#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup watch --clat: a program that knows IPv4 alone reaches IPv4, by real tayga on both ends
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq python3 tayga
[ -w /dev/net/tun ] || skip_all 'no /dev/net/tun'

# node == plat (a NAT64) == inet4
ns_new node plat inet4
veth node eth0 plat n1
veth plat i4 inet4 e4
ns node ip link set eth0 mtu 1460
ns plat ip link set n1 mtu 1460
for s in node plat; do ns "$s" sysctl -qw net.ipv6.conf.all.forwarding=1; done
ns plat sysctl -qw net.ipv4.conf.all.forwarding=1
ns node ip -6 addr add 2001:db8:10:0:1::1/64 dev eth0 nodad
ns plat ip -6 addr add 2001:db8:10::fe/64 dev n1 nodad
ns node ip -6 route add default via 2001:db8:10::fe 2>/dev/null ||
	ns node ip -6 route add default via "$(ns plat ip -6 -o addr show dev n1 scope link | sed -n 's/.* \(fe80::[^ /]*\).*/\1/p')" dev eth0
lla=$(ns node ip -6 -o addr show dev eth0 scope link | sed -n 's/.* \(fe80::[^ /]*\).*/\1/p')
ns plat ip -6 route add 2001:db8:10:0:1::/96 via "$lla" dev n1
ns plat ip addr add 203.0.113.1/24 dev i4
ns inet4 ip addr add 203.0.113.10/24 dev e4
ns inet4 ip route add default via 203.0.113.1
# plat PREFIX - translate this prefix
plat() {
	mkdir -p "$T/plat"
	cat >"$T/plat.conf" <<C
tun-device nat64
ipv4-addr 192.168.255.1
ipv6-addr 2001:db8:10:ffff::1
prefix $1
dynamic-pool 192.168.255.0/24
data-dir $T/plat
C
	if [ -n "${plat:-}" ]; then
		kill "$plat"
		wait "$plat" 2>/dev/null
		ns plat ip -6 route flush dev nat64
	else
		ns plat tayga -c "$T/plat.conf" --mktun >/dev/null 2>&1
		ns plat ip link set nat64 up
		ns plat ip route add 192.168.255.0/24 dev nat64
	fi
	ns plat ip -6 route add "$1" dev nat64
	ns plat ip -6 route replace 2001:db8:10:ffff::1 dev nat64
	nsenter --net=/run/netns/plat tayga --nodetach -c "$T/plat.conf" >/dev/null 2>&1 &
	plat=$!
}
plat 2001:db8:64::/96
cat >"$T/server.py" <<'P'
import socket
s = socket.create_server(("203.0.113.10", 80))
while True:
    c, a = s.accept()
    c.recv(100)
    c.sendall(b"you are " + a[0].encode() + b"\n" + b"x" * 100000)
    c.close()
P
nsenter --net=/run/netns/inet4 python3 "$T/server.py" &
listens() { ns inet4 ss -4ltn | grep -q ':80'; }
wait_for listens
cat >"$T/ask.py" <<'P'
import socket
s = socket.create_connection(("203.0.113.10", 80), 5)
s.sendall(b"who am I")
b = b""
while True:
    d = s.recv(65536)
    if not d:
        break
    b += d
assert len(b) > 100000, len(b)
print(b[:40].split(b"\n")[0].decode(), s.getsockopt(socket.IPPROTO_IP, 14))
P
ask() { ns node python3 "$T/ask.py"; }
# hints PREFIX - what is known
hints() {
	jq -n --arg p "$1" '{version: 1, node_name: "node", uplink: "eth0", mtu: 1460,
	 node_ip: "2001:db8:10:0:1::1", node_prefix: "2001:db8:10:0:1::/96", pod_cidr: "2001:db8:10:0:1::/112",
	 nat64: {prefix: $p, source: "metadata", lifetime_s: 0}}' >"$T/root/hints.json"
}
mkdir "$T/root"
hints 2001:db8:64::/96
echo 'version: 1
forwarding: true
uplinks: [eth0]' >"$T/doc.yaml"
event() {
	jq -es "[.[] | select(.event == \"$1\" and ${2:-true})] | length | select(. > 0)" "$T/events"
}
start() {
	nsenter --net=/run/netns/node "$BIN/netsetup" watch --json --state "$T/state" \
		--root "$T/root" --hints /hints.json "$@" "$T/doc.yaml" >"$T/events" 2>"$T/err" &
	watch=$!
	wait_for event ready || diag "$(cat "$T/err" "$T/events")"
}
stop() {
	kill "$watch"
	wait "$watch"
}
end_tayga() {
	[ ! -e "$T/root/run/netsetup/clat/pid" ] || kill "$(cat "$T/root/run/netsetup/clat/pid")" 2>/dev/null
}
at_exit end_tayga
fails 'without CLAT there is no way to IPv4' ask
start --clat
holds 'it is started' wait_for event clat '.ipv4 == "192.0.0.1" and .mtu == 1432'
holds 'IPv4 is reached' wait_for ask
run ask
like 'by an address of the NAT64' 'you are 192.168.255.' "$out"
like 'packets are 28 bytes smaller' 1432 "$out"
like 'its address is that of RFC 7335' '192.0.0.1/32' "$(ns node ip -4 addr show dev clat)"
like 'its IPv6 address is not of a pod' '2001:db8:10:0:1:0:1:c1a7' "$(ns node ip -6 route show dev clat)"
pid=$(cat "$T/root/run/netsetup/clat/pid")
stop
holds 'the end of watch leaves it there' ask
start --clat
is 'the next one goes on with the same tayga' "$pid" "$(cat "$T/root/run/netsetup/clat/pid")"
holds 'IPv4 is reached' ask
kill -9 "$pid"
holds 'one that dies is noticed' wait_for event clat-ended
holds 'and started again' wait_for ask

# Another prefix.
stop
plat 2001:db8:65::/96
hints 2001:db8:65::/96
start --clat
holds 'with another prefix it is made anew' wait_for ask
ns node ip link del clat
kill -HUP "$watch"
holds 'it comes back with its device' wait_for ask

# Native IPv4 is better.
ns node ip addr add 198.51.100.2/24 dev eth0
ns node ip route add default via 198.51.100.1 metric 5
kill -HUP "$watch"
holds 'where IPv4 is native there is none' wait_for event no-clat '(.why | contains("native"))'
fails 'its device is gone' ns node ip link show clat
ns node ip route del default via 198.51.100.1 metric 5
stop
hints nonsense
start --clat
holds 'without a prefix it says why' wait_for event no-clat '(.why | contains("prefix"))'
stop
done_testing
