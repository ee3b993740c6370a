#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random documents applied one after another; what the kernel then has is the document.

model.py NETSETUP STATE ROOT COUNT SEED

The expectation is made from the document alone, without netsetup: each object of a
kind, with each attribute that it states and the kernel's default for each that it does
not, plus what the kernel makes of it by itself (routes of addresses). What was there
before is foreign: it has to stay as it was, to the byte. What is there beyond both is
a failure. Prints what differs, and exits 1.
"""
import ipaddress
import json
import os
import socket
import struct
import subprocess
import sys

from documents import Draw

NETSETUP, STATE, ROOT, COUNT, SEED = sys.argv[1:6]
FOREVER = 4294967295
OURS = "166"
AUTO = 166000000  # first id of the nexthop objects that netsetup makes by itself
# What moves by itself.
VOLATILE = {"ifindex", "operstate", "txqlen", "qdisc", "valid_life_time",
            "preferred_life_time", "flags", "expires", "cacheinfo", "min_mtu",
            "max_mtu", "num_tx_queues", "num_rx_queues", "gso_max_size",
            "gso_max_segs", "tso_max_size", "tso_max_segs", "gro_max_size",
            "linkmode", "promiscuity", "allmulti", "parentbus", "parentdev",
            "used", "refcnt", "probes", "scope", "gc_timer", "hello_timer",
            "tcn_timer", "topology_change_timer", "info_slave_data",
            "bridge_id", "root_id"}
SYSCTLS = ("accept_ra", "accept_redirects", "forwarding", "force_forwarding",
           "hop_limit", "proxy_ndp", "optimistic_dad", "disable_ipv6")


def run(*argv, check=True, stdin=None):
    p = subprocess.run(argv, capture_output=True, text=True, input=stdin)
    if check and p.returncode:
        raise SystemExit(f"{' '.join(argv)}: {p.stdout}{p.stderr}")
    return p


def netsetup(verb, *args, **kw):
    return run(NETSETUP, verb, "--state", STATE, *args, check=False, **kw)


def ip(*args):
    out = run("ip", "-j", "-d", *args).stdout.strip()
    return json.loads(out) if out else []


def still(o):
    """Without what moves by itself, in an order of its own."""
    if isinstance(o, dict):
        return {k: still(v) for k, v in sorted(o.items()) if k not in VOLATILE}
    if isinstance(o, list):
        return sorted((still(v) for v in o), key=json.dumps)
    return o


def address_owners():
    """Owner of each address: iproute2 before 6.3 does not print IFA_PROTO."""
    owners = {}
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    request = struct.pack("=LHHLLBBBBL", 24, 22, 0x301, 1, 0, socket.AF_INET6, 0, 0, 0, 0)
    s.send(request)
    while True:
        data = s.recv(1 << 20)
        while data:
            size, kind = struct.unpack_from("=LH", data)
            if kind != 20:  # RTM_NEWADDR; else it is the end
                return owners
            index, = struct.unpack_from("=L", data, 20)
            attributes, at = {}, 24
            while at < size:
                n, t = struct.unpack_from("=HH", data, at)
                attributes[t] = data[at + 4:at + n]
                at += (n + 3) & ~3
            address = str(ipaddress.IPv6Address(attributes.get(2, attributes[1])))
            owners[socket.if_indextoname(index), address] = attributes.get(11, b"\0")[0]
            data = data[(size + 3) & ~3:]


class Kernel:
    """All that there is, read by programs that are not ours."""

    def __init__(self):
        self.links = {l["ifname"]: l for l in ip("link", "show")}
        self.addresses = []
        owners = address_owners()
        for link in ip("-6", "address", "show"):
            for a in link.get("addr_info", []):
                owner = owners.get((link["ifname"], a["local"]), 0)
                self.addresses.append({"dev": link["ifname"], "protocol": owner, **a})
        self.routes = [r for r in ip("-6", "route", "show", "table", "all")
                       # One for each link that is up, when its carrier is there.
                       if r["dst"] != "ff00::/8"]
        self.nexthops = ip("nexthop", "show")
        self.rules = ip("-6", "rule", "show")
        self.neighbours = ip("-6", "neighbour", "show", "nud", "permanent")
        self.proxies = ip("-6", "neighbour", "show", "proxy")
        self.nft = run("nft", "list", "ruleset").stdout
        self.sysctls = {}
        for dev in ["all", "default", *self.links]:
            for name in SYSCTLS:
                path = f"/proc/sys/net/ipv6/conf/{dev}/{name}"
                if os.path.exists(path):
                    with open(path) as f:
                        self.sysctls[path[10:]] = f.read().strip()
        self.files = {}
        for folder, _, names in os.walk(ROOT):
            for name in names:
                path = os.path.join(folder, name)
                with open(path) as f:
                    self.files[path] = [f.read(), oct(os.stat(path).st_mode & 0o7777)]
            self.files[folder] = "folder"

    def everything(self):
        """All of it in one comparable form."""
        all_links = [{"up": "UP" in l["flags"], **still(l)} for l in self.links.values()]
        return {"links": sorted(all_links, key=json.dumps),
                **{k: still(getattr(self, k)) for k in
                   ("addresses", "routes", "nexthops", "rules", "neighbours", "proxies")},
                # Rules of ours do not overlap: their order means nothing.
                "nft": sorted(self.nft.splitlines()), "files": self.files,
                # A link of ours that is made anew begins with the kernel's defaults.
                "sysctls": {k: v for k, v in self.sysctls.items()
                            if k.split("/")[3] in ("all", "default", "lo", "v0", "v1", "foreign0")}}


def tuples(objects, form):
    """Objects as a set of their canonical texts."""
    return {json.dumps(form(o), sort_keys=True) for o in objects}


def prefix(text):
    """A prefix as it is told: without the length of a host's."""
    return text[:-4] if text.endswith("/128") else text


