/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/expand.h"

#include <errno.h>
#include <string.h>

/**
 * add_local() - Add a look at the own namespace
 * @c:		Check
 * @e:		Engine
 * @judge:	Does it all
 *
 * Return: 0; -ENOMEM
 */
int add_local(const struct check *c, struct engine *e,
	      void (*judge)(struct probe *p))
{
	struct probe *p = probe_add(e, c, &probe_local, "");

	if (!p)
		return -ENOMEM;
	p->spec.judge = judge;
	return 0;
}

/**
 * add_flow() - Add a probe towards an address and port
 * @c:		Check
 * @e:		Engine
 * @type:	Its type
 * @variant:	Tells it apart
 * @addr:	Destination
 * @port:	Port
 * @ret:	The probe, for more of its spec
 *
 * Return: 0; -ENOMEM
 */
int add_flow(const struct check *c, struct engine *e,
	     const struct probe_type *type, const char *variant,
	     const struct addr *addr, uint16_t port, struct probe **ret)
{
	struct probe *p = probe_add(e, c, type, variant);

	if (!p)
		return -ENOMEM;
	probe_set_dst(p, addr, port);
	p->spec.echo = true;
	*ret = p;
	return 0;
}

/**
 * probe_peer_node() - Note the node of the destination, for blocking and diagnosis
 * @p:		Probe
 * @node:	Its name, or NULL
 */
void probe_peer_node(struct probe *p, const char *node)
{
	const struct node_target *n;

	if (!node)
		return;
	result_fact(&p->result, "peer_node", "%s", node);
	n = targets_node(probe_targets(p), node);
	if (n && n->pod_cidr.addr.family)
		result_fact(&p->result, "pod_cidr", "%s",
			    PREFIX_TEXT(&n->pod_cidr));
}

/**
 * is_self() - Whether a peer is where we run
 * @e:		Engine
 * @peer:	Peer
 *
 * Return: true if its address is one of ours
 */
bool is_self(const struct engine *e, const struct peer *peer)
{
	for (size_t i = 0; i < e->state->n_addrs; i++)
		if (addr_equal(&e->state->addrs[i].addr, &peer->addr))
			return true;
	return false;
}

/**
 * is_pod() - Whether a peer is a pod
 * @peer:	Peer
 *
 * Return: true if it is
 */
bool is_pod(const struct peer *peer)
{
	return strcmp(peer->kind, "pod") == 0;
}

/**
 * is_same_node() - Whether a peer is on the node that we run on
 * @e:		Engine
 * @peer:	Peer
 *
 * Return: true if it is
 */
bool is_same_node(const struct engine *e, const struct peer *peer)
{
	return e->targets->node && strcmp(e->targets->node, peer->node) == 0;
}

/**
 * path_mtu() - The packet size that must pass
 * @e:		Engine
 *
 * Return: MTU of the own uplink, bytes
 */
unsigned int path_mtu(const struct engine *e)
{
	return e->state->mtu ? e->state->mtu : 1280;
}

/**
 * read_client() - Our address as a responder saw it
 * @p:		Probe; its body is the answer. Gets the fact "seen_source"
 * @ret_text:	Gets it as it stands there
 * @ret_addr:	Gets it
 *
 * Return: true; false where it is no answer of a responder of ours
 */
bool read_client(struct probe *p, char ret_text[ADDR_STRLEN],
		 struct addr *ret_addr)
{
	_cleanup_(json_freep) struct json *j = NULL;
	const char *client = NULL;

	if (json_parse(buf_text(&p->body), p->body.len, &j) == 0)
		client = json_get_string(j, "client");
	if (!client || strlen(client) >= ADDR_STRLEN ||
	    addr_parse(client, ret_addr) < 0)
		return false;
	memcpy(ret_text, client, strlen(client) + 1);
	result_fact(&p->result, "seen_source", "%s", client);
	return true;
}
