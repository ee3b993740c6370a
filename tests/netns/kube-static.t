#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A control plane of static pods comes back by itself, with nothing else reachable.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
. "$TOP/tests/kube.sh"
need_kube
need nc

image=ghcr.io/shoot6/shoot6:$(<"$TOP/VERSION")
run "$S" up shoot --control-plane nowhere
is 'a form that does not exist' 2 "$rc"
like 'says which do' "'processes' or 'static-pods'" "$err"
# The state of labs lies on another file system than the images: they cannot be linked.
mkdir -p "$XDG_STATE_HOME"
mount -t tmpfs -o mode=0700 tmpfs "$XDG_STATE_HOME"
kube_up --control-plane static-pods

pod() {
	cat <<-Y
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: $1, namespace: default}
		spec:
		  nodeName: $2
		  terminationGracePeriodSeconds: 1
		  containers:
		  - {name: c, image: "$image", imagePullPolicy: Never,
		     args: [/usr/bin/probe-responder, --name, $1, --tcp, "7777"]}
	Y
}
{
	pod a node2
	pod c node3
	pod h node1
	echo '  hostNetwork: true'
	echo '  tolerations: [{operator: Exists}]'
} >"$T/pods.yaml"
wait_for kc get sa default
wait_for kc apply -f "$T/pods.yaml"
holds 'pods are ready' kc wait --for=condition=Ready pod a c h --timeout=300s
for p in a c; do pod_enter $p default; done
is 'the control plane runs as pods alone' '' \
	"$(find "$XDG_STATE_HOME/shoot6/shoot/log" -name 'node1-etcd*' -o -name 'node1-kube-[acs]*')"

# A connection that is to last, from pod a to pod c and back
mkfifo "$T/in"
in_pod a nc -6 "${pod_ip[c]}" 7777 <"$T/in" >"$T/echo" 2>/dev/null &
exec 9>"$T/in"
echo before >&9
holds 'a connection between pods is open' wait_for grep -q before "$T/echo"

is "a host-network pod of node 1 has its address" 2001:db8:10:0:1::1 \
	"$(kc get pod h -o 'jsonpath={.status.podIP}')"
uids=$(kc get pods a c -o 'jsonpath={.items[*].metadata.uid} {.items[*].status.podIP}')
# shellcheck disable=SC2016 # for the node's shell
mapfile -t kubelet < <(on_node node1 sh -c 'tr "\0" "\n" </proc/$(pidof kubelet)/cmdline')
is 'the kubelet is found' /opt/shoot6/kube/kubelet "${kubelet[0]}"

far="2001:db8:10:0:2::1 2001:db8:53::53 fd20:ce::254"
for to in $far; do
	holds "node 1 reaches $to" on_node node1 ping -c1 -W30 "$to"
done
on_node router nft -f - <<-'N'
	table inet cut {
		chain forward {
			type filter hook forward priority filter
			iifname "n1" drop
			oifname "n1" drop
		}
		chain input {
			type filter hook input priority filter
			iifname "n1" drop
		}
	}
N
on_node node1 sh -c 'kill -KILL -1' 2>/dev/null
left() { on_node node1 sh -c 'ls -d /proc/[0-9]* | wc -l'; }
gone() { [ "$(left)" -le 4 ]; }
holds 'every process of node 1 has ended but its first' wait_for gone
fails 'and with them the API' kc --request-timeout=2s get --raw /readyz
for to in $far; do
	fails "now it does not reach $to" on_node node1 ping -c 1 -W 1 "$to"
done
echo during >&9
holds 'meanwhile the connection of the others goes on' wait_for grep -q during "$T/echo"

on_node node1 containerd >"$T/containerd.log" 2>&1 &
wait_for on_node node1 ctr version
on_node node1 "${kubelet[@]}" >"$T/kubelet.log" 2>&1 &
holds 'the API is back, nothing else being reachable' wait_for kc get --raw /readyz
on_node router nft delete table inet cut
holds 'all nodes are Ready' kc wait --for=condition=Ready node --all --timeout=300s
for port in 10257 10259; do
	holds "the one of port $port is healthy" \
		wait_for on_node node1 curl -gksf "https://[::1]:$port/healthz"
done
is 'pods of other nodes are the same, with their addresses' "$uids" \
	"$(kc get pods a c -o 'jsonpath={.items[*].metadata.uid} {.items[*].status.podIP}')"
for p in a c; do
	is "which pod $p has in fact" "${pod_ip[$p]}" \
		"$(in_pod $p ip -j -6 addr show scope global | jq -r '.[].addr_info[].local//empty')"
done
is 'never restarted' '0 0' "$(kc get pods a c -o 'jsonpath={.items[*].status.containerStatuses[0].restartCount}')"
echo after >&9
holds 'their connection has lasted' wait_for grep -q after "$T/echo"
exec 9>&-
again() { [ "$(kc get pod h -o 'jsonpath={.status.containerStatuses[0].restartCount}')" -gt 0 ]; }
holds "node 1's host-network pod was started again" wait_for again
is 'and has its address' 2001:db8:10:0:1::1 "$(kc get pod h -o 'jsonpath={.status.podIP}')"
holds 'where it answers' wait_for in_pod a sh -c 'echo hello | nc -6 -w2 2001:db8:10:0:1::1 7777 | grep hello'
kc create deployment again --image="$image" -- /usr/bin/probe-responder --tcp 7777 >/dev/null
holds 'a deployment made now comes up' kc rollout status deployment/again --timeout=300s
done_testing
