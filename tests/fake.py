# SPDX-License-Identifier: Apache-2.0
"""What the servers of tests share: HTTP over IPv6, and DNS that answers AAAA alone."""
import http.server
import socket
import threading

PTR, AAAA = 12, 28


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def dns(listen, *addresses, name=None):
    """RFC 1035: the question back, and for AAAA the answers. Listens, returns a loop.

    For PTR it is the name, where there is one.

    By UDP what fits 1232 bytes, else it says so (TC); by TCP, too.

    The additional section (EDNS) is left out of the answer.
    """
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.bind((listen, 53))
    tcp = socket.create_server((listen, 53), family=socket.AF_INET6)

    records = {AAAA: addresses}
    if name:
        labels = [bytes([len(label)]) + label.encode() for label in name.split(".")]
        records[PTR] = [b"".join(labels) + b"\0"]

    def reply_to(query, most):
        end = query.index(b"\0", 12) + 5
        kind = int.from_bytes(query[end - 4 : end - 2], "big")
        answers = records.get(kind, ())
        flags = b"\x81\x80"
        if end + sum(12 + len(data) for data in answers) > most:
            flags, answers = b"\x83\x80", ()
        reply = query[:2] + flags + b"\0\1" + len(answers).to_bytes(2, "big") + bytes(4)
        reply += query[12:end]
        for data in answers:
            reply += b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1\0\0\1\x2c"
            reply += len(data).to_bytes(2, "big") + data
        return reply

    def run_tcp():
        while True:
            client, _ = tcp.accept()
            with client:
                reply = reply_to(client.recv(1500)[2:], 65535)
                client.sendall(len(reply).to_bytes(2, "big") + reply)

    def run():
        threading.Thread(target=run_tcp, daemon=True).start()
        while True:
            query, peer = sock.recvfrom(1500)
            sock.sendto(reply_to(query, 1232), peer)

    return run
