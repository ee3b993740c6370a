#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A provider's router in one process, for tests of netsetup's provider form.

fake_cloud.py INTERFACE [metadata=FILE] [pref64=PREFIX] [dns64=PREFIX]

Answers HTTP on [fd20:ce::254]:80 with the files of a folder, router solicitations with
an RA (RDNSS, PREF64), and AAAA of ipv4only.arpa on [2001:db8:53::53]:53. What is not
named is not served. Prints "ready PID" once all of it listens.
"""
import ipaddress
import os
import socket
import struct
import sys
import threading

sys.dont_write_bytecode = True
import fake

interface = sys.argv[1]
options = dict(a.split("=", 1) for a in sys.argv[2:])


class Metadata(fake.Handler):
    """Google's: the path with slashes made underscores is a file's name."""

    def do_GET(self):
        name = self.path.split("?")[0].strip("/").replace("/", "_")
        path = os.path.join(options["metadata"], name)
        status, body = 404, b"not here"
        if self.headers.get("Metadata-Flavor") != "Google":
            status, body = 403, b"Metadata-Flavor"
        elif os.path.exists(path):
            status, body = 200, open(path, "rb").read()
        self.answer(status, body)


def advertisement():
    """RFC 4861 4.2, RFC 8106, RFC 8781; M=1, router lifetime 30 s."""
    ra = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0x80, 30, 0, 0)
    dns = ipaddress.ip_address("2001:db8:53::53").packed
    ra += struct.pack("!BBHI", 25, 3, 0, 30) + dns
    if "pref64" in options:
        p = ipaddress.ip_network(options["pref64"])
        code = [96, 64, 56, 48, 40, 32].index(p.prefixlen)
        ra += struct.pack("!BBH", 38, 2, 1800 | code)
        ra += p.network_address.packed[:12]
    return ra


def router():
    s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    index = socket.if_nametoindex(interface)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    join = ipaddress.ip_address("ff02::2").packed + struct.pack("@I", index)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, join)
    to = ("ff02::1", 0, 0, index)
    s.sendto(advertisement(), to)

    def run():
        while True:
            if s.recvfrom(1500)[0][0] == 133:
                s.sendto(advertisement(), to)

    return run


def dns64():
    """RFC 6052 for /96 alone: that is all the tests need."""
    p = ipaddress.ip_network(options["dns64"])
    return fake.dns("2001:db8:53::53", p.network_address.packed[:12] + bytes([192, 0, 0, 170]))


serve = [router()]
if "metadata" in options:
    serve.append(fake.Server(("fd20:ce::254", 80), Metadata).serve_forever)
if "dns64" in options:
    serve.append(dns64())
threads = [threading.Thread(target=f, daemon=True) for f in serve]
for t in threads:
    t.start()
print("ready", os.getpid(), flush=True)
for t in threads:
    t.join()