class Expected:
    """What a document means, on the ground that was there before."""

    def __init__(self, doc, ground):
        self.doc, self.ground = doc, ground
        self.links = doc.get("links", [])
        self.made = [l for l in self.links if "kind" in l]

    def route(self, r):
        """A route in the form of observed_route()."""
        kind = r.get("type", "unicast")
        rejects = kind in ("unreachable", "blackhole", "prohibit", "throw")
        hops = [[h["via"], h["dev"], h.get("weight", 1), False]
                for h in r.get("nexthops", [])]
        if "via" in r or "dev" in r:
            hops = [[r.get("via"), r["dev"], 1, r.get("onlink", False)]]
        return {
            "dst": prefix(r["dst"]), "type": kind,
            "table": str(r.get("table", {"local": 255}.get(kind, 254))),
            "metric": r.get("metric", 1024), "hops": [] if rejects else sorted(hops, key=str),
            "nexthop": r.get("nexthop"), "mtu": r.get("mtu"),
            "hoplimit": r.get("hoplimit"), "pref": r.get("preference", "medium"),
            "src": r.get("src"),
        }

    def routes(self):
        wanted = [self.route(r) for r in self.doc.get("routes", [])]
        for a in self.doc.get("addresses", []):
            if a.get("local"):
                wanted.append(self.route({"dst": a["address"], "type": "local", "dev": "lo"}))
        return tuples(wanted, lambda o: o)

    def addresses(self):
        def form(a):
            local, length = a["address"].split("/")
            valid = LIFE[a.get("valid", "forever")]
            preferred = LIFE[a["preferred"]] if "preferred" in a else valid
            return [local, int(length), a["dev"], valid, preferred]
        return tuples([a for a in self.doc.get("addresses", []) if "local" not in a], form)

    def kernel_routes(self, foreign, forwards):
        """Routes that the kernel makes of addresses: prefix, host, anycast."""
        routes = set()
        addresses = [(a["address"], a["dev"]) for a in self.doc.get("addresses", [])
                     if "local" not in a]
        addresses += [(f"{a['local']}/{a['prefixlen']}", a["dev"]) for a in foreign]
        for text, dev in addresses:
            i = ipaddress.ip_interface(text)
            if i.is_loopback:
                continue
            routes.add(("local", str(i.ip), dev, "local"))
            routes.add(("unicast", prefix(str(i.network)), dev, "main"))
            if i.network.prefixlen < 127 and forwards(dev):
                routes.add(("anycast", str(i.network.network_address), dev, "local"))
        return routes

    def nexthops(self):
        def form(n):
            # Of one that only drops the kernel tells lo.
            return {"id": n["id"], "via": n.get("via"),
                    "dev": n.get("dev"), "blackhole": n.get("blackhole", False),
                    "onlink": n.get("onlink", False),
                    "group": sorted([g["id"], g.get("weight", 1)] for g in n.get("group", []))}
        return tuples(self.doc.get("nexthops", []), form)

    def rules(self):
        def form(r):
            action = r.get("action", "table")
            return {"priority": r["priority"], "from": prefix(r["from"]),
                    "to": prefix(r.get("to", "all")), "iif": r.get("iif"), "oif": r.get("oif"),
                    "fwmark": r.get("fwmark"), "action": action,
                    "table": str(r["table"]) if action == "table" else None}
        return tuples(self.doc.get("rules", []), form)

    def neighbours(self):
        return tuples(self.doc.get("neighbours", []),
                      lambda n: [n["address"], n["dev"], n["lladdr"]])

    def proxies(self):
        return tuples([p for p in self.doc.get("proxies", [])],
                      lambda p: [prefix(p["prefix"]), p["dev"]])

    def sysctls(self):
        want = dict(self.ground.sysctls)
        if self.doc.get("forwarding"):
            # all/forwarding is written into each interface by the kernel.
            want.update({k: "1" for k in want if k.endswith("/forwarding")})
            self.if_there(want, "net/ipv6/conf/default/force_forwarding", "1")
        for dev in self.doc.get("uplinks", []):
            want[f"net/ipv6/conf/{dev}/accept_ra"] = "2"
            if self.doc.get("forwarding"):
                self.if_there(want, f"net/ipv6/conf/{dev}/force_forwarding", "1")
        for p in self.doc.get("proxies", []):
            want[f"net/ipv6/conf/{p['dev']}/proxy_ndp"] = "1"
        want.update({k: str(v) for k, v in self.doc.get("sysctls", {}).items()})
        return want

    @staticmethod
    def if_there(want, path, value):
        """What an older kernel has not is not wanted."""
        if path in want:
            want[path] = value

    def files(self):
        want = dict(self.ground.files)
        for f in self.doc.get("files", []):
            want[f["path"]] = [f["content"], oct(int(f.get("mode", "0644"), 8))]
            folder = os.path.dirname(f["path"])
            while folder not in want:
                want[folder] = "folder"
                folder = os.path.dirname(folder)
        return want


