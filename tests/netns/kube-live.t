#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The suite in a cluster that is foreign: as a Job, by any identity, and its own.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
. "$TOP/tests/kube.sh"
need_kube
need openssl

kube_up --nodes 3
admin=$KUBECONFIG
server=$("$S" status shoot --json | jq -r .kubernetes.server)
jq -r '.clusters[0].cluster."certificate-authority-data"' "$admin" | base64 -d >"$T/ca.crt"

# The Job, as ci/kubernetes has it. All pods of the namespace are written down.
# job_result FILE - the report at the end of the Job's log, once all of it is there
job_log() {
	kc -n shoot6 logs job/conformance >"$T/job.log" 2>"$T/job.err" &&
		sed -n '/^{/,$p' "$T/job.log" >"$1" && jq -e .summary "$1"
}
job_result() {
	wait_for job_log "$1" && ok 'with a whole report' ||
		not_ok 'with a whole report' "kubectl: $(<"$T/job.err")" \
			"$(wc -c <"$T/job.log") bytes, the last of them:" "$(tail -n 20 "$T/job.log")"
}
job_over() {
	kc -n shoot6 get job conformance -o 'jsonpath={.status.conditions[*].type}' |
		grep -q 'Complete\|Failed'
}
run kc apply -k "$TOP/ci/kubernetes"
is 'ci/kubernetes is taken by the API server' 0 "$rc"
[ "$rc" = 0 ] || diag "$err"
unlike 'without a warning' Warning "$err"
kc -n shoot6 get pods -w -o json >"$T/pods.json" 2>&1 &
watcher=$!
holds 'its Job ends' wait_for -t 300 job_over
job_result "$T/job.json"
is 'well' 1 "$(kc -n shoot6 get job conformance -o 'jsonpath={.status.succeeded}')"
jq_is 'nothing fails' 0 '.summary.fail + .summary.blocked + .summary.unknown' "$T/job.json"
jq_is 'at least 30 pass' true '.summary.pass >= 30' "$T/job.json"
jq_is 'from a pod on each node' 'node1 node2 node3' \
	'[.results[]|select(.verdict == "pass").vantage|select(startswith("pod:"))[4:]|
	split("/")[0]]|unique|join(" ")' "$T/job.json"
jq_is 'what needs the nodes is skipped, with the reason' 'needs the node'\''s own network: --privileged-namespace' \
	'[.results[]|select(.verdict == "skip" and .id == "RTE-2" and (.vantage|startswith("host:"))).detail]|unique[]' "$T/job.json"
jq_is 'the API is reached by address, by name and with a right' 'endpoint name read vip' \
	'[.results[]|select(.id == "API-1" and .verdict == "pass").variant]|unique|join(" ")' "$T/job.json"
for way in logs exec port-forward proxy; do
	jq_is "the API's way into a pod of each node: $way" 'host:node1 host:node2 host:node3' \
		"[.results[]|select(.id == \"API-3\" and .variant == \"$way\" and .verdict == \"pass\").vantage]|join(\" \")" "$T/job.json"
done
jq_is "the cluster's domain is what its pods are told" cluster.local \
	'[.results[]|select(.id == "API-3" and .variant == "logs").facts.cluster_domain]|unique[]' "$T/job.json"
jq_is 'and to the service' pass '.results[]|select(.id == "API-3" and .variant == "service").verdict' "$T/job.json"
left() { kc -n shoot6 get pods,configmaps,services -l app=probe -o name; }
is 'it leaves nothing of its own' '' "$(left)"
kill "$watcher"

# What the pods were allowed.
jq -s '[.[]|{(.metadata.name): .}]|add' "$T/pods.json" >"$T/all.json"
is 'all kinds of pods were seen' 'conformance probe responder' \
	"$(jq -r '.[].metadata.labels.app' "$T/all.json" | sort -u | paste -sd ' ')"
each_pod() {
	is "each pod: $1" true "$(jq "[.[]|$2]|length > 0 and all" "$T/all.json")"
}
each_pod 'not root' '.spec.securityContext|.runAsNonRoot and .runAsUser > 0'
each_pod 'seccomp' '.spec.securityContext.seccompProfile.type == "RuntimeDefault"'
each_pod 'root is read-only' '.spec.containers[]|.securityContext.readOnlyRootFilesystem'
each_pod 'no capability' '.spec.containers[]|.securityContext.capabilities == {"drop": ["ALL"]}'
each_pod 'no way to more' '.spec.containers[]|.securityContext.allowPrivilegeEscalation == false'
each_pod 'no network of the node' '.spec.hostNetwork != true'
each_pod 'an account of its own' '.spec.serviceAccountName|IN("conformance", "probe", "responder")'
each_pod 'never pulls what is there' '.spec.containers[]|.imagePullPolicy == "IfNotPresent"'
each_pod 'tolerates every taint' '[.spec.tolerations[]|select(.operator == "Exists" and (has("key")|not))]|length == 1'
run kc -n shoot6 run rude --image x
like 'the namespace enforces the restricted level' 'violates PodSecurity "restricted' "$err"

