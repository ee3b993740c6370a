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
	wait_for none || left=$i
done
is 'killed up: no process is left' '' "$left"
run "$S" down kill
is 'no state is left' '' "$(ls "$XDG_STATE_HOME/shoot6" 2>/dev/null)"
is 'no cgroup is left' '' "$(cgroups)"
is 'no mount is left' "$mounts" "$(wc -l </proc/self/mounts)"
is 'no named namespace is left' '' "$(ls /run/netns)"
is 'no link is left' lo "$(ip -br link | cut -d' ' -f1)"

# Two at the same time, of programs that are not the same: each makes an image store, and
# removes the other's. In a source tree of its own, whose cache is empty.
programs=${KUBE_BIN:-$BIN/../kube/bin}
[ -e "$programs/kubelet" ] || programs=$(dirname "$(command -v kubelet || echo /nowhere/kubelet)")
if [ ! -e "$programs/kubelet" ]; then # not unpacked yet
	"$S" up shoot --name kill --nodes 1 && programs=$("$S" status kill --json | jq -r .kubernetes.programs)
	"$S" down kill
fi
mkdir -p "$T/tree/obj"
cp -a "$BIN" "$T/tree/bin"
cp -a "$BIN/../libexec" "$T/tree/"
S=$T/tree/bin/scenario
cp -al "$programs" "$T/kube1"
cp -al "$programs" "$T/kube2"
cp --remove-destination "$(realpath "$programs/coredns")" "$T/kube2/coredns"
KUBE_BIN=$T/kube1 "$S" up shoot --name kill1 --nodes 1 2>"$T/kill1" &
first=$!
making() { compgen -G "$T/tree/kube/stores/*.new" >/dev/null; }
wait_for making # it has the lock: the other's store is the last
KUBE_BIN=$T/kube2 "$S" up shoot --name kill2 --nodes 1 2>"$T/kill2" &
second=$!
wait "$first" && ok 'one node' || not_ok 'one node' "$(<"$T/kill1")"
wait "$second" && ok 'and at once a second cluster of the same addresses' ||
	not_ok 'and at once a second cluster of the same addresses' "$(<"$T/kill2")"
is 'one image store is left' 1 "$(find "$T/tree/kube/stores" -mindepth 1 -maxdepth 1 -type d | wc -l)"
for name in kill1 kill2; do
	is "$name answers" node1 "$("$("$S" status $name --json | jq -r .kubernetes.programs)/kubectl" \
		--kubeconfig "$("$S" kubeconfig $name)" get nodes -o 'jsonpath={.items[*].metadata.name}')"
done
kill -KILL "$("$S" status kill1 --json | jq .pid)"
run "$S" down kill2
is 'down of the one' 0 "$rc"
run "$S" down kill1
wait_for none
is 'no state is left of both' '' "$(ls "$XDG_STATE_HOME/shoot6" 2>/dev/null)"
is 'no cgroup is left of both' '' "$(cgroups)"
fails 'no process is left of both' others

# While nodes are linked to a store nobody else may remove it: `up` is stopped where it
# reads a file of it, which somebody has a lease of.
cat >"$T/lease" <<'P'
import fcntl, glob, os, signal, subprocess, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGIO])
stores, command = sys.argv[1], sys.argv[2:]
(path,) = glob.glob(stores + "/*/io.containerd.metadata.v1.bolt/meta.db")
db = os.open(path, os.O_RDWR)
fcntl.fcntl(db, fcntl.F_SETLEASE, fcntl.F_WRLCK)
up = subprocess.Popen(command, stderr=subprocess.DEVNULL)
read = signal.sigtimedwait([signal.SIGIO], 240)
lock = os.open(stores + "/.lock", os.O_RDWR)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print("free" if read else "it was not read")
except BlockingIOError:
    print("held" if read else "it was not read")
up.kill()
up.wait()
P
is 'the store is locked while nodes are linked to it' held \
	"$(KUBE_BIN=$T/kube2 python3 "$T/lease" "$T/tree/kube/stores" "$S" up shoot --name kill3 --nodes 1 2>&1)"
"$S" down kill3
done_testing
