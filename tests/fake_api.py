#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An API server that knows nothing but who asks, and a DNS server, for tests.

fake_api.py FOLDER ADDRESS CERTIFICATE KEY

HTTPS on [ADDRESS]:443. A bearer token that is a line of FOLDER/tokens, as the file is
at that moment, gets 200, on /forbidden 403; any other gets 401. Each request adds the
line "TOKEN PATH" to FOLDER/asked. DNS on [ADDRESS]:53: every AAAA is ADDRESS. Prints
"ready" once both listen.
"""
import json
import os
import socket
import ssl
import sys
import threading

sys.dont_write_bytecode = True
import fake

folder, address, certificate, key = sys.argv[1:]


class Api(fake.Handler):
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
        self.answer(status, json.dumps({"kind": "Status", "message": message}).encode())


dns = fake.dns(address, socket.inet_pton(socket.AF_INET6, address))
threading.Thread(target=dns, daemon=True).start()
server = fake.Server((address, 443), Api)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
