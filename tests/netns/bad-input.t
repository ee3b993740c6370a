#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What bad input gets: exit status 2, one clear line for each problem, nothing changed.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"

export XDG_STATE_HOME=$T/lab
mkdir -p "$T/in" "$T/root"
cd "$T/in" || exit 1
ip link add eth0 type veth peer name eth1
ip link set eth0 up
ip link set eth1 up
ip -6 address add 2001:db8:ffff::2/64 dev eth0 nodad
ip -6 route add default via 2001:db8:ffff::1 dev eth0
echo 'services: 2001:db8:96::/112' >good.yaml

# everything - all that netsetup could have changed
everything() {
	routes | sed 's/ expires [0-9]*sec//'
	ip -6 -o address | sed 's/ tentative//'
	ip -6 rule
	find "$T/root" "$T/in"
	sysctl -a 2>/dev/null | grep -E '^net\.ipv6\.conf.*(forwarding|accept_ra) '
}
settled() { ! ip -6 address show tentative | grep -q inet6; }
wait_for settled
before=$(everything)

# refused NAME LINES COMMAND... - it exits with 2, says so many lines, changes nothing
refused() {
	local name=$1 lines=$2

	shift 2
	run "$@"
	is "$name: exit status" 2 "$rc"
	is "$name: a line for each problem" "$lines" "$(grep -c . <<<"$err")"
	is "$name: each from the program" "$lines" \
		"$(grep -cE '^(netsetup|scenario|probe-[a-z]+): ' <<<"$err")"
	is "$name: no result" '' "$out"
	is "$name: nothing changed" "$before" "$(everything)"
}

N=("$BIN/netsetup" apply --state "$T/state" --root "$T/root"
	--hints "$T/root/hints.json")

refused 'unknown provider' 1 "${N[@]}" --provider gpc --shoot good.yaml
like 'unknown provider: a suggestion' "'gpc', did you mean 'gcp'?" "$err"

refused 'unreachable metadata' 2 "${N[@]}" --provider gcp --shoot good.yaml \
	--deadline 5s
like 'unreachable metadata: the first address' "'http://[fd20:ce::254]/" "$err"
like 'unreachable metadata: the second' "'http://169.254.169.254/" "$err"
is 'unreachable metadata: an error for each' 2 \
	"$(grep -ciE ': [^:]*(unreachable|no route|no connection|refused)' <<<"$err")"
[ "$test_failed" = 0 ] || diag "$err"

# shoot NAME WANTED... - a shoot on standard input is refused, with these texts
shoot() {
	local name=$1 part

	shift
	cat >"$T/root/shoot.yaml"
	before=$(everything)
	refused "$name" $# "${N[@]}" --provider local --shoot "$T/root/shoot.yaml"
	for part; do
		like "$name: said" "$part" "$err"
	done
}