LIFE = {"forever": FOREVER, "0s": 0, "1h": 3600, "2h": 7200, "3h": 10800}


def life(seconds):
    """The lifetime that a running one began as: half an hour is not that long."""
    return min((v for v in LIFE.values() if v >= seconds), default=FOREVER) \
        if seconds else 0


def observed_route(kernel):
    objects = {n["id"]: n for n in kernel.nexthops}

    def form(r):
        hops = [[h.get("gateway"), h["dev"], h.get("weight", 1), "onlink" in h["flags"]]
                for h in r.get("nexthops", [])]
        if not hops and "dev" in r and r["type"] not in REJECTS:
            hops = [[r.get("gateway"), r["dev"], 1, "onlink" in r["flags"]]]
        nexthop = r.get("nhid")
        if nexthop and nexthop >= AUTO:
            n, nexthop = objects[nexthop], None
            hops = [[n.get("gateway"), n["dev"], 1, "onlink" in n["flags"]]]
        elif nexthop:
            hops = []
        metrics = (r.get("metrics") or [{}])[0]
        return {"dst": r["dst"], "type": r["type"] if not nexthop else "unicast",
                "table": TABLES.get(str(r.get("table", "main")), str(r.get("table"))),
                "metric": r.get("metric", 0), "hops": sorted(hops, key=str),
                "nexthop": nexthop, "mtu": metrics.get("mtu"),
                "hoplimit": metrics.get("hoplimit"), "pref": r.get("pref", "medium"),
                "src": r.get("prefsrc")}
    return form