# Own identity. Rights: the lists of docs/design/kubernetes.md, word for word.
words() { sed 's/  */ /g; s/^ //; s/ $//' | sort -u; }
# rights ACCOUNT TITLE - it may what is listed below "# TITLE", and no more
rights() {
	run kc auth can-i --list --as="system:serviceaccount:shoot6:$1" -n shoot6 --no-headers
	is "$1 may what is documented and no more" \
		"$(sed -n "/^    # $2\$/,/^\$/{/^    #/d; s/^    //p}" "$TOP/docs/design/kubernetes.md" | words)" \
		"$(words <<<"$out")"
}
rights probe 'can-i --list'
rights conformance 'can-i --list, the Job'

# The audit log: whoever calls from a prober's address is the prober.
on_node node1 cat /var/log/audit.log >"$T/audit.log"
jq -c 'select(.userAgent|strings|startswith("shoot6/"))' "$T/audit.log" >"$T/calls.json"
matches 'each prober called the API' '^[3-9]$|^[0-9]{2}' "$(jq -s 'length' "$T/calls.json")"
is 'as its own account alone' system:serviceaccount:shoot6:probe \
	"$(jq -r .user.username "$T/calls.json" | sort -u)"
is 'bound to its pod' 'probe-0 probe-1 probe-2' \
	"$(jq -r '.user.extra."authentication.kubernetes.io/pod-name"[0]' "$T/calls.json" |
		sort -u | paste -sd ' ')"
probers=$(jq -r '.[]|select(.metadata.labels.app == "probe").status.podIP' "$T/all.json")
is 'no call from its address has another identity' system:serviceaccount:shoot6:probe \
	"$(jq -r --arg ips "$probers" 'select(.sourceIPs[0]|IN($ips|split("\n")[]))
		.user.username' "$T/audit.log" | sort -u)"
is 'and no request of it is refused' 200 "$(jq -r .responseStatus.code "$T/calls.json" | sort -u)"

# Rotation: token A belongs to a pod that is deleted, B to one that stays. The volume is
# swapped as the kubelet does it, by its ..data link, under one process.
bound() {
	cat <<-Y
		apiVersion: v1
		kind: Pod
		metadata: {name: $1, namespace: shoot6}
		spec:
		  serviceAccountName: probe
		  terminationGracePeriodSeconds: 0
		  securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
		  containers:
		  - name: c
		    image: ghcr.io/shoot6/shoot6:$(<"$TOP/VERSION")
		    imagePullPolicy: Never
		    args: [/usr/bin/probe-responder, --tcp, "7777"]
		    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
	Y
}
project() {
	# shellcheck disable=SC2016 # for the node's shell
	on_node node2 sh -c 'set -e
		mkdir -p /run/volume
		cd /run/volume
		mkdir "..$1"
		echo "$2" >"..$1/token"
		echo "$3" >"..$1/ca.crt"
		ln -s "..$1" ..data_tmp
		mv -T ..data_tmp ..data
		ln -sfn ..data/token token
		ln -sfn ..data/ca.crt ca.crt' - "$1" \
		"$(kc -n shoot6 create token probe --bound-object-kind Pod --bound-object-name "$1" \
			--bound-object-uid "$(kc -n shoot6 get pod "$1" -o 'jsonpath={.metadata.uid}')")" \
		"$(<"$T/ca.crt")"
}
{
	bound a
	echo ---
	bound b
} | kc apply -f - >"$T/out" 2>&1
kc -n shoot6 wait --for=condition=Ready pod a b --timeout=300s >"$T/out" 2>&1
project a
on_node node2 sh -c 'cat >/run/t.json' <<-J
	{"version":1,"node":"node2","cluster_dns":"2001:db8:96::a",
	"api":{"vip":"2001:db8:96::1","port":443,"token":"/run/volume/token","ca":"/run/volume/ca.crt",
	"read":"/apis/discovery.k8s.io/v1/namespaces/shoot6/endpointslices?limit=1"}}
