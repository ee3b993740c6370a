#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A cluster on a link whose router has no route to pods: it asks for each (NDP), and
# `netsetup watch` answers for the node's.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
. "$TOP/tests/kube.sh"
need_kube

run "$S" up shoot --provider aws
is 'a provider that cannot be played' 2 "$rc"
like 'with those that can' "'gcp' or 'local'" "$err"
kube_up --provider local
run "$S" run shoot --provider gcp --control-plane static-pods
is 'another cloud than the one that is up' 2 "$rc"
like 'which is up' "option '--provider': lab 'shoot' is up, with 'local'" "$err"
run "$S" run shoot --control-plane static-pods
like 'and another form' "option '--control-plane': lab 'shoot' is up, with 'processes'" "$err"

route=$(on_node router ip -6 route show 2001:db8:10:0:2::/112)
matches 'the router has the pods of a node on the link' '^2001:db8:10:0:2::/112 dev n2 ' "$route"
unlike 'by no gateway' via "$route"
is "podCIDRs are the nodes'" '2001:db8:10:0:1::/112 2001:db8:10:0:2::/112 2001:db8:10:0:3::/112' \
	"$(kc get nodes -o 'jsonpath={.items[*].spec.podCIDR}')"
# As kube-cluster.t: from pods and nodes of every node, to each other and outside.
run "$S" run shoot --json
is 'the suite passes' 0 "$rc"
jq_is 'nothing fails' 0 '.summary.fail + .summary.blocked + .summary.unknown' "$T/.out" ||
	diag "$(jq -c '.results[]|select(.verdict|IN("fail", "blocked", "unknown"))' "$T/.out")"
jq_is 'the report names the cloud' local .provider "$T/.out"
neighbours=$(on_node router ip -6 neigh show dev n2)
matches 'pods were asked for on the link' '2001:db8:10:0:2::[0-9a-f]+ lladdr' "$neighbours"
like 'and node2 has answered' "lladdr $(on_node node2 cat /sys/class/net/eth0/address)" "$neighbours"

# It is the watch that answers.
pod=$(kc -n kube-system get pods -l k8s-app=kube-dns -o json |
	jq -r '[.items[]|select(.spec.nodeName != "node1")][0]|.status.podIP + " " + .spec.nodeName')
read -r ip node <<<"$pod"
reach() { on_node router ping -c 1 -W 2 "$ip"; }
holds 'a pod is in reach' wait_for reach
# shellcheck disable=SC2016 # for the node's shell
on_node "$node" sh -c 'kill -STOP $(ps -C netsetup-watch -o pid=)'
on_node router ip -6 neigh flush dev "n${node#node}"
fails 'without it the pod is out of reach' reach
# shellcheck disable=SC2016 # for the node's shell
on_node "$node" sh -c 'kill -CONT $(ps -C netsetup-watch -o pid=)'
holds 'with it it is there again' wait_for reach
done_testing
