#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The fabric's own stand-ins: RA sender and metadata service, as a node meets them.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need python3 curl

dir=$(mktemp -d)
at_exit rm -rf "$dir"
ns_new router node
veth router n1 node eth0
ns router sysctl -qw net.ipv6.conf.all.forwarding=1
ns router ip -6 address add fd20:ce::254/128 dev lo

# What the kernel hands to user space of the options it does not use itself.
cat >"$dir/useropt.py" <<'PY'
import socket
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.bind((0, 0))
s.setsockopt(270, 1, 20)  # NETLINK_ADD_MEMBERSHIP, RTNLGRP_ND_USEROPT
s.settimeout(60)
print("listening", flush=True)
while True:
    message = s.recv(8192)
    n = int.from_bytes(message[18:20], "little")
    print(message[32:32 + n].hex(), flush=True)
PY
# Not by ns(): the process to end is the program, not a shell around it.
ip netns exec node python3 "$dir/useropt.py" >"$dir/useropt" 2>&1 &
python=$!
wait_for grep -q listening "$dir/useropt"

ip netns exec router "$BIN/fabric-ra" -i n1 -M \
	--interval 300ms --min-interval 200ms \
	--rdnss 2001:db8:53::53 --pref64 2001:db8:64::/96 --mtu 1460 \
	--hop-limit 63 >"$dir/ra" &
ra=$!
default() { ns node ip -6 route show default | grep -q 'proto ra'; }
holds 'an RA makes the default route' wait_for default
fresh() {
	run ns node ip -6 route show default
	[[ $out =~ expires\ (29|30)sec ]]
}
wait_for fresh
matches 'its lifetime is 30 s' 'expires (29|30)sec' "$out"
like 'its hop limit is taken' 'hoplimit 63' "$out"
like 'its MTU is taken' 'mtu 1460' "$out"
holds 'RDNSS reaches user space' wait_for grep -q \
	'^190300000000001e20010db8005300000000000000000053$' "$dir/useropt"
holds 'PREF64 reaches user space, 1800 s and /96' wait_for grep -q \
	'^2602070820010db80064000000000000$' "$dir/useropt"

kill "$ra"
wait "$ra"
is 'SIGTERM ends it with 0' 0 $?
ip netns exec router "$BIN/fabric-ra" -i n1 -M \
	--interval 300ms --lifetime 0 >"$dir/ra" &
ra=$!
withdrawn() { ! default; }
holds 'lifetime 0 takes the default route back' wait_for withdrawn
kill "$ra" "$python"
run ns router "$BIN/fabric-ra" -i n1 --pref64 2001:db8::/95
is 'a NAT64 prefix of a length that PREF64 cannot hold is refused' 2 "$rc"

cat >"$dir/metadata.json" <<'JSON'
{"headers": [{"name": "Metadata-Flavor", "value": "Google"}],
 "refuse": ["X-Forwarded-For"], "free": ["/"],
 "answer": {"Metadata-Flavor": "Google"}, "keys": "kebab",
 "verbatim": ["attributes"], "instances": [{"name": "node1", "interface": "n1", "tree":
  {"computeMetadata": {"v1": {"instance": {"networkInterfaces":
   [{"ipv6": ["2001:db8:10:0:1::1/96"], "gatewayIpv6": "fe80::1",
     "dnsServers": ["2001:db8:53::53", "2001:db8:53::54"]}],
   "attributes": {"kubeEnv": "a"}, "id": 7}}}}}]}
JSON
ns node ip -6 route add fd20:ce::254/128 \
	via "$(ns router ip -6 -br address show dev n1 | grep -o 'fe80[^/]*')" \
	dev eth0
ip netns exec router "$BIN/fabric-metadata" --listen fd20:ce::254 \
	"$dir/metadata.json" >"$dir/md" &
at_exit kill $!
wait_for grep -q ready "$dir/md"

