#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# headless services: the name leads to every ready endpoint, and where all are known to no other
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq python3

# here --- dns, which answers 2001:db8:5::1 and ::3 to each AAAA and knows no other record;
# its other addresses answer 60, 1000 and 3000 of them, and a name to each PTR
ns_new dns
ip link add eth0 type veth peer name x netns dns
sysctl -qw net.ipv6.conf.eth0.accept_dad=0
ns dns sysctl -qw net.ipv6.conf.x.accept_dad=0
ip link set eth0 up
ns dns ip link set x up
ip addr add 2001:db8:1::10/64 dev eth0 nodad
ns dns ip addr add 2001:db8:1::1/64 dev x nodad
for host in 2 3 4; do
	ns dns ip addr add "2001:db8:1::$host/64" dev x nodad
done
ip route add default via 2001:db8:1::1
nsenter --net=/run/netns/dns python3 -B - "$TOP/tests" >"$T/ready" <<'P' &
import socket, sys, threading
sys.path.insert(0, sys.argv[1])
import fake
pods = [socket.inet_pton(socket.AF_INET6, f"2001:db8:5::{n}") for n in (1, 3)]
serve = fake.dns("2001:db8:1::1", *pods)
many = [socket.inet_pton(socket.AF_INET6, f"2001:db8:6::{n:x}") for n in range(1, 3001)]
for loop in (
    fake.dns("2001:db8:1::2", *many[:60], name="a.pods.t.svc.Cluster.local"),
    fake.dns("2001:db8:1::3", *many[:1000], name="a.pods.t.svc.mycluster.local"),
    fake.dns("2001:db8:1::4", *many, name="cluster.local"),
):
    threading.Thread(target=loop, daemon=True).start()
print("ready", flush=True)
serve()
P
wait_for grep -q ready "$T/ready"

# headless ENDPOINTS [ALL [SERVER]] - what DNS-3 says of the name
headless() {
	cat >"$T/t.json" <<-J
	{"version":1,"node":"n1","pod":"a","cluster_dns":"${3:-2001:db8:1::1}",
	"headless":[{"name":"pods.t.svc.cluster.local","endpoints":$1,"all":${2:-true}}]}
	J
	run "$BIN/probe-service" --targets "$T/t.json" --check DNS-3 --json
	jq -r 'select(.variant == "headless")|"\(.verdict) \(.reason // "-") \(.detail)"' "$T/.out"
}
name="'pods.t.svc.cluster.local'"
is 'all endpoints' "pass - $name is all of 2 ready endpoints" \
	"$(headless '["2001:db8:5::3","2001:db8:5::1"]')"
is 'one that is none' \
	"fail wrong-answer AAAA $name: 2 addresses for 1 ready endpoints, 2001:db8:5::3 is none of them" \
	"$(headless '["2001:db8:5::1"]')"
is 'may be one where not all are known' "pass - $name is all of 1 ready endpoints, and others" \
	"$(headless '["2001:db8:5::1"]' false)"
is 'more than a packet or we take, of a cluster that is probed in part' \
	"pass - $name is 40 addresses or more, too many to compare" \
	"$(headless '["2001:db8:6::1","2001:db8:6::3c"]' false 2001:db8:1::2)"
is 'more than a message of UDP can have' "pass - $name is 40 addresses or more, too many to compare" \
	"$(headless '["2001:db8:6::1","2001:db8:6::3c"]' false 2001:db8:1::3)"
is 'more than any message can have' \
	"skip no-target AAAA $name: more addresses than an answer can have" \
	"$(headless '["2001:db8:6::1","2001:db8:6::3c"]' false 2001:db8:1::4)"
# pod_name SERVER - what DNS-3 says of the name of the first endpoint
pod_name() {
	headless '["2001:db8:6::1"]' false "2001:db8:1::$1" >"$T/out"
	jq -r 'select(.variant == "pod-ptr")|"\(.verdict) \(.detail)"' "$T/.out"
}
matches 'a pod has a name of the cluster' "^pass .* is 'a.pods.t.svc.Cluster.local'" "$(pod_name 2)"
matches 'and not of one that ends as the cluster' \
	"^fail .*wanted a name below 'cluster.local', got 'a.pods.t.svc.mycluster.local'" "$(pod_name 3)"
matches 'nor the domain itself' "^fail .* got 'cluster.local'" "$(pod_name 4)"
is 'one that the name does not lead to' \
	"fail wrong-answer AAAA $name: 2 addresses for 3 ready endpoints, 2001:db8:5::2 is missing" \
	"$(headless '["2001:db8:5::1","2001:db8:5::2","2001:db8:5::3"]')"
jq_is 'a pod has no name' 'nxdomain' 'select(.variant == "pod-ptr").reason' "$T/.out"
run "$BIN/probe-service" --targets "$T/t.json" --check DNS-3
like 'the cause is the name, which explains that of the pod' 'dns-records  the cluster' "$out"
unlike 'and not the reverse zone' dns-reverse-absent "$out"
headless '[]' >"$T/none"
is 'no endpoint' 2 "$rc"
like 'is no target' "headless 'pods.t.svc.cluster.local': needs a name and endpoints" "$err"
done_testing
