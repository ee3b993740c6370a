/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/fabric/fabric.h"

#include "lib/cleanup.h"
#include "scenarios/root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RESPONDER ROOT_BIN "/probe-responder"

/* Names of the internet, and who answers to them. */
static const struct site {
	const char *group, *name, *address;
} sites[] = {
	{ "v6", "v6only.example", "2001:db8:f00::10" },
	{ "v6_small", "small.example", "2001:db8:f01::10" },
	{ "v4only", "v4only.example", "203.0.113.10" },
	{ "dual", "dual.example", "2001:db8:f00::10" },
};

/**
 * add_ports() - The ports every responder of the lab has
 * @o:		Peer or site
 */
static void add_ports(struct json *o)
{
	json_set_int(o, "tcp", 7777);
	json_set_int(o, "udp", 7777);
	json_set_int(o, "http", 8080);
}

/**
 * add_peers() - Nodes and pods as peers
 * @lab:	Lab
 * @j:		Targets
 */
static void add_peers(struct lab *lab, struct json *j)
{
	struct json *peers = json_set_array(j, "peers");
	struct json *nodes = json_set_array(j, "nodes");

	for (size_t i = 0; i < lab->n_members; i++) {
		struct member *m = lab->members[i];
		_cleanup_free_ char *address = NULL;
		struct json *o;

		if (m->kind != MEMBER_NODE && m->kind != MEMBER_POD)
			continue;
		address = fabric_address(m);
		o = json_append_object(peers);
		json_set_string(o, "name", m->name);
		json_set_string(o, "kind", m->node ? "pod" : "node");
		json_set_string(o, "node", m->node ? m->node->name : m->name);
		json_set_string(o, "address", address);
		if (m->node) {
			add_ports(o);
			continue;
		}
		o = json_append_object(nodes);
		json_set_string(o, "name", m->name);
		json_set_string(o, "address", address);
		json_set_format(o, "pod_cidr", "2001:db8:10:0:%s::/112",
				m->name + strlen("node"));
	}
}

/**
 * make_targets() - What is the same for every vantage
 * @lab:	Lab
 *
 * Return: object that the caller frees
 */
static struct json *make_targets(struct lab *lab)
{
	struct json *j = json_object(), *egress;

	json_set_int(j, "version", 1);
	json_set_string(j, "profile", "ipv6-only-nat64");
	json_set_string(j, "ca", FABRIC_CA);
	json_set_string(j, "resolver", "2001:db8:53::53");
	json_set_string(j, "authoritative", "2001:db8:a::53");
	json_set_string(j, "nat64_prefix", "2001:db8:64::/96");
	json_set_string(j, "service_cidr", "2001:db8:96::/112");
	add_peers(lab, j);
	egress = json_set_object(j, "egress");
	for (size_t i = 0; i < ARRAY_SIZE(sites); i++) {
		struct json *group = json_set_array(egress, sites[i].group);
		struct json *o = json_append_object(group);

		json_set_string(o, "name", sites[i].name);
		json_set_string(o, "address", sites[i].address);
		add_ports(o);
		json_set_int(o, "http", 80);
		json_set_int(o, "https", 443);
	}
	return j;
}

/**
 * tell_vantage() - Write a vantage's targets
 * @m:		Node or pod
 * @targets:	What is the same for all
 *
 * Return: 0, or an errno that was told to the user
 */
static int tell_vantage(struct member *m, const struct json *targets)
{
	_cleanup_(json_freep) struct json *j = json_copy(targets);
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(buf_release) struct buf hints = BUF_INIT;
	const struct member *node = m->node ? m->node : m;
	int r;

	json_set_string(j, "node", node->name);
	json_set_string(j, "pod", m->node ? m->base : NULL);
	json_set_format(j, "pod_cidr", "2001:db8:10:0:%s::/112",
			node->name + strlen("node"));
	fabric_tell_services(m, j);
	r = json_print(j, JSON_PRETTY, &text);
	if (r == 0)
		r = member_write(m, "/etc/shoot6/targets.json", buf_text(&text),
				 0644);
	if (r < 0 || !m->node)
		return r;
	/* What a cluster gives a pod as a mounted ConfigMap. */
	r = member_read(m->node, "/run/netsetup/hints.json", &hints);
	if (r < 0)
		return lab_fail(m->lab, r, "hints of '%s'", m->node->name);
	return member_write(m, "/run/netsetup/hints.json", buf_text(&hints),
			    0644);
}

/**
 * respond() - Start a responder
 * @m:		Pod or host of the internet
 *
 * Return: 0, or an errno that was told to the user
 */
static int respond(struct member *m)
{
	static const struct spawn_opts opts = { .ready = "ready" };
	/* The IPv4 internet alone is to have no IPv6 at all. */
	bool v4 = strcmp(m->name, "inet4") == 0;
	bool pod = m->kind == MEMBER_POD;
	const char *const argv[] = {
		"probe-responder",
		"--tcp",
		"7777",
		"--udp",
		"7777",
		"--http",
		pod ? "8080" : "80",
		"--name",
		m->name,
		"--listen",
		v4 ? "0.0.0.0" : "::",
		pod ? NULL : "--https",
		"443",
		"--cert",
		FABRIC_CERT,
		"--key",
		FABRIC_KEY,
		NULL,
	};
	int r = pod ? 0 : fabric_show_certificate(m);

	return r < 0 ? r : member_spawn(m, argv, &opts, NULL);
}

/**
 * fabric_answer() - Responders in the hosts of the internet
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
int fabric_answer(struct lab *lab)
{
	static const char *const answering[] = { "inet6", "inet6-small",
						 "inet4" };
	int r = 0;

	if (access(RESPONDER, X_OK) < 0)
		return 0;
	r = fabric_certificates(lab);
	for (size_t i = 0; i < ARRAY_SIZE(answering) && r == 0; i++)
		r = respond(lab_member(lab, answering[i]));
	return r;
}

/**
 * fabric_targets() - Responders, and what each vantage is to try
 * @lab:	Lab
 *
 * Return: 0, or an errno that was told to the user
 */
int fabric_targets(struct lab *lab)
{
	_cleanup_(json_freep) struct json *targets = make_targets(lab);
	bool responder = access(RESPONDER, X_OK) == 0;
	int r = fabric_answer(lab);

	for (size_t i = 0; i < lab->n_members && r == 0; i++) {
		struct member *m = lab->members[i];

		if (m->vantage)
			r = tell_vantage(m, targets);
		if (r == 0 && m->vantage && responder)
			r = fabric_trust(m);
		if (r == 0 && responder && m->kind == MEMBER_POD)
			r = respond(m);
	}
	return r;
}
