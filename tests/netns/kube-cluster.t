#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real IPv6-only cluster of three nodes: what pods, nodes and the outside reach.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
. "$TOP/tests/kube.sh"
need_kube
need dig curl nc

image=ghcr.io/shoot6/shoot6:$(<"$TOP/VERSION")
kube_up --nodes 3

# pod NAME NODE APP [PORT], service NAME TYPE SELECTOR [POLICY]
pod() {
	cat <<-Y
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: $1, namespace: t, labels: {name: $1, app: $3}}
		spec:
		  nodeName: $2
		  terminationGracePeriodSeconds: 1
		  containers:
		  - name: c
		    image: $image
		    imagePullPolicy: Never
		    args: [/usr/bin/probe-responder, --name, $1, --tcp, "7777",
		      --udp, "7777", --http, "8080"]
		    ports: [{containerPort: 8080, ${4:-protocol: TCP}}]
		    readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
	Y
}
service() {
	cat <<-Y
		---
		apiVersion: v1
		kind: Service
		metadata: {name: $1, namespace: t}
		spec:
		  type: $2
		  ${4:+externalTrafficPolicy: $4}
		  selector: {$3}
		  ports:
		  - {name: http, port: 80, targetPort: 8080}
		  - {name: udp, port: 81, targetPort: 7777, protocol: UDP}
	Y
}
{
	echo '{apiVersion: v1, kind: Namespace, metadata: {name: t}}'
	pod a node2 none
	pod b node2 web
	pod c node3 web 'hostPort: 8088'
	service web ClusterIP 'app: web'
	service self ClusterIP 'name: a'
	service np NodePort 'app: web'
	service far NodePort 'name: c'
	service lb LoadBalancer 'app: web'
	service lbl LoadBalancer 'name: none' Local
} >"$T/pods.yaml"
wait_for kc -n default get sa default
kc create -f "$T/pods.yaml" >"$T/out" 2>&1
wait_for kc apply -f "$T/pods.yaml"
holds 'pods are ready' kc -n t wait --for=condition=Ready pod --all --timeout=300s
for p in a b c; do pod_enter "$p" t; done

vip() { kc -n t get svc "$1" -o 'jsonpath={.spec.clusterIP}'; }
port() { kc -n t get svc "$1" -o 'jsonpath={.spec.ports[0].nodePort}'; }
C='curl -gsS -m 30'
# who NAME WANT COMMAND... - the responder that answered, by its name
who() {
	local name=$1 want=$2 got

	shift 2
	got=$("$@" 2>&1)
	matches "$name" "$want" "$(jq -r .name <<<"$got" 2>/dev/null || echo "$got")"
}
client() {
	local name=$1 want=$2 got

	shift 2
	got=$("$@" 2>&1)
	is "$name" "$want" "$(jq -r .client <<<"$got" 2>/dev/null || echo "$got")"
}
# answers PATTERN COMMAND... - for wait_for: endpoints reach kube-proxy a moment later
answers() {
	local want=$1

	shift
	[[ $("$@" 2>/dev/null) =~ $want ]]
}
web=$(vip web) self=$(vip self) np=$(port np) far=$(port far)
for node in node1 node2 node3; do
	for at in "[$web]" "[2001:db8:10:0:${node#node}::1]:$np" "[2001:db8:10:0:${node#node}::1]:$far"; do
		# shellcheck disable=SC2086 # words
		wait_for answers name on_node "$node" $C "http://$at/"
	done
done
# shellcheck disable=SC2086
wait_for answers name in_pod a $C "http://[$self]/"

# Addresses
is 'each node has one IPv6 InternalIP and no other address' \
	'2001:db8:10:0:1::1 2001:db8:10:0:2::1 2001:db8:10:0:3::1' \
	"$(kc get nodes -o json | jq -r '[.items[].status.addresses[]|select(.type!="Hostname").address]|join(" ")')"
is 'the pod has one IPv6 address' "${pod_ip[a]}" "$(in_pod a ip -j -6 addr show scope global | jq -r '.[].addr_info[].local//empty')"
like 'of the range its node is routed' 2001:db8:10:0:2:: "${pod_ip[a]}"
is "podCIDRs are the provider's" '2001:db8:10:0:1::/112 2001:db8:10:0:2::/112 2001:db8:10:0:3::/112' \
	"$(kc get nodes -o 'jsonpath={.items[*].spec.podCIDR}')"
