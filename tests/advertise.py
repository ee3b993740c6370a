# SPDX-License-Identifier: Apache-2.0
# advertise.py DEV LIFETIME [PREFIX SECONDS] - send a router advertisement (RFC 4861),
# with an option PREF64 of a /96 (RFC 8781)
import socket, struct, sys

dev, lifetime, pref64 = socket.if_nametoindex(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, dev)
ra = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, lifetime, 0, 0)
if pref64:
    prefix, seconds = pref64
    ra += struct.pack("!BBH", 38, 2, int(seconds) & ~7)
    ra += socket.inet_pton(socket.AF_INET6, prefix)[:12]
s.sendto(ra, ("ff02::1", 0, 0, dev))
