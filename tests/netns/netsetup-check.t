#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup apply --check: connectivity that must be there, or all is taken back
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need python3

ns_new router
ip link add eth0 type veth peer name n1 netns router
sysctl -qw net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.eth0.dad_transmits=0
ns router sysctl -qw net.ipv6.conf.n1.accept_dad=0 net.ipv6.conf.all.forwarding=1
ns router ip link set n1 addrgenmode none
ns router ip addr add fe80::1/64 dev n1 nodad
ns router ip addr add 2001:db8:53::53/128 dev lo
ns router ip -6 route add local 2001:db8:64::/96 dev lo
ns router ip link set n1 up
ns router ip -6 route add 2001:db8:10::/64 dev n1
ip link set eth0 up

# Answers to every AAAA question what DNS64 makes of ipv4only.arpa, or nothing.
cat >"$T/dns.py" <<'P'
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(('2001:db8:53::53', 53))
t = socket.socket(socket.AF_INET6); t.bind(('2001:db8:53::53', 6443)); t.listen()
open(sys.argv[2], 'w').close()
answer = socket.inet_pton(socket.AF_INET6, '2001:db8:64::c000:aa') if sys.argv[1] == 'dns64' else b''
while True:
    q, who = s.recvfrom(512)
    end = q.index(0, 12) + 5
    a = b'\xc0\x0c\0\x1c\0\x01\0\0\0\x3c\0\x10' + answer if answer else b''
    s.sendto(q[:2] + b'\x81\x80\0\x01' + (b'\0\x01' if a else b'\0\0') + b'\0\0\0\0' + q[12:end] + a, who)
P
dns() {
	rm -f "$T/ready"
	nsenter --net=/run/netns/router python3 "$T/dns.py" "$1" "$T/ready" &
	dns_pid=$!
	wait_for test -e "$T/ready"
}
dns dns64

netsetup=("$BIN/netsetup" --state "$T/state" --hints "$T/hints.json" --deadline 2s)
printf '{"version":1,"dns":["2001:db8:53::53"]}' >"$T/hints.json"
doc() { # gateway
	cat <<Y
version: 1
addresses: [{address: "2001:db8:10::a/128", dev: eth0, dad: skip}]
routes: [{dst: default, via: "$1", dev: eth0}]
Y
}
doc fe80::1 >"$T/good.yaml"
doc fe80::dead >"$T/bad.yaml"
gateway() { ip -6 route show default | grep -o 'via [^ ]*'; }

all='gateway,dns64,nat64=203.0.113.10,api=[2001:db8:53::53]:6443'
run "${netsetup[@]}" apply --check "$all" "$T/good.yaml"
is 'all that was asked for is there' 0 "$rc"
is 'and the change stays' 'via fe80::1' "$(gateway)"
run "${netsetup[@]}" verify --check "$all" "$T/good.yaml"
is 'verify asks the same' 0 "$rc"

run "${netsetup[@]}" apply --check gateway "$T/bad.yaml"
is 'a gateway that does not answer' 3 "$rc"
like 'is named' "check 'gateway': fe80::dead on 'eth0' does not answer neighbour solicitations" "$err"
like 'nothing stays of it' 'rolled back, nothing changed' "$err"
is 'the old gateway is back' 'via fe80::1' "$(gateway)"
run "${netsetup[@]}" verify --check 'gateway=fe80::dead%eth0' "$T/good.yaml"
is 'verify fails with it' 1 "$rc"

undone() { # CHECK WORDS
	"${netsetup[@]::5}" undo >/dev/null
	run "${netsetup[@]}" apply --check "$1" "$T/good.yaml"
	is "$1: taken back" 3 "$rc"
	like "$1: why" "$2" "$err"
	is "$1: nothing left" '' "$(gateway)"
}
undone 'api=[2001:db8:53::53]:6444' "check 'api': no connection to [2001:db8:53::53]:6444: Connection refused"
run "${netsetup[@]}" apply --check 'api=[2001:db8:53::53]:6444' "$T/good.yaml"
kill "$dns_pid"
dns plain
run "${netsetup[@]}" apply --deadline 6s --check dns64=2001:db8:53::53 "$T/good.yaml"
is 'a name server without DNS64' 3 "$rc"
like 'is told from one that does not answer' 'it does no DNS64' "$err"
ns router ip -6 route del local 2001:db8:64::/96 dev lo
ns router ip -6 route add unreachable 2001:db8:64::/96
printf '{"version":1,"nat64":{"prefix":"2001:db8:64::/96","source":"static"}}' >"$T/hints.json"
run "${netsetup[@]}" apply --check nat64=203.0.113.10 "$T/good.yaml"
is 'no echo through NAT64' 3 "$rc"
like 'names the address' "no echo from 2001:db8:64::cb00:710a (203.0.113.10 through 2001:db8:64::/96)" "$err"

run "${netsetup[@]}" apply --check "test -e $T/ready" "$T/good.yaml"
is 'a command that succeeds' 0 "$rc"
"${netsetup[@]::5}" undo >/dev/null
run "${netsetup[@]}" apply --check 'false' "$T/good.yaml"
is 'a command that fails' 3 "$rc"
like 'is told by its status' "check 'false': exit status 1" "$err"
run "${netsetup[@]}" apply --check '/no/such/program' "$T/good.yaml"
is 'a command that is not there is refused before anything is changed' 2 "$rc"
like 'it is named' "'/no/such/program' is neither a check nor a program" "$err"
run "${netsetup[@]}" apply --check 'gatway,dns64' "$T/good.yaml"
is 'a check that is misspelt' 2 "$rc"
like 'the right one is offered' "'gatway' is neither a check nor a program, did you mean 'gateway'?" "$err"
is 'nothing is left of any' '' "$(gateway)"
run "${netsetup[@]}" apply --check 'gateway,dns46' "$T/good.yaml"
is 'an unknown check' 2 "$rc"
like 'is named' "'dns46' is not a check" "$err"
run "${netsetup[@]}" apply --check 'nat64' "$T/good.yaml"
is 'a check without its target' 2 "$rc"
like 'says which' 'nat64=IPV4' "$err"
run "${netsetup[@]}" apply --confirm 10m --check gateway "$T/good.yaml"
is 'checks come before the wait for confirmation' 0 "$rc"
run "${netsetup[@]::5}" confirm
is 'which is still needed' 0 "$rc"
kill "$dns_pid"
done_testing