J
on_node node2 /opt/shoot6/bin/probe-service --targets /run/t.json --vantage host:node2 \
	--check API-1 --json --every 200ms >"$T/stream" 2>"$T/err" &
prober=$!
last_are() {
	[ "$(tail -n 3 "$T/stream" | jq -r '.variant + " " + .verdict + " " + (.reason // "")' |
		sort | paste -sd ,)" = "$1" ]
}
holds 'token A is taken' wait_for last_are 'name pass ,read pass ,vip pass '
kc -n shoot6 delete pod a --wait >"$T/out" 2>&1
holds 'its pod is gone: 401' wait_for last_are \
	'name fail unauthorized,read fail unauthorized,vip fail unauthorized'
project b
holds 'token B is taken, by the same process' wait_for last_are \
	'name pass ,read pass ,vip pass '
holds 'which ran all the time' kill -0 "$prober"
kill "$prober"
kc delete pod -n shoot6 b --wait=false >"$T/out" 2>&1

# The namespace for the nodes' own network, only where it is asked for.
is 'there is no privileged namespace' '' "$(kc get ns -l pod-security.kubernetes.io/enforce=privileged -o name)"
# An air-gapped one: its own names outside, in a ConfigMap that is there
kc -n shoot6 delete job conformance --wait >"$T/out" 2>&1
echo '{"egress": {"v6": [{"name": "v6only.example", "http": 80}], "v4only": [{"name": "v4only.example", "http": 80}]}}' \
	>"$T/egress.json"
kc -n shoot6 create configmap egress --from-file="$T/egress.json" >"$T/out" 2>&1
run kc apply -k "$TOP/ci/kubernetes/privileged"
is 'ci/kubernetes/privileged is taken as well' 0 "$rc"
kc -n shoot6-host get pods -w -o json >"$T/host-pods.json" 2>&1 &
watcher=$!
holds 'that Job ends' wait_for -t 300 job_over
job_result "$T/host.json"
jq empty "$T/host.json" 2>"$T/out" ||
	diag "$(kc -n shoot6 get pods -o wide; kc -n shoot6 get job conformance -o yaml; tail -c 400 "$T/host.json")"
jq_is 'it tries the names of the ConfigMap and no others' '["v4only.example","v6only.example"]' \
	'[.results[]|select(.id|IN("EGR-1", "N64-3")).facts.name // empty]|unique|tostring' "$T/host.json"
jq_is 'nothing fails from nodes' 0 '.summary.fail + .summary.blocked + .summary.unknown' "$T/host.json"
jq_is 'routes are seen from each node' 3 \
	'[.results[]|select(.id == "RTE-2" and .verdict == "pass" and (.vantage|startswith("host:"))).vantage]|unique|length' "$T/host.json"
jq_is 'routers are solicited from each node, which takes a raw socket' 'node1 node2 node3' \
	'[.results[]|select(.id == "RND-1" and .verdict == "pass").vantage[5:]]|unique|join(" ")' "$T/host.json"
kill "$watcher"
is 'by pods that are not root and have NET_RAW alone' '[true,65532,["ALL"],["NET_RAW"],"net-raw"]' \
	"$(jq -c '[(.spec.securityContext|.runAsNonRoot, .runAsUser), (.spec.containers[0].securityContext.capabilities|
		.drop, .add), .metadata.labels.variant]' "$T/host-pods.json" | sort -u)"
kc delete -k "$TOP/ci/kubernetes/privileged" --wait >"$T/out" 2>&1

# Other identities than a client certificate, by a kubeconfig of hand.
# kubeconfig NAME USER [CLUSTER] - two YAML maps
kubeconfig() {
	cat >"$T/$1" <<-Y
		apiVersion: v1
		kind: Config
		current-context: c
		contexts: [{name: c, context: {cluster: k, user: u}}]
		clusters: [{name: k, cluster: {server: "${3:-$server}", certificate-authority: ${4:-ca.crt}}}]
		users: [{name: u, user: {$2}}]
	Y
}
kc create sa runner >"$T/out"
kc create clusterrolebinding runner --clusterrole cluster-admin --serviceaccount default:runner >"$T/out"
token=$(kc create token runner)
echo "$token" >"$T/token"
jq -r '.users[0].user."client-certificate-data"' "$admin" | base64 -d >"$T/admin.crt"
jq -r '.users[0].user."client-key-data"' "$admin" | base64 -d >"$T/admin.key"
kubeconfig by-token "token: $token"
kubeconfig by-file 'tokenFile: token'
kubeconfig by-certificate 'client-certificate: admin.crt, client-key: admin.key'
kubeconfig by-nobody 'token: nobody'
kubeconfig by-reader "token: $(kc create sa reader >"$T/out" && kc create token reader)"
kc create sa narrow >"$T/out"
kc create clusterrole narrow --verb='*' --resource=nodes,namespaces,pods,pods/log,services,configmaps,serviceaccounts,daemonsets.apps,endpointslices.discovery.k8s.io,roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io >"$T/out"
kc create clusterrolebinding narrow --clusterrole narrow --serviceaccount default:narrow >"$T/out"
kubeconfig by-narrow "token: $(kc create token narrow)"
kubeconfig by-plugin 'exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x \
	-keyout "$T/x.key" -out "$T/x.crt" 2>"$T/out"