REJECTS = ("unreachable", "blackhole", "prohibit", "throw")
TABLES = {"main": "254", "local": "255"}


def observed_nexthop(n):
    return {"id": n["id"], "via": n.get("gateway"),
            "dev": None if n.get("blackhole", "absent") is None else n.get("dev"),
            "blackhole": "blackhole" in n,
            "onlink": "onlink" in n["flags"],
            "group": sorted([g["id"], g.get("weight", 1)] for g in n.get("group", []))}


def observed_rule(r):
    def net(key):
        if r.get(key, "all") == "all":
            return "all"
        length = r.get(f"{key}len")
        return f"{r[key]}/{length}" if length else r[key]
    action = r.get("action", "table")
    return {"priority": r["priority"], "from": net("src"), "to": net("dst"),
            "iif": r.get("iif"), "oif": r.get("oif"),
            "fwmark": int(r["fwmark"], 0) if "fwmark" in r else None,
            "action": action,
            "table": TABLES.get(r["table"], r["table"]) if action == "table" else None}


class Judge:
    """Compares, and says what differs."""

    def __init__(self, ground):
        self.ground = ground
        self.bad = []

    def same(self, what, want, got):
        if want == got:
            return
        if isinstance(want, set):
            missing, more = sorted(want - got, key=str), sorted(got - want, key=str)
            self.bad.append(f"{what}: missing {missing}, too much {more}")
        else:
            differs = {k: (want.get(k), got.get(k)) for k in {*want, *got}
                       if want.get(k) != got.get(k)}
            self.bad.append(f"{what} (wanted, got): {differs}")

    def foreign(self, what, now):
        """What was there is there, unchanged; returns the rest."""
        before = [json.dumps(still(o)) for o in getattr(self.ground, what)]
        rest = []
        for o in now:
            text = json.dumps(still(o))
            if text in before:
                before.remove(text)
            else:
                rest.append(o)
        if before:
            self.bad.append(f"foreign {what} changed or gone: {before}")
        return rest

    def ours(self, what, objects):
        """Those with our tag; anything else that is new is nobody's."""
        for o in objects:
            if str(o.get("protocol")) != OURS:
                self.bad.append(f"{what} without an owner: {o}")
        return [o for o in objects if str(o.get("protocol")) == OURS]

    def links(self, e, k):
        want = {*self.ground.links, *(l["name"] for l in e.made),
                *(l["peer"] for l in e.made if "peer" in l)}
        self.same("links", want, set(k.links))
        for l in e.made:
            self.link(l, k.links.get(l["name"], {}))
        for name, before in self.ground.links.items():
            d = next((l for l in e.links if l["name"] == name), {})
            b = {**still(before), "mtu": d.get("mtu", before["mtu"])}
            if "group" in d:
                b["group"] = str(d["group"])
            b["altnames"] = sorted(before.get("altnames", []) + [d[a] for a in ("altname",) if a in d])
            now = still(k.links.get(name, {}))
            self.same(f"link {name}", b, {"altnames": [], **now})

    def link(self, d, l):
        """A link of ours: all that it states."""
        info = l.get("linkinfo", {})
        data = info.get("info_data", {})
        want = {"kind": d["kind"], "up": True, "addrgen": "none"}
        got = {"kind": info.get("info_kind"), "up": "UP" in l.get("flags", []),
               "addrgen": l.get("inet6_addr_gen_mode")}
        plain = {"mtu": l.get("mtu"), "mac": l.get("address"), "id": data.get("id"),
                 "master": l.get("master"), "mode": data.get("mode"),
                 "parent": l.get("link"), "table": data.get("table"),
                 "remote": data.get("remote6"), "local": data.get("local6"),
                 "port": data.get("port")}
        for key, value in plain.items():
            if key in d:
                want[key], got[key] = d[key], value
        if d["kind"] == "vxlan":
            want["port"], got["port"] = d.get("port", 4789), data.get("port")
        want["master"], got["master"] = d.get("master"), l.get("master")
        want["group"] = str(d.get("group", "default"))
        got["group"] = l.get("group")
        want["altnames"] = sorted([f"netsetup-{d['name']}"] + ([d["altname"]] if "altname" in d else []))
        got["altnames"] = sorted(l.get("altnames", []))
        self.same(f"link {d['name']}", want, got)

    def compare(self, doc, k):
        self.bad = []
        e = Expected(doc, self.ground)
        self.links(e, k)
        mine = self.ours("address", self.foreign("addresses", k.addresses))
        self.same("addresses", e.addresses(), tuples(mine, lambda a: [
            a["local"], a["prefixlen"], a["dev"],
            life(a["valid_life_time"]), life(a["preferred_life_time"])]))
        by_kernel = [r for r in k.routes if r["protocol"] == "kernel"]
        wanted = e.kernel_routes(self.ground.addresses, lambda dev: k.sysctls.get(
            f"net/ipv6/conf/{dev}/forwarding") == "1")
        self.same("routes of the kernel", wanted, {
            (r["type"], r["dst"], r.get("dev"), r.get("table", "main"))
            for r in by_kernel if r["dst"] != "::1"})
        rest = self.foreign("routes", k.routes)
        rest = self.ours("route", [r for r in rest if r["protocol"] != "kernel"])
        self.same("routes", e.routes(), tuples(rest, observed_route(k)))
        mine = self.ours("nexthop", self.foreign("nexthops", k.nexthops))
        used = {r.get("nhid") for r in rest}
        for n in mine:
            if n["id"] >= AUTO and n["id"] not in used:
                self.bad.append(f"nexthop {n} is left over")
        self.same("nexthops", e.nexthops(), tuples(
            [n for n in mine if n["id"] < AUTO], observed_nexthop))
        mine = self.ours("rule", self.foreign("rules", k.rules))
        self.same("rules", e.rules(), tuples(mine, observed_rule))
        mine = self.ours("neighbour", self.foreign("neighbours", k.neighbours))
        self.same("neighbours", e.neighbours(), tuples(
            mine, lambda n: [n["dst"], n["dev"], n["lladdr"]]))
        mine = self.ours("proxy", self.foreign("proxies", k.proxies))
        self.same("proxies", e.proxies(), tuples(mine, lambda n: [n["dst"], n["dev"]]))
        self.same("sysctls", e.sysctls(), {
            p: v for p, v in k.sysctls.items() if p in self.ground.sysctls})
        self.same("files", e.files(), k.files)
        self.nft(doc, k)
        return self.bad

    def nft(self, doc, k):
        """Our table has one rule for each masquerade; the rest is as it was."""
        theirs, ours, mine = [], [], False
        for line in k.nft.splitlines():
            mine = line.startswith("table ip6 netsetup ") or (mine and line != "}")
            (ours if mine else theirs).append(line)
        theirs = [l for i, l in enumerate(theirs) if not (l == "}" and i and theirs[i - 1] == "}")]
        if not set(self.ground.nft.splitlines()) <= set(theirs):
            self.bad.append(f"foreign nft rules changed: {k.nft}")
        got = {l.strip().split(" comment")[0] for l in ours if "masquerade" in l}
        want = set()
        for m in doc.get("masquerade", []):
            but = f"ip6 daddr != {m['except']} " if "except" in m else ""
            want.add((m["from"], m["out"], but.strip()))
        seen = set()
        for l in got:
            words = l.replace('"', "").split()
            but = f"ip6 daddr != {words[words.index('!=') + 1]}" if "!=" in words else ""
            seen.add((words[words.index("saddr") + 1], words[words.index("oifname") + 1], but))
        self.same("masquerade", want, seen)