shoot 'malformed YAML' "shoot.yaml:2:2: did not find expected ',' or ']'" <<'Y'
services: [a
b: c
Y
shoot 'malformed JSON' "shoot.yaml:2:1: expected a key in double quotes, not '}'" <<'Y'
{"services": "2001:db8:96::/112",
}
Y
shoot 'overlap' "shoot.yaml:3:11: services '2001:db8:1:0:96::/112': overlaps pods" <<'Y'
pods: 2001:db8:1::/64
nodes: 2001:db8:2::/64
services: 2001:db8:1:0:96::/112
Y
shoot 'pods inside of nodes' "overlaps pods '2001:db8:1::/64' of line 1" <<'Y'
pods: 2001:db8:1::/64
nodes: 2001:db8::/32
services: fd00:96::/112
Y
shoot 'IPv4' "1:7: pods '10.0.0.0/8': IPv4" "2:8: nodes '192.168.0.0/16': IPv4" \
	"3:11: services '100.64.0.0/16': IPv4" <<'Y'
pods: 10.0.0.0/8
nodes: 192.168.0.0/16
services: 100.64.0.0/16
Y
shoot 'too wide' "1:11: services '2001:db8:96::/107': too wide for Kubernetes before 1.34" <<'Y'
services: 2001:db8:96::/107
Y
shoot 'too wide for 1.33' 'too wide for Kubernetes before 1.34' <<'Y'
spec: {kubernetes: {version: 1.33.5}, networking: {services: "2001:db8:96::/64"}}
Y
rm "$T/root/shoot.yaml"
before=$(everything)

# What is no bad input, though it looks like it.
cat >"$T/wide.yaml" <<'Y'
spec: {kubernetes: {version: 1.34.0}, networking: {services: "2001:db8:96::/64"}}
Y
run "$BIN/netsetup" check --state "$T/state" --provider local --shoot "$T/wide.yaml"
is 'wide with 1.34: accepted' 0 "$rc"
like 'wide with 1.34: a warning' 'warning: ' "$err"
echo 'services: 2001:db8:96::/108' >"$T/108.yaml"
run "$BIN/netsetup" check --state "$T/state" --provider local --shoot "$T/108.yaml"
is '/108: accepted' '0 ' "$rc $err"

# The document itself.
printf '{"version": 1,\n "routes": [}' >"$T/bad.json"
refused 'document: malformed JSON' 1 "${N[@]}" "$T/bad.json"
like 'document: malformed JSON: where' "bad.json:2:13: expected a value, not '}'" "$err"
printf 'version: 1\nroutes: [{dst: default, vai: "fe80::1"}]\n' >"$T/bad.yaml"
refused 'document: unknown key' 1 "${N[@]}" "$T/bad.yaml"
like 'document: unknown key: where, and a suggestion' \
	"bad.yaml:2:30: route: unknown key 'vai', did you mean 'via'?" "$err"
refused 'document: not there' 1 "${N[@]}" "$T/none.yaml"
cat >"$T/unit.yaml" <<Y
version: 1
addresses: [{address: "2001:db8::1/64", dev: eth0}]
files: [{path: /etc/thing.conf, content: "a"}]
units:
- {name: one, restart: [no-such-manager, restart, one], inputs: [/etc/thing.conf]}
- {name: two, restart: [/no/such/program], inputs: [addresses]}
Y
refused 'missing tools of units' 2 "${N[@]}" "$T/unit.yaml"
like 'missing tool: named' "unit 'one': missing program 'no-such-manager'" "$err"
like 'the other, too' "unit 'two': missing program '/no/such/program'" "$err"

# A lab whose services are not installed: bind something over them that does not run.
missing=
for tool in tayga unbound; do
	path=$(command -v "$tool") && mount --bind /dev/null "$path" && missing+=" $tool"
done
if [ "$missing" = ' tayga unbound' ]; then
	refused 'missing services' 2 "$BIN/scenario" up demo
	like 'missing service: named' "missing program 'tayga', case 'demo' starts it" "$err"
	like 'and the other' "missing program 'unbound'" "$err"
	is 'missing services: no state is left' no "$([ -e "$T/lab" ] && echo yes || echo no)"
else
	skip 'missing services' 'tayga and unbound are really missing'
fi
refused 'unknown fault' 1 "$BIN/scenario" run demo --fault nat64-no-rout
like 'unknown fault: a suggestion' "did you mean 'nat64-no-route'?" "$err"
refused 'unknown engine' 1 "$BIN/scenario" up --engine docker
like 'unknown engine: which there are' "no engine 'docker': 'netns' or 'kubernetes'" "$err"
refused 'unknown case' 1 "$BIN/scenario" up dmeo
like 'unknown case: a suggestion' "did you mean 'demo'?" "$err"
refused 'options that a case does not leave open' 3 "$BIN/scenario" up pair \
	--provider oci --nodes 2 --control-plane static-pods
like 'each is named' "option '--provider': case 'pair' plays no cloud, not 'oci'" "$err"
like 'and the next' "option '--nodes': case 'pair' does not leave it open" "$err"
like 'and the last' "option '--control-plane': case 'pair' has none" "$err"
refused 'another cloud than the one it plays' 1 "$BIN/scenario" run demo --provider oci
like 'which one it plays' "case 'demo' plays 'gcp', not 'oci'" "$err"
refused 'too few nodes' 1 "$BIN/scenario" up demo --nodes 1
like 'how many it takes' "case 'demo' takes 2 to 32" "$err"
refused 'no patience at all' 1 "$BIN/scenario" up demo --patience 0
like 'how much there may be' 'not between 1 and 100' "$err"
for domain in '' cluster.local. .local 'a b'; do
	refused "the cluster domain '$domain'" 1 "$BIN/scenario" run --live \
		--kubeconfig "$T/none" --cluster-domain "$domain"
	like 'what it has to be' "cluster domain '$domain': must have" "$err"
done
# The machine's own targets
machine_targets '{}'
cat >"$T/nowhere" <<'Y'
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://[::1]:1"}}]
users: [{name: u, user: {token: t}}]
Y
run "$BIN/scenario" run --live --kubeconfig "$T/nowhere"
is 'targets of the machine without egress' 2 "$rc"
like 'are said what they are' "targets '/etc/shoot6/egress.json': no object 'egress'" "$err"
like 'and named, since nobody else has' \
	"egress targets: '/etc/shoot6/egress.json', since --targets names no other" "$err"
echo '{"egress": {}}' >"$T/targets.json"
run "$BIN/scenario" run --live --kubeconfig "$T/nowhere" --targets "$T/targets.json"
unlike "and not where the user's are taken" egress.json "$err"
for name in '' a/b .. -x 12345678901234567890123456789012345678901; do
	refused "the name '$name'" 1 "$BIN/scenario" run demo --name "$name"
	like 'what it has to be' "name '$name': letters, digits" "$err"
done

# Where a lab's state cannot lie.
in_state() { # VALUES...: of the environment
	refused "state: $*" 1 env "$@" "$BIN/scenario" up pair
}
in_state -u XDG_STATE_HOME -u HOME
like 'what there is to set' 'neither XDG_STATE_HOME nor HOME is an absolute path' "$err"
in_state XDG_STATE_HOME=relative HOME=too
in_state XDG_STATE_HOME=/dev/null
like 'that it is no folder' 'Not a directory' "$err"
mkdir "$T/full"
mount -t tmpfs -o size=64k tmpfs "$T/full"
in_state XDG_STATE_HOME="$T/full"
like 'that the disk is full' 'No space left on device' "$err"
is 'and nothing is left there' '' "$(ls "$T/full")"

# What is passed over would have a run pass for another one.
refused 'a fault for a cluster of others' 1 "$BIN/scenario" run --live \
	--kubeconfig "$T/none" --fault nat64-no-route
like 'that it is none of --live' "option '--fault': not with '--live'" "$err"
refused 'options of a lab for a cluster of others' 4 "$BIN/scenario" run --live \
	--kubeconfig "$T/none" --name x --engine netns --provider gcp --control-plane processes
refused 'options of a cluster for a lab' 3 "$BIN/scenario" run demo \
	--kubeconfig "$T/none" --targets "$T/none" --profile dual-stack
like 'that they are none of it' "option '--targets': not with engine 'netns'" "$err"
refused 'a fault of the other engine' 1 "$BIN/scenario" run demo --fault kube-proxy-stopped
like 'which one it is made on' \
	"'kube-proxy-stopped' is made on engine 'kubernetes', not on 'netns'" "$err"
refused 'probe without targets' 1 "$BIN/probe-pod" --vantage pod:n/p \
	--targets "$T/none.json"
done_testing
