#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A cluster that is killed while it comes up leaves nothing; what is missing is said first.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
. "$TOP/tests/kube.sh"
need_kube

KILLS=${KILLS:-5}
mounts=$(wc -l </proc/self/mounts)

# Below us all processes are in this PID namespace, so none can hide.
others() {
	local pid

	for pid in /proc/[0-9]*; do
		case $(readlink "$pid/exe") in
		*/scenario | */hyperkube | */containerd* | */etcd | */runc | */coredns | */pause)
			return 0
			;;
		esac
	done
	return 1
}
none() { ! others; }
cgroups() { find /sys/fs/cgroup -type d -path '*/shoot6/kill*'; }

# Bad input and missing things, before anything is made
if [ "$(</proc/sys/fs/inotify/max_user_instances)" -lt 290 ]; then
	run "$S" up shoot --nodes 32
	is 'too few inotify instances' 2 "$rc"
	matches 'with the value that is needed' \
		"'fs.inotify.max_user_instances' is [0-9]+, [0-9]+ are in use, [0-9]+ are needed" "$err"
else
	skip 'too few inotify instances' 'this machine has enough for all nodes there can be'
fi
run "$S" up shoot --nodes 90
is 'more nodes than a cloud has' 2 "$rc"
run env KUBE_BIN="$T" "$S" up shoot
is 'KUBE_BIN without programs' 2 "$rc"
like 'says which' "KUBE_BIN '$T': no kube-apiserver" "$err"
run "$S" up --engine kubernetes --provider nowhere
is 'a provider that is not played' 2 "$rc"
run setpriv --bounding-set -sys_admin --inh-caps -all "$S" up shoot
is 'no right to make cgroups' 77 "$rc"
is 'nothing is left of any' '' "$(ls "$XDG_STATE_HOME/shoot6" 2>/dev/null)"

left=
for ((i = 0; i < KILLS; i++)); do
	if timeout --foreground -s KILL "$((RANDOM % 5)).$((RANDOM % 900 + 100))" \
		"$S" up shoot --name kill 2>/dev/null; then
		"$S" down kill
	fi
	wait_for -t 10 none || left=$i
done
is 'killed up: no process is left' '' "$left"
run "$S" down kill
is 'no state is left' '' "$(ls "$XDG_STATE_HOME/shoot6" 2>/dev/null)"
is 'no cgroup is left' '' "$(cgroups)"
is 'no mount is left' "$mounts" "$(wc -l </proc/self/mounts)"
is 'no named namespace is left' '' "$(ls /run/netns)"
is 'no link is left' lo "$(ip -br link | cut -d' ' -f1)"

# Two side by side, then the holder of one is killed
run "$S" up shoot --name kill1 --nodes 1
is 'one node' 0 "$rc"
run "$S" up shoot --name kill2 --nodes 1
is 'and a second cluster of the same addresses' 0 "$rc"
for name in kill1 kill2; do
	is "$name answers" node1 "$("$("$S" status $name --json | jq -r .kubernetes.programs)/kubectl" \
		--kubeconfig "$("$S" kubeconfig $name)" get nodes -o 'jsonpath={.items[*].metadata.name}')"
done
kill -KILL "$("$S" status kill1 --json | jq .pid)"
run "$S" down kill2
is 'down of the one' 0 "$rc"
run "$S" down kill1
wait_for -t 10 none
is 'no state is left of both' '' "$(ls "$XDG_STATE_HOME/shoot6" 2>/dev/null)"
is 'no cgroup is left of both' '' "$(cgroups)"
fails 'no process is left of both' others
done_testing
