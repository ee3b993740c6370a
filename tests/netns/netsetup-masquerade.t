#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup: masquerade of pods, in a table of its own
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need nft python3
nft list ruleset >/dev/null 2>&1 || skip_all 'no nf_tables in this kernel'

ns_new pod far
ip link add eth0 type veth peer name f0 netns far
ip link add pod0 type veth peer name eth0 netns pod
sysctl -qw net.ipv6.conf.all.forwarding=1
ns far ip addr add 2001:db8:f::1/64 dev f0 nodad
ns far ip link set f0 up
ns far ip -6 route add 2001:db8:c::/48 via 2001:db8:f::2
ns pod ip addr add 2001:db8:c::2/64 dev eth0 nodad
ns pod ip link set eth0 up
ip link set eth0 up
ip link set pod0 up
ip addr add 2001:db8:c::1/64 dev pod0 nodad
ip addr add 2001:db8:f::2/64 dev eth0 nodad
ns pod ip -6 route add default via 2001:db8:c::1
ns far ip addr add 2001:db8:f::7/64 dev f0 nodad
netsetup=("$BIN/netsetup" --state "$T/state")

# Answers with the source that it sees, from the address that was asked.
cat >"$T/far.py" <<'P'
import select, socket
all = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for i in range(2)]
for s, a in zip(all, ('2001:db8:f::1', '2001:db8:f::7')):
    s.bind((a, 7777))
while True:
    for s in select.select(all, [], [])[0]:
        q, who = s.recvfrom(512)
        s.sendto(who[0].encode(), who)
P
nsenter --net=/run/netns/far python3 "$T/far.py" &
far=$!
seen() { # DESTINATION: the source that the far end sees
	ns pod python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.settimeout(30)
s.connect((sys.argv[1], 7777))
s.send(b"x")
print(s.recv(100).decode())' "$1" 2>/dev/null
}
answers() { [ -n "$(seen 2001:db8:f::1)" ]; }
holds 'the far end answers' wait_for answers
is 'without masquerade it sees the pod' 2001:db8:c::2 "$(seen 2001:db8:f::1)"

nft add table ip6 theirs
nft add chain ip6 theirs c
theirs=$(nft list ruleset)
cat >"$T/a.yaml" <<Y
version: 1
masquerade: [{from: "2001:db8:c::/64", out: eth0, except: "2001:db8:f::7/128"}]
Y
run "${netsetup[@]}" apply "$T/a.yaml"
is 'apply' 0 "$rc"
is 'now it sees the node' 2001:db8:f::2 "$(seen 2001:db8:f::1)"
is 'but not for the exception' 2001:db8:c::2 "$(seen 2001:db8:f::7)"
like 'the rule says what it is for' 'comment "netsetup: 2001:db8:c::/64 out eth0 except 2001:db8:f::7/128"' "$(nft list table ip6 netsetup)"
run "${netsetup[@]}" apply --json "$T/a.yaml"
like 'nothing to do afterwards' '"mutating":0' "$out"
nft flush table ip6 netsetup
run "${netsetup[@]}" verify "$T/a.yaml"
is 'verify sees that the rule is gone' 1 "$rc"
"${netsetup[@]}" apply "$T/a.yaml" >/dev/null
is 'apply repairs it' 2001:db8:f::2 "$(seen 2001:db8:f::1)"
printf 'version: 1\n' >"$T/empty.yaml"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
is 'the table goes with its last rule, others stay' "$theirs" "$(nft list ruleset)"
"${netsetup[@]}" undo >/dev/null
like 'undo brings it back' 'masquerade fully-random' "$(nft list ruleset)"

printf 'version: 1\nmasquerade: [{from: "2001:db8:c::/64"}]\n' >"$T/bad.yaml"
run "${netsetup[@]}" check "$T/bad.yaml"
is 'a masquerade without its interface' 2 "$rc"
like 'is told with its place' "masquerade: 'out' is missing" "$err"
kill "$far"
done_testing
