# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What tests of the kubernetes engine share; read after lib.sh and netns_test.
#
#	need_kube			# skips without the programs or real root
#	kube_up [OPTION]...		# `scenario up shoot`; sets KUBECONFIG
#	kc ARG...			# kubectl
#	pod_enter NAME NAMESPACE	# finds a pod's network; then
#	in_pod NAME COMMAND...		# the machine's programs in it, the pod's resolv.conf
#	on_node NODE COMMAND...

export XDG_STATE_HOME=$T/state
S=$BIN/scenario
declare -A pod_node pod_ip pod_ns

need_kube() {
	grep -q ' 4294967295$' /proc/self/uid_map ||
		skip_all "nodes have cgroups of their own: that needs root"
	need jq containerd runc etcd tayga unbound nsd
	# The sysfs of this namespace hides the machine's cgroups, in which a lab's are.
	umount /sys
	[ -n "${KUBE_BIN:-}" ] || [ -e "$TOP/build/kube/bin/kubelet" ] ||
		command -v kubelet >/dev/null ||
		[ -d "$TOP/../shared/kube" ] || [ -d "$TOP/../../shared/kube" ] ||
		skip_all "no Kubernetes programs: set KUBE_BIN, or make kube-bin"
}

kube_up() {
	at_exit "$S" down shoot
	run "$S" up shoot "$@"
	if [ "$rc" != 0 ]; then
		not_ok "up shoot $*" "$err"
		done_testing
	fi
	ok "up shoot $*"
	KUBECONFIG=$("$S" kubeconfig shoot)
	export KUBECONFIG
	KUBECTL=$("$S" status shoot --json | jq -r .kubernetes.programs)/kubectl
}

kc() {
	"$KUBECTL" "$@"
}

pod_enter() {
	local node ip ns

	node=$(kc -n "$2" get pod "$1" -o 'jsonpath={.spec.nodeName}')
	ip=$(kc -n "$2" get pod "$1" -o 'jsonpath={.status.podIP}')
	# shellcheck disable=SC2016 # for the node's shell
	ns=$("$S" exec shoot "$node" -- sh -c '
		for n in /run/netns/*; do
			n=${n##*/}
			ip -n "$n" -6 -o addr show scope global | grep -qF " $1/" || continue
			mkdir -p "/etc/netns/$n"
			for p in /proc/[0-9]*; do
				[ "$(readlink "$p/ns/net")" = "$(ip netns exec "$n" readlink /proc/self/ns/net)" ] ||
					continue
				[ -s "$p/root/etc/resolv.conf" ] &&
					cp "$p/root/etc/resolv.conf" "/etc/netns/$n"
			done
			echo "$n"
		done' - "$ip" 2>/dev/null)
	pod_node[$1]=$node pod_ip[$1]=$ip pod_ns[$1]=$ns
	[ -n "$ns" ] || not_ok "network namespace of pod '$1'" "node '$node', address '$ip'"
}

in_pod() {
	local pod=$1

	shift
	on_node "${pod_node[$pod]}" ip netns exec "${pod_ns[$pod]}" "$@"
}

# on_node NODE COMMAND... - any member of the lab, in fact
on_node() {
	local node=$1

	shift
	"$S" exec shoot "$node" -- "$@"
}