def ran():
    """Units that ran since the last look."""
    path = f"{ROOT}.runs"
    try:
        with open(path) as f:
            names = f.read().split()
        os.unlink(path)
    except FileNotFoundError:
        return []
    return sorted(names)


def wanted_runs(before, after):
    """Units of the new document one of whose inputs is another one than before."""
    b, a = ({f["path"]: (f["content"], f.get("mode", "0644")) for f in d.get("files", [])}
            for d in (before, after))
    return sorted(u["name"] for u in after.get("units", [])
                  if any(b.get(i) != a.get(i) for i in u["inputs"]))


def main():
    kinds = [k for k in ("bridge", "veth", "vxlan", "macvlan", "vlan", "dummy", "vrf")
             if has_kind(k)]
    ground = Kernel()
    start = ground.everything()
    judge = Judge(ground)
    before, failed, made = {}, 0, dict.fromkeys(kinds, 0)
    for n in range(int(COUNT) + 1):
        seed = int(SEED) * 100000 + n
        last = n == int(COUNT)
        doc = {"version": 1} if last else Draw(seed, ROOT, kinds, more=True).document()
        then = Kernel().everything()
        done, bad = step(judge, doc, before, n, then)
        if last and Kernel().everything() != start:
            bad.append(f"the ground is not what it was: {differs(start, Kernel().everything())}")
        if bad:
            failed += 1
            print(f"document {n}, seed {seed}:", *bad, json.dumps(doc), "after", json.dumps(before), sep="\n  ")
            if failed > 3:
                break
        if done:
            before = doc
            for link in doc.get("links", []):
                if "kind" in link:
                    made[link["kind"]] += 1
    print(f"{n} documents, {failed} failed; links: "
          + ", ".join(f"{count} {kind}" for kind, count in made.items()))
    sys.exit(failed > 0)


