# SPDX-License-Identifier: Apache-2.0
"""What the servers of tests share: HTTP over IPv6, and DNS that answers AAAA alone."""
import http.server
import socket

AAAA = 28


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


def dns(listen, *addresses):
    """RFC 1035: the question back, and for AAAA the answers. Listens, returns a loop.

    The additional section (EDNS) is left out of the answer.
    """
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.bind((listen, 53))

    def run():
        while True:
            query, peer = sock.recvfrom(1500)
            end = query.index(b"\0", 12) + 5
            aaaa = int.from_bytes(query[end - 4 : end - 2], "big") == AAAA
            answers = addresses if aaaa else ()
            reply = query[:2] + b"\x81\x80\0\1" + bytes([0, len(answers), 0, 0, 0, 0])
            reply += query[12:end]
            for address in answers:
                reply += b"\xc0\x0c\0\x1c\0\1\0\0\1\x2c\0\x10" + address
            sock.sendto(reply, peer)

    return run
