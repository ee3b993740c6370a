/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/report/topology.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * copy() - Copy a member of an object into a field
 * @j:		Object
 * @key:	Member
 * @to:		Field; "" where there is no such text
 * @size:	Its size in bytes
 */
static void copy(const struct json *j, const char *key, char *to, size_t size)
{
	const char *text = json_get_string(j, key);

	(void)snprintf(to, size, "%s", text ? text : "");
}

/**
 * read_member() - Read one member of a lab
 * @j:		{name, kind, node, label, addresses[]}
 * @m:		Where it goes
 */
static void read_member(const struct json *j, struct topology_member *m)
{
	const struct json *a;

	copy(j, "name", m->name, sizeof(m->name));
	copy(j, "kind", m->kind, sizeof(m->kind));
	copy(j, "node", m->node, sizeof(m->node));
	copy(j, "label", m->label, sizeof(m->label));
	for (a = json_first(json_get(j, "addresses"));
	     a && m->n_addresses < TOPOLOGY_ADDRESSES; a = json_next(a)) {
		const char *text = json_string(a);

		if (text && strncmp(text, "fe80:", 5))
			(void)snprintf(m->address[m->n_addresses++],
				       sizeof(m->address[0]), "%s", text);
	}
}

/**
 * read_link() - Read one link of a lab
 * @j:		{a, ifa, b, ifb, mtu}
 * @l:		Where it goes
 */
static void read_link(const struct json *j, struct topology_link *l)
{
	copy(j, "a", l->a, sizeof(l->a));
	copy(j, "b", l->b, sizeof(l->b));
	copy(j, "ifa", l->ifa, sizeof(l->ifa));
	copy(j, "ifb", l->ifb, sizeof(l->ifb));
	l->mtu = (unsigned int)json_get_int(j, "mtu", 0);
}

/**
 * topology_from_json() - Copy who is in a lab
 * @status:	What `scenario status --json` prints; links may be missing
 * @ret:	Where it goes; ended by topology_release()
 *
 * Return: 0, -ENOMEM
 */
int topology_from_json(const struct json *status, struct topology *ret)
{
	const struct json *members = json_get(status, "members");
	const struct json *links = json_get(status, "links");
	struct topology t = { 0 };
	const struct json *j;

	t.members = calloc(json_count(members) + 1, sizeof(*t.members));
	t.links = calloc(json_count(links) + 1, sizeof(*t.links));
	if (!t.members || !t.links) {
		topology_release(&t);
		return -ENOMEM;
	}
	for (j = json_first(members); j; j = json_next(j))
		read_member(j, &t.members[t.n_members++]);
	for (j = json_first(links); j; j = json_next(j))
		read_link(j, &t.links[t.n_links++]);
	*ret = t;
	return 0;
}

/**
 * topology_to_json() - A topology as reports hold it
 * @t:		Topology
 *
 * Return: {members[], links[]}
 */
struct json *topology_to_json(const struct topology *t)
{
	struct json *j = json_object(), *list, *o, *a;
	size_t i, k;

	list = json_set_array(j, "members");
	for (i = 0; i < t->n_members; i++) {
		const struct topology_member *m = &t->members[i];

		o = json_append_object(list);
		json_set_string(o, "name", m->name);
		json_set_string(o, "kind", m->kind);
		if (*m->node)
			json_set_string(o, "node", m->node);
		else
			json_set_null(o, "node");
		if (*m->label)
			json_set_string(o, "label", m->label);
		a = json_set_array(o, "addresses");
		for (k = 0; k < m->n_addresses; k++)
			json_append_string(a, m->address[k]);
	}
	list = json_set_array(j, "links");
	for (i = 0; i < t->n_links; i++) {
		const struct topology_link *l = &t->links[i];

		o = json_append_object(list);
		json_set_string(o, "a", l->a);
		json_set_string(o, "ifa", l->ifa);
		json_set_string(o, "b", l->b);
		json_set_string(o, "ifb", l->ifb);
		json_set_int(o, "mtu", l->mtu);
	}
	return j;
}

/**
 * topology_release() - End a topology
 * @t:		Topology; may be used again afterwards
 */
void topology_release(struct topology *t)
{
	free(t->members);
	free(t->links);
	*t = (struct topology){ 0 };
}

/**
 * topology_find() - The member of a name or an address
 * @t:		Topology
 * @name_or_address: "node1", "pod:node1/a", "2001:db8::1", "[2001:db8::1]:80"
 *
 * Return: the member, or NULL
 */
const struct topology_member *topology_find(const struct topology *t,
					    const char *name_or_address)
{
	const char *text = name_or_address;
	size_t i, k, n;

	if (strncmp(text, "pod:", 4) == 0)
		text += 4;
	else if (strncmp(text, "host:", 5) == 0)
		text += 5;
	else if (*text == '[')
		text++;
	n = strcspn(text, "]");
	for (i = 0; i < t->n_members; i++) {
		const struct topology_member *m = &t->members[i];

		if (strlen(m->name) == n && strncmp(m->name, text, n) == 0)
			return m;
		for (k = 0; k < m->n_addresses; k++)
			if (strcspn(m->address[k], "/%") == n &&
			    strncmp(m->address[k], text, n) == 0)
				return m;
	}
	return NULL;
}
