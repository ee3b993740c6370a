#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An API server that knows nothing but who asks, and a DNS server, for tests.

fake_api.py FOLDER ADDRESS CERTIFICATE KEY

HTTPS on [ADDRESS]:443. A bearer token that is a line of FOLDER/tokens, as the file is
at that moment, gets 200, on /forbidden 403; any other gets 401. Each request adds the
line "TOKEN PATH" to FOLDER/asked. DNS on [ADDRESS]:53: every AAAA is ADDRESS. Prints
"ready" once both listen.
"""
import http.server
import json
import os
import socket
import ssl
import sys
import threading

folder, address, certificate, key = sys.argv[1:]


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        known = open(os.path.join(folder, "tokens")).read().split()
        status, message = 200, "ok"
        if token not in known:
            status, message = 401, "Unauthorized"
        elif self.path == "/forbidden":
            status, message = 403, "forbidden: User cannot list"
        with open(os.path.join(folder, "asked"), "a") as f:
            f.write(f"{token} {self.path}\n")
        body = json.dumps({"kind": "Status", "message": message}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def names(sock):
    """RFC 1035: the question back, and for AAAA (28) one answer."""
    while True:
        query, peer = sock.recvfrom(1500)
        end = query.index(b"\0", 12) + 5
        aaaa = query[end - 4 : end - 2] == b"\0\x1c"
        reply = query[:2] + b"\x81\x80\0\1" + (b"\0\1" if aaaa else b"\0\0") + b"\0" * 4
        reply += query[12:end]
        if aaaa:
            reply += b"\xc0\x0c\0\x1c\0\1\0\0\0\x1e\0\x10"
            reply += socket.inet_pton(socket.AF_INET6, address)
        sock.sendto(reply, peer)


dns = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
dns.bind((address, 53))
threading.Thread(target=names, args=(dns,), daemon=True).start()
server = Server((address, 443), Api)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