def differs(a, b):
    out = {}
    for k in a:
        if a[k] == b[k]:
            continue
        if isinstance(a[k], dict):
            out[k] = {i: (a[k].get(i), b[k].get(i)) for i in {*a[k], *b[k]} if a[k].get(i) != b[k].get(i)}
        elif isinstance(a[k], list):
            out[k] = [[o for o in a[k] if o not in b[k]], [o for o in b[k] if o not in a[k]]]
        else:
            out[k] = [a[k], b[k]]
    return out


def step(judge, doc, before, n, then):
    """Apply, compare; nothing to do afterwards; now and then back, and again."""
    text = json.dumps(doc)
    ran()
    p = netsetup("apply", "-", stdin=text)
    if p.returncode:
        return False, [f"apply: {p.returncode} {p.stderr}"]
    runs, wanted = ran(), wanted_runs(before, doc)
    bad = judge.compare(doc, Kernel())
    if runs != wanted:
        bad.append(f"units that ran: {runs}, wanted {wanted}")
    for verb, want in (("plan", 0), ("verify", 0)):
        p = netsetup(verb, "-", stdin=text)
        ra = "RA-" in p.stdout and verb == "verify"
        if p.returncode != want and not ra:
            bad.append(f"{verb} afterwards: {p.returncode} {p.stdout}{p.stderr}")
    p = netsetup("apply", "--json", "-", stdin=text)
    if '"mutating":0' not in p.stdout:
        bad.append(f"again: {p.stdout}{p.stderr}")
    if n % 3 == 0:
        p = netsetup("undo")
        now = Kernel().everything()
        if now != then:
            bad.append(f"undo: {p.stdout}{p.stderr} {differs(then, now)}")
        p = netsetup("apply", "-", stdin=text)
        if p.returncode:
            bad.append(f"apply after undo: {p.stderr}")
        bad += [f"after undo: {b}" for b in judge.compare(doc, Kernel())]
        ran()
    return True, bad


def has_kind(kind):
    more = {"veth": ["peer", "name", "q1"], "vxlan": ["id", "9", "dstport", "4789"],
            "vlan": ["id", "9"], "vrf": ["table", "9"]}.get(kind, [])
    below = ["link", "v1"] if kind in ("vlan", "macvlan") else []
    if run("ip", "link", "add", "q0", *below, "type", kind, *more, check=False).returncode:
        return False
    run("ip", "link", "del", "q0")
    return True


if __name__ == "__main__":
    main()
