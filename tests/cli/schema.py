#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""netsetup's JSON Schema against netsetup itself, by a validator of others.

schema.py NETSETUP DOCUMENT...

Prints TAP: the schema is one; documents that are right validate, those given and random
ones of documents.py; and what is done to a right document (a key that nobody knows,
another type, another word, a number out of bounds, a member left out) is refused by the
schema where netsetup refuses it, and the other way round. Rules between fields are
netsetup's alone.
"""
import copy
import json
import os
import re
import subprocess
import sys
import warnings

import jsonschema
import yaml

warnings.simplefilter("ignore")
NETSETUP = sys.argv[1]
HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = "bridge,dummy,veth,vxlan,macvlan,vlan,vrf"
SEEDS = 60

# Put in the place of each member. No text is a number or a truth value: netsetup reads
# those in quotes, too, and the schema does not.
STRANGE = [{}, {"nobody": 1}, [], [{}], [None], ["a/b"], ["fe80::1"], "", "no such word", "v0",
           "fe80::1", "2001:db8::/64", "02:00:00:00:00:01", "3600s", -1, 1.5, 256,
           65537, 99999999999, True, None]

# What netsetup says of a value by itself begins with its place and no object's name.
SHAPE = re.compile(r"^netsetup: stdin:\d+:\d+: (\w+: .*|.*: (unknown key|expected) .*)$")
BETWEEN = re.compile(r"nat64: (resolver|prefix '|more than)|bits set past|longest prefix is")

count = 0
failed = 0


def test(name, problems):
    global count, failed
    count += 1
    failed += bool(problems)
    print(f"{'not ' if problems else ''}ok {count} - {name}")
    for p in problems[:20]:
        print(f"# {p}")


def check(doc):
    """What netsetup says of a document: None, or its lines."""
    p = subprocess.run([NETSETUP, "check", "-"], input=json.dumps(doc), text=True,
                       capture_output=True)
    return None if p.returncode == 0 else p.stderr.strip().splitlines()


def errors(doc):
    return [f"{e.json_path}: {e.message}"[:200] for e in validator.iter_errors(doc)]


schema = json.loads(subprocess.check_output([NETSETUP, "schema"]))
validator = jsonschema.Draft202012Validator(schema)
try:
    validator.check_schema(schema)
    test("the schema is one of draft 2020-12", [])
except jsonschema.SchemaError as e:
    test("the schema is one of draft 2020-12", [e.message])
test("and says so", [] if schema["$schema"].endswith("2020-12/schema") else [schema["$schema"]])

for path in sys.argv[2:]:
    with open(path) as f:
        doc = yaml.safe_load(f)
    test(f"{os.path.basename(path)} validates", errors(doc) + (check(doc) or []))

bad = []
drawn = set()
for seed in range(SEEDS):
    doc = json.loads(subprocess.check_output(
        [sys.executable, os.path.join(HERE, "..", "model", "documents.py"), "--seed", str(seed), "--root", "/r",
         "--kinds", KINDS, "--more"]))
    drawn |= set(doc)
    bad += [f"seed {seed}: {e}" for e in errors(doc) + (check(doc) or [])]
test(f"{SEEDS} random documents validate", bad)
missing = set(schema["properties"]) - drawn - {"uplinks", "nat64"}
test("which hold all there is", [f"never drawn: {m}" for m in missing])

# One object of each kind that is right, and rests on nothing.
BASE = {
    "version": 1, "uplinks": ["v0"], "forwarding": True,
    "nat64": {"rfc7050": True, "resolvers": ["2001:db8::53"]},
    "links": [{"name": "v0"}],
    "addresses": [{"address": "2001:db8::1/128", "dev": "v0"}],
    "routes": [{"dst": "2001:db8:1::/64", "dev": "v0"}],
    "nexthops": [{"id": 5, "dev": "v0"}],
    "rules": [{"priority": 100, "table": 100}],
    "neighbours": [{"address": "fe80::1", "dev": "v0", "lladdr": "02:00:00:00:00:01"}],
    "proxies": [{"prefix": "2001:db8:4::/64", "dev": "v0"}],
    "masquerade": [{"from": "2001:db8:10::/64", "out": "v0"}],
    "files": [{"path": "/etc/x", "content": "x"}],
    "units": [{"name": "x", "restart": ["/bin/true"], "inputs": ["/etc/x"]}],
    "sysctls": [{"path": "net/ipv6/conf/v0/accept_ra", "value": "2"}],
}
test("the base of what follows is right", errors(BASE) + (check(BASE) or []))
test("and has all there is", [k for k in schema["properties"] if k not in BASE])


def only(key, value):
    return {"version": 1, key: value}


def mutants():
    """(words, document) of all that is done to the base."""
    for key, spec in schema["properties"].items():
        for value in STRANGE:
            yield f"{key}: {value!r}", {**BASE, key: value}
        items = BASE[key]
        if key in ("version", "uplinks", "forwarding"):
            continue
        one = items[0] if isinstance(items, list) else items
        put = (lambda o: [o]) if isinstance(items, list) else (lambda o: o)
        yield f"{key}: unknown key", only(key, put({**one, "nobody": 1}))
        for name in one:
            yield f"{key}: no {name}", only(key, put({k: v for k, v in one.items() if k != name}))
        fields = spec["items"]["properties"] if "items" in spec else spec["properties"]
        for name, field in fields.items():
            for value in STRANGE:
                yield f"{key}: {name}: {value!r}", only(key, put({**one, name: value}))
            inner = field.get("items", {}).get("properties", {})
            if inner:
                yield (f"{key}: {name}: an empty entry",
                       only(key, put({k: [{}] if k == name else v
                                      for k, v in {**one, name: 0}.items() if k != "dev"})))
            for part in inner:
                for value in STRANGE + ["nobody"]:
                    entry = {"id": 1} if "id" in inner else {"dev": "v0"}
                    entry["nobody" if value == "nobody" else part] = value
                    where = {k: v for k, v in one.items() if k != "dev"}
                    yield (f"{key}: {name}: {part}: {value!r}",
                           only(key, put({**where, name: [entry]})))
    for key in BASE:
        doc = copy.deepcopy(BASE)
        del doc[key]
        yield f"no {key}", doc
        yield f"a {key} that nobody knows", {**BASE, key + "s": BASE[key]}
    for value in STRANGE:
        yield f"sysctls: net/a: {value!r}", only("sysctls", {"net/a": value})
    yield "a list", []
    yield "a word", "x"


# netsetup reads 600 as 0600; to YAML 0600 without quotes is 384.
TEXT_ONLY = re.compile(r"^files: mode: \d+$")
lax, strict, n = [], [], 0
refused = 0
for words, doc in mutants():
    n += 1
    said = check(doc)
    found = errors(doc)
    refused += bool(found)
    shape = [s for s in said or [] if SHAPE.match(s) and not BETWEEN.search(s)]
    if shape and not found:
        lax.append(f"{words}: netsetup refuses it, the schema does not: {shape[0]}")
    if found and not said and not TEXT_ONLY.match(words):
        strict.append(f"{words}: netsetup takes it, the schema does not: {found[0]}")
test(f"{n} documents bent: what netsetup refuses for its shape the schema refuses", lax)
test("what netsetup takes the schema takes", strict)

def vlan(number):
    return only("links", [{"name": "v1", "kind": "vlan", "parent": "v0", "id": number}])


test("both know the numbers of a vlan", [
    f"{n}: netsetup says {check(vlan(n))}, the schema {errors(vlan(n))}"
    for n in (0, 1, 4094, 4095, 4096, 16777215)
    if not bool(check(vlan(n))) == bool(errors(vlan(n))) == (n not in (1, 4094))])
test(f"many are refused ({refused})", [] if refused > 500 else [f"only {refused}"])
print(f"1..{count}")
sys.exit(failed > 0)