kubeconfig by-other "token: $token" "$server" x.crt
kubeconfig nowhere "token: $token" 'https://[::1]:1'
like 'the server is a bracketed IPv6 address' '[::1]:' "$server"
live() {
	local config=$1

	shift
	run env -u KUBECONFIG "$S" run --live --kubeconfig "$T/$config" "$@"
}
spaces() { kc get ns -l app.kubernetes.io/managed-by=shoot6 -o name; }
live by-file --nodes 1 --profile dual-stack --json
is 'by a file with a token' 0 "$rc"
is 'another profile' dual-stack "$(jq -r .profile "$T/.out")"
jq_is 'one node, bounded' pod:node1 \
	'[.results[]|select(.verdict == "pass").vantage|select(startswith("pod:"))|split("/")[0]]|unique[]' "$T/.out"
cat >"$T/targets.json" <<-J
	{"egress": {"v6": [{"name": "v6only.example", "http": 80},
		{"name": "dual.example", "http": 80, "address": "2001:db8:f00::10"}],
	"v4only": [{"name": "v4only.example", "http": 80, "address": "203.0.113.10"}]}}
J
live by-certificate --nodes 1 --targets "$T/targets.json" --json
is 'by a client certificate in files' 0 "$rc"
jq_is "the user's own targets" 'dual.example v6only.example' \
	'[.results[]|select(.id == "EGR-1" and .verdict == "pass").facts.name // empty]|unique|join(" ")' "$T/.out"
for check in DNS-6 N64-7; do
	jq_is "with addresses: $check" pass "[.results[]|select(.id == \"$check\").verdict]|unique[]" "$T/.out"
done
live by-token --nodes 1 --cluster-domain other.test --json
is 'a domain that is not the cluster'\''s' 1 "$rc"
jq_is 'is that of the names' true '[.results[]|select(.id == "DNS-2" and .variant == "aaaa")|
	.verdict == "fail" and (.detail|contains(".svc.other.test"))]|length > 0 and all' "$T/.out"
live by-token --nodes 1 --html "$T/live.html" --junit "$T/live.xml"
is 'by a token' 0 "$rc"
holds 'a page' grep -q '</html>' "$T/live.html"
holds 'JUnit' grep -q '</testsuites>' "$T/live.xml"
live by-narrow --nodes 1 --json
is 'an identity that may not reach into pods' 0 "$rc"
jq_is 'is told so, once for each way' \
	'exec pods/exec,logs pass,port-forward pods/portforward,proxy pods/proxy,service services/proxy' \
	'[.results[]|select(.id == "API-3")|"\(.variant) " + if .verdict == "skip" then
	(.detail|capture("cannot get resource \"(?<r>[^\"]*)\"").r) else .verdict end]|sort|join(",")' "$T/.out"
live by-nobody
is 'an unknown identity' 3 "$rc"
like 'is a 401' '401, the server does not know this identity' "$err"
live by-reader
is 'an identity without rights' 3 "$rc"
like 'is a 403, with what is missing' '403, this identity may not' "$err"
live by-plugin
is 'a plugin' 2 "$rc"
like 'is refused with what to do' "exec plugins are not run: put a token" "$err"
live by-other
is 'another authority' 3 "$rc"
like 'is told' 'the server does not prove who it is' "$err"
live nowhere
is 'no server' 3 "$rc"
like 'cannot be connected to' 'cannot connect' "$err"
is 'none of them left anything' '' "$(spaces)"

live by-token --profile none
is 'no such profile' 2 "$rc"
echo '{}' >"$T/none.json"
live by-token --targets "$T/none.json"
is 'targets without egress' 2 "$rc"

