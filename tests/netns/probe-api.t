#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# the API as a pod reaches it: token, certificate, and what each failure is called
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq openssl python3

# here --- api
ns_new api
ip link add eth0 type veth peer name x netns api
sysctl -qw net.ipv6.conf.eth0.accept_dad=0
ns api sysctl -qw net.ipv6.conf.x.accept_dad=0
ip link set eth0 up
ns api ip link set x up
ip addr add 2001:db8:1::10/64 dev eth0 nodad
ns api ip addr add 2001:db8:1::1/64 dev x nodad
ip route add default via 2001:db8:1::1

# authority NAME; certificate AUTHORITY NAME SAN [OPTION]... - EC keys, PEM
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=$1" -keyout "$T/$1.key" -out "$T/$1.crt" -days 9 2>&1
}
certificate() {
	local ca=$1 name=$2 san=$3

	shift 3
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj /CN=kube-apiserver -keyout "$T/$name.key" \
		-out "$T/$name.csr" 2>&1
	openssl x509 -req -in "$T/$name.csr" -CA "$T/$ca.crt" -CAkey \
		"$T/$ca.key" -CAcreateserial -out "$T/$name.crt" "$@" \
		-extfile <(echo "subjectAltName=$san") 2>&1
}
names=DNS:kubernetes.default.svc
{
	authority ca
	authority other
	certificate ca good "$names,IP:2001:db8:1::1" -days 9
	certificate ca without-vip "$names" -days 9
	certificate ca without-name IP:2001:db8:1::1 -days 9
	certificate ca expired "$names,IP:2001:db8:1::1" -days -1
	certificate other foreign "$names,IP:2001:db8:1::1" -days 9
} >"$T/openssl.log" || diag "$(<"$T/openssl.log")"

# A projected volume as the kubelet makes it: what is seen are links through ..data.
volume=$T/volume
project() {
	mkdir -p "$volume/..$1"
	echo "$1" >"$volume/..$1/token"
	cp "$T/ca.crt" "$volume/..$1"
	ln -sfn "..$1" "$volume/..data_tmp"
	mv -T "$volume/..data_tmp" "$volume/..data"
	ln -sfn ..data/token "$volume/token"
	ln -sfn ..data/ca.crt "$volume/ca.crt"
}
project A
echo A >"$T/tokens"
targets() {
	cat >"$T/t.json" <<-J
	{"version":1,"node":"n1","pod":"a","cluster_dns":"2001:db8:1::1",
	"api":{"vip":"2001:db8:1::1","port":443,"read":"${1:-/read}",
	"endpoints":["2001:db8:1::1"],"endpoint_port":443,
	"token":"$volume/token","ca":"$volume/ca.crt"}}
	J
}
targets

# serve CERTIFICATE - the API server, with that one, in place of the one before
serve() {
	if [ -n "${server:-}" ]; then
		kill "$server"
		wait "$server" 2>/dev/null
	fi
	rm -f "$T/ready"
	nsenter --net=/run/netns/api python3 "$TOP/tests/fake_api.py" "$T" 2001:db8:1::1 \
		"$T/$1.crt" "$T/$1.key" >"$T/ready" 2>"$T/api.log" &
	server=$!
	wait_for grep -q ready "$T/ready" || {
		diag "$(<"$T/api.log")"
		exit 1
	}
}
probe() {
	run "$BIN/probe-service" --targets "$T/t.json" --check API-1 --json
	printf '%s\n' "$out" >"$T/r.json"
}
# each VARIANT:REASON... - what API-1 says; "" passes
each() {
	local name=$1 want

	shift
	for want; do
		is "$name: ${want%:*}" "${want#*:}" "$(jq -r --arg v "${want%:*}" \
			'select(.variant == $v)|.reason // ""' "$T/r.json")"
	done
	[ "$test_failed" = 0 ] || diag "$(<"$T/r.json")"
}

serve good
probe
is 'all is well' 0 "$rc"
each 'all is well' vip: name: read: endpoint:
is 'three calls, the token of the file' 'A /read
A /readyz
A /readyz' "$(sort "$T/asked")"
serve without-vip
probe
each 'certificate without the service address' vip:tls-name name: read:tls-name
run "$BIN/probe-service" --targets "$T/t.json" --check API-1
like 'whose cause is named' 'api-cert-san' "$out"
like 'with the address' '2001:db8:1::1' "$out"
serve without-name
probe
each 'certificate without the name' vip: name:tls-name read:
serve foreign
probe
each 'certificate of another authority' vip:tls-verify name:tls-verify
serve expired
probe
each 'certificate out of its time' vip:tls-expired name:tls-expired
run "$BIN/probe-service" --targets "$T/t.json" --check API-1
like 'whose cause is named as well' api-cert-expired "$out"
serve good
echo B >"$T/tokens"
probe
each 'a token that ran out' vip:unauthorized name:unauthorized read:unauthorized
run "$BIN/probe-service" --targets "$T/t.json" --check API-1
like 'a third cause' api-token "$out"
echo A >"$T/tokens"
targets /forbidden
probe
each 'a right that is missing' vip: name: read:forbidden
like 'in the words of the server' 'User cannot list' "$out"
targets
mv "$volume/..A/token" "$T/away"
probe
each 'no token' vip:os-error
mv "$T/away" "$volume/..A/token"
kill "$server"
wait "$server" 2>/dev/null
server=
probe
each 'nobody listens' vip:refused endpoint:refused
is 'which warns of the server itself' warn "$(jq -r 'select(.variant == "endpoint").verdict' "$T/r.json")"
run "$BIN/probe-service" --targets "$T/t.json" --check API-1
like 'and is the server, not the way to it' 'api-down  the API server at 2001:db8:1::1' "$out"
# The server answers, its service address does not: a node without rules
serve good
jq '.api.vip = "2001:db8:1::2"' "$T/t.json" >"$T/t2.json"
mv "$T/t2.json" "$T/t.json"
probe
each 'nobody translates' endpoint:
run "$BIN/probe-service" --targets "$T/t.json" --check API-1
like 'is the way to it, not the server' 'vip-not-programmed' "$out"
targets
kill "$server"
wait "$server" 2>/dev/null
server=
ns api ip link set x down
probe
matches 'nobody answers' '^(timeout|nd-failed)$' \
	"$(jq -r 'select(.variant == "vip").reason' "$T/r.json")"
ns api ip link set x up
ns api ip addr replace 2001:db8:1::1/64 dev x nodad

# One process all the time; the token is swapped as the kubelet does it.
serve good
"$BIN/probe-service" --targets "$T/t.json" --check API-1 --json --every 50ms \
	>"$T/stream" &
prober=$!
last() {
	grep -v '"variant":"endpoint"' "$T/stream" | tail -n 3 | jq -r .verdict | sort -u | paste -sd ' '
}
last_is() { [ "$(last)" = "$1" ]; }
holds 'again and again' wait_for last_is pass
echo B >"$T/tokens"
holds 'token A is no longer taken' wait_for last_is fail
project B
holds 'token B is read by the same process' wait_for last_is pass
like 'and was sent' 'B /readyz' "$(tail -n 1 "$T/asked") $(grep -c '^B' "$T/asked")
$(grep B "$T/asked")"
kill "$prober"
done_testing
