#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ci/kube-bin: release binaries from a mirror, each checked by its SHA-256
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need curl python3 openssl

# A mirror of release binaries that print their names, by HTTP and by HTTPS.
case $(uname -m) in
x86_64) arch=amd64 ;;
aarch64) arch=arm64 ;;
*) arch=$(uname -m) ;;
esac
kube=$T/mirror/release/v1.99.1/bin/linux/$arch dns=$T/mirror/dns/v1.88.2
archive=$dns/coredns_1.88.2_linux_$arch.tgz
programs='kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl'
mkdir -p "$kube" "$dns"
for program in $programs coredns; do
	printf '#!/bin/sh\necho %s of the mirror\n' "$program" >"$kube/$program"
	sha256sum <"$kube/$program" | cut -d' ' -f1 >"$kube/$program.sha256"
done
tar -C "$kube" -czf "$archive" coredns
rm "$kube"/coredns*
sha256sum "$archive" >"$archive.sha256"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=mirror -addext 'subjectAltName = IP:::1' \
	-keyout "$T/key.pem" -out "$T/cert.pem" 2>/dev/null
cat >"$T/mirror.py" <<'P'
import functools, http.server, socket, ssl, sys, threading

class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6

root, cert, key, ready = sys.argv[1:]
serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory=root)
plain, secure = Server(("::1", 8080), serve), Server(("::1", 8443), serve)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
secure.socket = context.wrap_socket(secure.socket, server_side=True)
threading.Thread(target=plain.serve_forever, daemon=True).start()
open(ready, "w").close()
secure.serve_forever()
P
python3 "$T/mirror.py" "$T/mirror" "$T/cert.pem" "$T/key.pem" "$T/ready" 2>"$T/asked" &
wait_for test -e "$T/ready"

# Whether it would build: a go that says so, and fails.
mkdir "$T/path" "$T/tmp"
printf '#!/bin/sh\necho go "$@" >>%s\nexit 1\n' "$T/gone" >"$T/path/go"
chmod +x "$T/path/go"
export PATH=$T/path:$PATH KUBE_VERSION=1.99.1 COREDNS_VERSION=1.88.2
export KUBE_MIRROR='http://[::1]:8080/release' COREDNS_MIRROR='http://[::1]:8080/dns'
unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY
fetch() {
	rm -f "$T/gone"
	TMPDIR=$T/tmp run "$TOP/ci/kube-bin" "${1:-$T/bin}"
}
# refused NAME [FOLDER] - one line says why; nothing is left, and nothing was built
refused() {
	is "$1: exit status" 1 "$rc"
	is "$1: one line" 1 "$(wc -l <<<"$err")" || diag "$err"
	is "$1: leaves nothing" '' "$(ls -d "${2:-$T/bin}" "$T/tmp"/* 2>/dev/null)"
	holds "$1: builds nothing" test ! -e "$T/gone"
}

# A checksum that is another one; one program after the other is in place of all.
echo more >>"$kube/kubectl"
fetch
refused 'a program that is not what it should be'
is 'it is named' "kube-bin: '$KUBE_MIRROR/v1.99.1/bin/linux/$arch/kubectl': does not match its SHA-256" "$err"
sed -i '$d' "$kube/kubectl"

mv "$archive.sha256" "$T/sum"
sha256sum <<<'other' >"$archive.sha256"
fetch
refused 'an archive that is not what it should be'
like 'it is named' "coredns_1.88.2_linux_$arch.tgz': does not match" "$err"
echo 'Not a sum' >"$archive.sha256"
fetch
refused 'a checksum that is none'
like 'it is named' "coredns_1.88.2_linux_$arch.tgz.sha256': has no SHA-256" "$err"
mv "$T/sum" "$archive.sha256"

mv "$kube/kubelet" "$T/kubelet"
fetch
refused 'a file that is missing'
is 'it is named' "kube-bin: '$KUBE_MIRROR/v1.99.1/bin/linux/$arch/kubelet': not there (HTTP 404): is the version right?" "$err"
mv "$T/kubelet" "$kube/kubelet"
mv "$kube/kubelet.sha256" "$T"
fetch
refused 'a checksum that is missing'
like 'it is named' "kubelet.sha256': not there" "$err"
mv "$T/kubelet.sha256" "$kube"

# All is well.
fetch
is 'release binaries: exit status' 0 "$rc" || diag "$err"
is 'what came from where' \
	"kube-bin: Kubernetes 1.99.1, CoreDNS 1.88.2 in '$T/bin': release binaries, checked" "$out"
for program in $programs coredns; do
	is "$program runs" "$program of the mirror" "$("$T/bin/$program")"
done
is 'nothing else is there' "$(tr ' ' '\n' <<<"$programs coredns" | sort)" "$(ls "$T/bin")"
is 'nor in the temporary folder' '' "$(ls "$T/tmp")"
holds 'nothing was built' test ! -e "$T/gone"

# What is there stays where the next one is refused.
before=$(sha256sum "$T"/bin/*)
echo more >>"$kube/kube-proxy"
fetch
is 'a later one is refused' 1 "$rc"
is 'what was there is as it was' "$before" "$(sha256sum "$T"/bin/*)"
sed -i '$d' "$kube/kube-proxy"

# By HTTPS, of an authority that is known, and of one that is not.
KUBE_MIRROR='https://[::1]:8443/release' COREDNS_MIRROR='https://[::1]:8443/dns'
CURL_CA_BUNDLE=$T/cert.pem fetch "$T/secure"
is 'by HTTPS' 0 "$rc" || diag "$err"
is 'the same' "$(cat "$T"/bin/*)" "$(cat "$T"/secure/*)"
fetch "$T/unknown"
is 'of an unknown authority: exit status' 1 "$rc"
like 'nothing of it is taken: it would build' 'certificate' "$err"
holds 'from Go modules' test -e "$T/gone"
holds 'leaves no folder' test ! -e "$T/unknown"

# Nobody there.
KUBE_MIRROR='http://[::1]:9/release'
fetch "$T/nobody"
is 'nobody there: exit status' 1 "$rc"
like 'nobody there: says so, and builds' \
	'no release binaries (curl: (7) ' "$err"
like 'that as well' 'building from Go modules' "$err"
holds 'with go' grep -q '^go install .*coredns@v1.88.2' "$T/gone"
holds 'leaves no folder' test ! -e "$T/nobody"
# Its go is the only one here.
rm "$T/path/go"
PATH=$T/path:/usr/bin:/bin
if command -v go >/dev/null; then
	skip 'neither mirror nor go: what to do' 'go is in /usr/bin'
else
	fetch "$T/nobody"
	refused 'neither mirror nor go' "$T/nobody"
	like 'neither mirror nor go: what to do' 'set KUBE_BIN to it' "$err"
fi
done_testing