# Ended by force: what is left has a label, and the command that removes it is documented.
set -m # or else the shell lets its background jobs ignore SIGINT
"$S" run --live --kubeconfig "$T/by-token" >"$T/out" 2>"$T/interrupted" &
live=$!
set +m
wait_for grep -q 'probing from' "$T/interrupted"
kill -INT "$live"
wait "$live"
is 'Ctrl-C' 130 $?
is 'leaves nothing' '' "$(spaces)"
"$S" run --live --kubeconfig "$T/by-token" >"$T/out" 2>"$T/killed" &
live=$!
wait_for grep -q 'probing from' "$T/killed"
kill -9 "$live"
wait "$live" 2>/dev/null
is 'kill -9 leaves one namespace' 1 "$(spaces | wc -l)"
kc delete ns -l app.kubernetes.io/managed-by=shoot6 --wait >"$T/out" 2>&1
is 'that its label finds' '' "$(spaces)"

# From inside the fabric the server is one that pods reach too: API-2.
kubeconfig foreign "token: $token" 'https://[2001:db8:10:0:1::1]:6443'
on_node inet6 sh -c 'cat >/run/foreign; cat /run/foreign' <"$T/foreign" >"$T/out"
on_node inet6 sh -c 'cat >/run/ca.crt' <"$T/ca.crt"
run on_node inet6 /opt/shoot6/bin/scenario run --live --kubeconfig /run/foreign --nodes 1 --json
is 'from another machine' 0 "$rc"
jq_is 'pods reach the server of the kubeconfig' 'literal pass' \
	'.results[]|select(.id == "API-2" and (.vantage|startswith("pod:")))|.variant + " " + .verdict' "$T/.out"
holds 'the image is one that ctr imports' \
	sh -c "'$BIN/scenario-image' -o '$T/i.tar' &&
	'$S' exec shoot node1 -- ctr -n t images import - <'$T/i.tar'"

# Pods of node1 do not reach the API server, which serves the run all the time.
on_node node1 nft -f - <<-'N'
	table ip6 cut {
		chain in {
			type filter hook input priority filter
			iifname != { "lo", "eth0" } tcp dport 6443 reject with tcp reset
		}
	}
N
live by-token --nodes 1 --json
is 'an API server that pods do not reach' 1 "$rc"
jq_is 'is up: the way to it is closed' api-unreachable .diagnosis.primary "$T/.out"
jq_is 'and nothing else is wrong' API-1 '[.results[]|select(.verdict == "fail").id]|unique|join(" ")' "$T/.out"
on_node node1 nft delete table ip6 cut

# A cluster of another domain: it is what CoreDNS serves and node1's kubelet tells its pods.
kc -n kube-system get configmap coredns -o json | sed 's/cluster\.local/other.test/g' |
	kc replace -f - >"$T/out"
kc -n kube-system rollout restart deployment coredns >"$T/out"
holds 'CoreDNS serves another domain' kc -n kube-system rollout status deployment coredns --timeout=120s
# shellcheck disable=SC2016 # for the node's shell
mapfile -t kubelet < <(on_node node1 sh -c 'tr "\0" "\n" </proc/$(pidof kubelet)/cmdline')
# shellcheck disable=SC2016
on_node node1 sh -c 'sed -i "s/^clusterDomain: .*/clusterDomain: other.test/" /etc/kubernetes/kubelet.yaml &&
	kill -KILL $(pidof kubelet)'
on_node node1 "${kubelet[@]}" >"$T/kubelet.log" 2>&1 &
holds 'and a kubelet tells it' wait_for on_node node1 curl -gsf 'http://[::1]:10248/healthz'
kc wait --for=condition=Ready node/node1 --timeout=60s >"$T/out"
live by-token --nodes 1 --json
is 'a run finds it out' 0 "$rc"
jq_is 'from what its pods are told' other.test \
	'[.results[]|select(.id == "API-3" and .variant == "logs").facts.cluster_domain]|unique[]' "$T/.out"
jq_is 'and all names end so' true '[.results[]|select(.id|IN("DNS-2", "DNS-3")).facts.name // empty|
	select(endswith("arpa")|not)]|length > 3 and all(endswith(".svc.other.test"))' "$T/.out"
jq_is 'none fails' 0 '.summary.fail + .summary.blocked + .summary.unknown' "$T/.out" ||
	diag "$(jq -c '.results[]|select(.verdict|IN("fail", "blocked", "unknown"))' "$T/.out")"
done_testing