nics=/computeMetadata/v1/instance/network-interfaces
google='Metadata-Flavor: Google'
# get PATH HEADER... - the body, then the status
get() {
	local args=() path=$1 h

	shift
	for h; do args+=(-H "$h"); done
	run ns node curl -gsm 30 -w '[%{http_code}]' "${args[@]}" \
		"http://[fd20:ce::254]$path"
}
get /
is 'the root needs no header' 'computeMetadata/ [200]' "$(echo $out)"
get "$nics/"
like 'the header is demanded' '403' "$out"
get "$nics/" 'Metadata-Flavor: Amazon'
like 'with the right value' '403' "$out"
get "$nics/" "$google" 'X-Forwarded-For: 2001:db8::1'
like 'a proxy is refused' '403' "$out"
get "$nics/0/gateway-ipv6" "$google"
is 'a leaf is text, its key as in paths' 'fe80::1[200]' "$out"
get "$nics/0/" "$google"
is 'a folder lists its children' 'ipv6 gateway-ipv6 dns-servers [200]' \
	"$(echo $out)"
get "$nics/0/dns-servers" "$google"
is 'a list has one a line' $'2001:db8:53::53\n2001:db8:53::54[200]' "$out"
get "$nics/?recursive=true" "$google"
like 'recursive is JSON, keys as in JSON' '"gatewayIpv6":"fe80::1"' "$out"
get "$nics" "$google"
like 'a folder without slash is moved' '301' "$out"
get "$nics/9/" "$google"
like 'what is not there is not found' '404' "$out"
get "$nics/?recursive=true&alt=text" "$google"
is 'recursive as text: a leaf in each line' "0/ipv6 2001:db8:10:0:1::1/96
0/gateway-ipv6 fe80::1
0/dns-servers 2001:db8:53::53
0/dns-servers 2001:db8:53::54
[200]" "$out"
get "${nics%/*}/?recursive=true&alt=text" "$google"
like 'keys that users name stay as they are' 'attributes/kubeEnv a' "$out"
run ns node curl -gsm 30 -X POST -d a=b -o /dev/null -D - -H "$google" \
	"http://[fd20:ce::254]$nics/"
like 'nothing can be written' '405' "$out"
like 'and it is said what is allowed' 'Allow: GET, HEAD' "$out"
like 'each answer says whose it is' 'Metadata-Flavor: Google' "$out"

# wait_for_change: a request waits for its own answer to change, and no longer than it says.
# etag PATH - of the present answer
etag() {
	ns node curl -gsm 30 -o /dev/null -D - -H "$google" "http://[fd20:ce::254]$1" |
		sed -n 's/^ETag: \([0-9a-f]*\).*/\1/p'
}
gateway=$nics/0/gateway-ipv6
seen=$(etag "$gateway")
is 'two answers have two ETags' yes "$([ "$seen" != "$(etag "$nics/0/ipv6")" ] && echo yes)"
get "$gateway?wait_for_change=true&last_etag=0" "$google"
is 'who has seen another one is answered at once' 'fe80::1[200]' "$out"
get "$gateway?wait_for_change=true&timeout_sec=1&last_etag=$seen" "$google"
is 'after timeout_sec the answer is the old one' 'fe80::1[200]' "$out"
# wait_for_answer NAME PATH - ask in the background, with an answer in $dir/NAME
wait_for_answer() {
	ns node curl -gsm 60 -o "$dir/$1" -H "$google" \
		"http://[fd20:ce::254]$2?wait_for_change=true&last_etag=$(etag "$2")" &
}
wait_for_answer changed "$gateway"
changed=$!
wait_for_answer same "$nics/0/ipv6"
same=$!
asking() { [ "$(ns router ss -6Hnt state established 'sport = 80' | wc -l)" = 2 ]; }
wait_for asking
sed 's/fe80::1/fe80::2/' "$dir/metadata.json" >"$dir/new.json"
mv "$dir/new.json" "$dir/metadata.json"
wait "$changed"
is 'who waits hears of the change' fe80::2 "$(cat "$dir/changed")"
is 'another value has not changed' yes "$(kill -0 "$same" && [ ! -s "$dir/same" ] && echo yes)"
kill "$same"
get "$gateway" "$google"
is 'a client that went away does no harm' 'fe80::2[200]' "$out"
done_testing
