#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random valid documents, for the model test and for torture.

documents.py --seed N --root DIR [--kinds KIND,...] [--more]

Prints one document. It needs the ground that its user has made: v0 and v1, two ends of
a cable, up. Its objects rest on nothing else but on each other, and what rests on
something is drawn only where that is. --more draws what is not to be had in dumps that
are compared byte by byte: lifetimes, forwarding, units.
"""
import argparse
import json
import random


class Draw:
    """One document on its way."""

    def __init__(self, seed, root, kinds=("bridge",), more=False):
        self.r = random.Random(seed)
        self.root = root
        self.kinds = kinds
        self.more = more
        self.up = ["v0"]  # devices that routes and addresses may use
        self.carriers = ["v0"]  # those that nexthop objects may use, too
        self.doc = {"version": 1}

    def one(self, *words):
        return self.r.choice(words)

    def maybe(self, share=0.5):
        return self.r.random() < share

    def some(self, items, share=0.67):
        return [i for i in items if self.maybe(share)]

    def put(self, key, items):
        if items or self.maybe():
            self.doc[key] = items

    def extra(self, share=0.4, **fields):
        """A random part of what an object may have beside its key."""
        return {k: v for k, v in fields.items() if self.maybe(share)}

    def links(self):
        kinds = self.some(self.kinds)
        # What rests on another link: the cable's end, or one of ours that comes and goes.
        on = {kind: self.one("v1", "d0") if "dummy" in kinds else "v1"
              for kind in ("macvlan", "vlan")}
        # What cannot change of a link goes with its name.
        made = {
            "bridge": {"name": "br0"},
            "dummy": {"name": "d0"},
            "veth": {"name": "t0", "peer": "t1"},
            "vxlan": {"remote": self.one("2001:db8::1", "2001:db8::3"),
                      **self.extra(local="2001:db8::2"),
                      **self.one({"name": "x1", "id": 42}, {"name": "x2", "id": 43},
                                 {"name": "x3", "id": 43, "port": 4790})},
            "macvlan": {"name": "m0" if on["macvlan"] == "v1" else "m1", "parent": on["macvlan"],
                        "mode": self.one("bridge", "private", "vepa")},
            "vlan": {"parent": on["vlan"], **(
                {"name": "l9", "id": 9} if on["vlan"] != "v1" else
                self.one({"name": "l7", "id": 7}, {"name": "l8", "id": 8}))},
            "vrf": self.one({"name": "f0", "table": 300}, {"name": "f1", "table": 301}),
        }
        links = []
        # Of a link of ours, MTU and MAC address stay where they are stated no more.
        always, often = 1, 0.4 if self.more else 1
        for kind in kinds:
            link = {**made[kind], "kind": kind, "addrgen": "none", "up": True}
            # A bridge without an MTU of its own has the smallest of its ports.
            link.update(self.extra(always if kind == "bridge" else often,
                                   mtu=self.one(1300, 1400)))
            if link.get("parent") == "d0":
                link["mtu"] = 1300  # none has more than the one below
            if kind not in ("vxlan", "vrf"):
                # None has another one's, and a bridge one of its own: else it has
                # that of a port, and its neighbours go when the port does.
                last = ord(kind[0]) + self.one(0, 128)
                link.update(self.extra(always if kind == "bridge" else often,
                                       mac=f"02:00:00:00:00:{last:02x}"))
            link.update(self.extra(group=self.one(5, 6),
                                   altname=f"other-{link['name']}"))
            if (kind in ("veth", "vxlan") or (kind == "dummy" and "d0" not in on.values())) \
                    and self.has(links, "br0"):
                link.update(self.extra(master="br0"))
            links.append(link)
            if kind not in ("vxlan", "vrf") and "master" not in link:
                self.up.append(link["name"])
                # That of a bridge without ports comes and goes by itself.
                if kind != "bridge":
                    self.carriers.append(link["name"])
            if kind == "veth":
                links.append({"name": "t1", "addrgen": "none", "up": True})
        self.r.shuffle(links)
        links += self.some([{"name": "v0", "up": True, **self.extra(
            mtu=self.one(1440, 1460), group=7, altname="uplink0")}])
        self.put("links", links)

    @staticmethod
    def has(links, name):
        return any(link["name"] == name for link in links)

    def addresses(self):
        addresses = []
        for i in self.some(range(1, 7)):
            a = {"address": f"2001:db8:d:{i}::1/{self.one(64, 64, 80, 128)}",
                 "dev": self.one(*self.up), "dad": "skip"}
            if self.more:
                a.update(self.one({}, {"preferred": "0s"}, {"valid": "2h"},
                                  {"preferred": "1h", "valid": "3h"}))
            addresses.append(a)
        for i in self.some(range(1, 3)):
            addresses.append({"address": f"2001:db8:aa:{i}::/{self.one(64, 80, 96)}",
                              "dev": "lo", "local": True})
        self.put("addresses", addresses)

    def nexthops(self):
        single = [{"id": i, "via": f"fe80::{self.one(4, 5, 6)}",
                   "dev": self.one(*self.carriers), **self.extra(0.2, onlink=True)}
                  for i in self.some(range(10, 13))]
        others = [{"id": 13, "blackhole": True}] if self.maybe() else []
        if len(single) > 1:
            others.append({"id": 14, "group": [
                {"id": n["id"], **self.extra(weight=self.one(2, 3))} for n in single]})
        self.ids = [n["id"] for n in single + others]
        self.put("nexthops", single + others)

    def way(self, i):
        """Where a route goes to."""
        gateway = {"via": f"fe80::{self.one(1, 2, 3)}", "dev": self.one(*self.up)}
        ways = [gateway, gateway, {"dev": self.one(*self.up)},
                {**gateway, "onlink": True},
                {"type": self.one("unreachable", "blackhole", "prohibit", "throw")},
                {"nexthops": [{"via": f"fe80::{j}", "dev": "v0",
                               **self.extra(weight=self.one(2, 3))}
                              for j in range(7, 7 + self.one(2, 3))]}]
        if self.ids:
            ways += [{"nexthop": self.one(*self.ids)}] * 2
        if i == 1:
            ways = [{"type": "anycast", "dev": "v0"}, {"type": "local", "dev": "lo"}]
        return self.one(*ways)

    def routes(self):
        routes = []
        sources = [a["address"].split("/")[0] for a in self.doc.get("addresses", [])
                   if "local" not in a]
        for i in self.some(range(1, 16)):
            way = self.way(i)
            route = {"dst": f"2001:db8:a:{i}::/{self.one(64, 64, 96)}", **way}
            if way.get("type") not in ("anycast", "local"):
                route.update(self.extra(metric=self.one(100, 2048)))
                route.update(self.extra(0.2, table=self.one(100, 101)))
            if "dev" in way and "type" not in way:
                route.update(self.extra(0.3, mtu=self.one(1280, 1400),
                                        hoplimit=self.one(9, 10)))
                route.update(self.extra(0.3, preference=self.one("low", "high")))
                if sources:
                    route.update(self.extra(0.3, src=self.one(*sources)))
            routes.append(route)
        # So many by one gateway that they share a nexthop object of netsetup's.
        if self.maybe(0.3):
            via = f"fe80::{self.one(1, 2, 3)}"
            routes += [{"dst": f"2001:db8:b:{i}::/64", "via": via, "dev": "v0"}
                       for i in range(1, self.one(12, 20))]
        if self.maybe():
            routes.append({"dst": "default", "via": f"fe80::{self.one(1, 2)}", "dev": "v0"})
        if self.maybe(0.3):
            routes.append({"dst": "ff3e:1::/64", "type": "multicast", "dev": "v0"})
        self.r.shuffle(routes)
        self.put("routes", routes)

    def rules(self):
        rules = []
        for i in self.some(range(1, 7)):
            rule = {"priority": 700 + i}
            rule.update(self.extra(
                0.4, to=f"2001:db8:e:{i}::/64", iif="v0", oif="v1", fwmark=i))
            # One without a selector would take all there is.
            rule["from"] = f"2001:db8:e:{self.one(1, 2)}::/{self.one(64, 80)}"
            rule.update(self.one({"table": self.one(100, 101)}, {"table": 254},
                                 {"action": self.one("blackhole", "unreachable", "prohibit")}))
            rules.append(rule)
        self.put("rules", rules)

    def neighbours(self):
        self.put("neighbours", [
            {"address": f"2001:db8:d::f{i}", "dev": self.one(*self.up),
             "lladdr": f"02:00:00:00:00:0{self.one(1, 2, 3)}"}
            for i in self.some(range(1, 6), 0.4)])
        self.put("proxies", [
            {"prefix": f"2001:db8:d::e{i}/128", "dev": self.one("v0", "v1")}
            for i in self.some(range(1, 4), 0.4)])

    def rest(self):
        sysctls = {}
        if self.maybe():
            sysctls["net/ipv6/conf/v0/hop_limit"] = self.one(65, 66)
        if self.maybe():
            sysctls["net/ipv6/conf/v1/accept_redirects"] = 0
        if self.more and self.maybe():
            self.doc["uplinks"] = ["v0"]
        elif self.maybe():
            sysctls["net/ipv6/conf/v0/accept_ra"] = self.one(0, 2)
        if self.more and self.maybe():
            self.doc["forwarding"] = True
        self.put("sysctls", sysctls)
        self.put("masquerade", [
            {"from": f"2001:db8:c:{i}::/64", "out": self.one("v0", "v1"),
             **self.extra(**{"except": "2001:db8::/32"})}
            for i in self.some(range(1, 4), 0.3)])
        files = [{"path": f"{self.root}/{name}", "content": self.one("one", "two\n"),
                  **self.extra(mode=self.one("0600", "0640"))}
                 for name in self.some(("a", "b", "c/d", "c/e/f"))]
        self.put("files", files)
        if self.more:
            self.put("units", [
                {"name": name, "restart": ["sh", "-c", f"echo {name} >>{self.root}.runs"],
                 "inputs": [f"{self.root}/{i}" for i in inputs]}
                for name, inputs in self.some((("ab", "ab"), ("c", ["c/d", "c/e/f"])))])

    def document(self):
        for part in (self.links, self.addresses, self.nexthops, self.routes,
                     self.rules, self.neighbours, self.rest):
            part()
        return self.doc


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, required=True)
    p.add_argument("--root", required=True)
    p.add_argument("--kinds", default="bridge")
    p.add_argument("--more", action="store_true")
    o = p.parse_args()
    doc = Draw(o.seed, o.root, o.kinds.split(","), o.more).document()
    print(json.dumps(doc, indent=1))


if __name__ == "__main__":
    main()