for node in node1 node2 node3; do
	is "no IPv4 on $node but 127.0.0.1" 127.0.0.1 "$(on_node $node ip -j -4 addr | jq -r '.[].addr_info[].local//empty')"
done
for p in a b c; do
	is "no IPv4 in pod $p but 127.0.0.1" 127.0.0.1 "$(in_pod $p ip -j -4 addr | jq -r '.[].addr_info[].local//empty')"
done

# Pods and services. $C is a command of several words.
# shellcheck disable=SC2086
{
	who 'pod to pod of the same node' '^b$' in_pod a $C "http://[${pod_ip[b]}]:8080/"
	who 'pod to pod of another node' '^c$' in_pod a $C "http://[${pod_ip[c]}]:8080/"
	client "and its source address is kept" "${pod_ip[a]}" in_pod a $C "http://[${pod_ip[c]}]:8080/"
	who 'node to pod of another node' '^c$' on_node node1 $C "http://[${pod_ip[c]}]:8080/"
	who 'pod to its own node' . in_pod b $C "http://[2001:db8:10:0:2::1]:$np/"
	who 'pod to service' '^[bc]$' in_pod a $C "http://[$web]/"
	reached=$(for _ in {1..24}; do in_pod a $C "http://[$web]/" | jq -r .name; done | sort -u)
	is 'pod to service reaches both endpoints' 'b
c' "$reached"
	who 'pod to its own service' '^a$' in_pod a $C "http://[$self]/"
	who 'node to service' '^[bc]$' on_node node2 $C "http://[$web]/"
	who 'control-plane node to service' '^[bc]$' on_node node1 $C "http://[$web]/"
	matches 'API server by its service' 'Forbidden|Unauthorized|gitVersion' \
		"$(in_pod a $C -k 'https://[2001:db8:96::1]/version')"
	who 'NodePort on its own node' '^[bc]$' on_node node2 $C "http://[2001:db8:10:0:2::1]:$np/"
	who 'NodePort from outside' '^[bc]$' on_node inet6 $C "http://[2001:db8:10:0:3::1]:$np/"
	who 'NodePort, its pod on another node' '^c$' on_node inet6 $C "http://[2001:db8:10:0:2::1]:$far/"
	who 'host port' '^c$' on_node inet6 $C 'http://[2001:db8:10:0:3::1]:8088/'
	lb() { kc -n t get svc "${1:-lb}" -o 'jsonpath={.status.loadBalancer.ingress[*].ip}' | grep .; }
	holds 'a load balancer has an address' wait_for lb
	lb=$(lb)
	at() { on_node router ip -6 -j route show "$1" | jq -r '.[0].dev'; }
	is_at() { [ "$(at "$1")" = "$2" ]; }
	fails 'one for endpoints of its node waits for an endpoint' lb lbl
	kc -n t patch svc lbl -p '{"spec": {"selector": {"name": "c"}}}' >"$T/out"
	holds 'and has an address then' wait_for lb lbl
	lbl=$(lb lbl)
	is "at that endpoint's node" n3 "$(at "$lbl")"
	wait_for answers name on_node inet6 $C "http://[$lbl]/"
	client 'by which clients are seen as they are' \
		"$(on_node inet6 ip -6 -j route get "$lbl" | jq -r '.[0].prefsrc')" on_node inet6 $C "http://[$lbl]/"
	kc -n t patch svc lbl -p '{"spec": {"selector": {"name": "b"}}}' >"$T/out"
	holds 'it moves with the endpoint' wait_for is_at "$lbl" n2
	wait_for answers '"b"' on_node inet6 $C "http://[$lbl]/"
	who 'and answers there' '^b$' on_node inet6 $C "http://[$lbl]/"
	none_of() { [ -z "$(on_node "$1" ip -6 route show table local "$2")" ]; }
	holds 'its former node has given it up' wait_for none_of node3 "$lbl"
	wait_for answers name on_node inet6 $C "http://[$lb]/"
	who 'which answers from outside' '^[bc]$' on_node inet6 $C "http://[$lb]/"
	who 'from a pod' '^[bc]$' in_pod a $C "http://[$lb]/"
	who 'from a node' '^[bc]$' on_node node1 $C "http://[$lb]/"
	at=$(at "$lb")
	matches 'the cloud sends it to a node' '^n[123]$' "$at"
	like 'which has it by netsetup' "$lb dev lo proto 166" \
		"$(on_node "node${at#n}" ip -6 -N route show table local "$lb")"
	holds 'and answers for it' on_node inet6 ping -c1 -W30 "$lb"
	# Its node is not ready, as the API knows it after a minute of silence.
	kubelet=$("$S" exec shoot "node${at#n}" -- pgrep -x kubelet)
	on_node "node${at#n}" kill -STOP "$kubelet"
	kc patch node "node${at#n}" --subresource=status \
		-p '{"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}' >"$T/out"
	is_elsewhere() { [[ $(at "$lb") != "$at" ]]; }
	holds 'it moves away from a node that is not ready' wait_for is_elsewhere
	wait_for answers name on_node inet6 $C "http://[$lb]/"
	who 'and answers still' '^[bc]$' on_node inet6 $C "http://[$lb]/"
	is 'the service has the address it had' "$lb" "$(lb)"
	on_node "node${at#n}" kill -CONT "$kubelet"
	holds 'that node is ready again' kc wait --for=condition=Ready "node/node${at#n}" --timeout=300s
	holds 'and its pods' kc -n t wait --for=condition=Ready pod --all --timeout=300s
	at=$(at "$lb")
	kc -n t delete svc lb >/dev/null
	no_lb() { [ -z "$(on_node router ip -6 route show "$lb"; on_node "node${at#n}" ip -6 route show table local "$lb")" ]; }
	holds 'all of it goes with the service' wait_for no_lb
	udp() { in_pod a sh -c "echo hello | nc -6u -w1 $web 81" | grep -q hello; }
	holds 'UDP to service' wait_for udp
}

# The API's ways to a pod
like 'logs' ready "$(kc -n t logs a 2>&1)"
like 'exec' probe-pod "$(kc -n t exec a -- /usr/bin/probe-pod --version 2>&1)"
like 'proxy' '"name":' "$(kc get --raw /api/v1/namespaces/t/pods/a:8080/proxy/ 2>&1)"
kc -n t port-forward --address ::1 a 18080:8080 >"$T/forward" 2>&1 &
forward=$!
wait_for curl -gsf 'http://[::1]:18080/'
who 'port-forward' '^a$' curl -gsS -m 30 'http://[::1]:18080/'
kill "$forward"

# Names
resolv=$(on_node node2 cat "/etc/netns/${pod_ns[a]}/resolv.conf")
like "the pod's resolver is the cluster's" 'nameserver 2001:db8:96::a' "$resolv"
like 'with its search list' 'search t.svc.cluster.local svc.cluster.local cluster.local' "$resolv"
D='dig +short +time=10 +tries=3'
# shellcheck disable=SC2086
{
	is 'AAAA of a service' "$web" "$(in_pod a $D AAAA web.t.svc.cluster.local)"
	is 'A of a service is empty' '' "$(in_pod a $D A web.t.svc.cluster.local)"
	is 'and not synthesised' "$web" "$(in_pod a $D AAAA web.t.svc.cluster.local)"
	like 'short name by getaddrinfo' "$web" "$(in_pod a getent ahostsv6 web)"
	is 'DNS by TCP' "$web" "$(in_pod a $D +tcp AAAA web.t.svc.cluster.local)"
	is 'PTR of a service' web.t.svc.cluster.local. "$(in_pod a $D -x "$web")"
	like 'SRV' web.t.svc.cluster.local. "$(in_pod a $D SRV _http._tcp.web.t.svc.cluster.local)"
	is 'DNS64 of a name with IPv4 alone' 2001:db8:64::cb00:710a "$(in_pod a $D AAAA v4only.example)"
	is 'DNS64 leaves a dual name alone' 2001:db8:f00::10 "$(in_pod a $D AAAA dual.example)"
	is 'ipv4only.arpa (RFC 7050)' '2001:db8:64::c000:aa 2001:db8:64::c000:ab' \
		"$(in_pod a $D AAAA ipv4only.arpa | sort | paste -sd ' ')"
	is "the cluster's upstream synthesises nothing" '' "$(in_pod a $D AAAA v4only.example @2001:db8:53::64)"
}

# The world
# shellcheck disable=SC2086
{
	who 'an IPv4 server by name' '^inet4$' in_pod a $C http://v4only.example/
	client 'which sees the translator' 203.0.113.1 in_pod a $C http://v4only.example/
	client 'from a node as well' 203.0.113.1 on_node node2 $C http://v4only.example/
	client "an IPv6 server by name sees the pod itself" "${pod_ip[a]}" in_pod a $C http://v6only.example/
	who "the suite's default names" '^inet4$' in_pod a $C http://ipv4.google.com/
	who 'all three' '^inet6$' in_pod a $C http://www.google.com/
	matches 'an IPv4 address fails at once' 'unreachable|Couldn|Failed' "$(in_pod a $C http://203.0.113.10/ 2>&1)"
}

# Who is who
jq_is 'status names the provider' gcp .provider <("$S" status shoot --json)
is "a node's document is of the version that runs" \
	"    version: \"$("$S" status shoot --json | jq -r .kubernetes.version)\"" \
	"$(on_node node1 tail -n 1 /etc/shoot6/shoot.yaml)"
is 'kubeconfig is for its owner alone' '600 0' "$(stat -c '%a %u' "$KUBECONFIG")"
server=$("$S" status shoot --json | jq -r .kubernetes.server)
like "the owner's connection is taken" gitVersion "$(curl -ksm 30 "$server/version" \
	--cert <(jq -r '.users[0].user."client-certificate-data"' "$KUBECONFIG" | base64 -d) \
	--key <(jq -r '.users[0].user."client-key-data"' "$KUBECONFIG" | base64 -d))"
fails "another user's is not" setpriv --reuid 65534 --clear-groups curl -ksm 5 "$server/version"
like 'and that is logged' 'a connection by user 65534 was refused' "$(cat "$XDG_STATE_HOME/shoot6/shoot/log/holder.log")"
matches "machine's sysctls are as they were" '^[0-9]+$' "$(cat /proc/sys/kernel/panic)"

# The suite as a user of a cluster that is foreign runs it: a kubeconfig, nothing else
run "$S" run --live --json --html "$T/live.html"
is 'run --live' 0 "$rc"
cp "$T/.out" "$T/live.json"
jq_is 'nothing fails' 0 '.summary.fail + .summary.blocked + .summary.unknown' "$T/live.json"
for check in 'ADR-4 ' 'DNS-2 short' 'DNS-3 headless' 'DNS-3 pod-ptr' 'DNS-3 ptr' 'DNS-3 srv'; do
	jq_is "$check passes at each node" 3 \
		"[.results[]|select(\"\\(.id) \\(.variant // \"\")\" == \"$check\" and .verdict == \"pass\")]|length" "$T/live.json"
done
jq_is "NAT64's IPv4 address is seen by an IPv4 site" '["203.0.113.1"]' \
	'[.results[]|select(.id == "N64-3").facts.seen_source]|unique|tostring' "$T/live.json"
matches 'enough passes' '^[0-9]{3}$' "$(jq .summary.pass "$T/live.json")"
passes='[.results[]|select(.verdict=="pass").vantage]|unique'
jq_is 'from a pod on every node' 'node1 node2 node3' \
	"$passes|[.[]|select(startswith(\"pod:\"))|.[4:]|split(\"/\")[0]]|join(\" \")" "$T/live.json"
jq_is 'and every node is judged by what the API says of it' \
	'host:node1 host:node2 host:node3' \
	"$passes|[.[]|select(startswith(\"host:\"))]|join(\" \")" "$T/live.json"
holds 'a page of it' grep -q '</html>' "$T/live.html"
spaces() { kc get ns -l app.kubernetes.io/managed-by=shoot6 -o name; }
is 'nothing is left of it in the cluster' '' "$(spaces)"
run "$S" run --live --image nowhere.invalid/x:1
is 'an image that cannot be had' 3 "$rc"
matches 'is named, with the node' "image 'nowhere.invalid/x:1' on node 'node[1-3]': (ErrImagePull|ImagePullBackOff)" "$err"
is 'nothing is left of that' '' "$(spaces)"
"$S" run --live >/dev/null 2>"$T/interrupted" &
live=$!
wait_for grep -q 'probing from' "$T/interrupted"
kill "$live"
wait "$live"
is 'ended early' 143 $?
is 'nothing is left of that either' '' "$(spaces)"
run "$S" run --live --kubeconfig "$T/none"
is 'no such kubeconfig' 2 "$rc"

inode=$(stat -c %i "$XDG_STATE_HOME/shoot6/shoot")
run "$S" down shoot
is 'down' 0 "$rc"
is 'no state is left' '' "$(ls "$XDG_STATE_HOME/shoot6" 2>/dev/null)"
is 'no cgroup is left' '' "$(find /sys/fs/cgroup -type d -path "*/shoot6/shoot-$inode*")"
done_testing
