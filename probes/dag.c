/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/engine.h"

#include <stdio.h>
#include <string.h>

/* What is known of one need: enough to tell whether it has failed. */
struct tally {
	size_t good, bad;
	const struct result *first_bad;
};

/**
 * count_result() - Add one result to a tally
 * @t:		Tally
 * @r:		Result
 */
static void count_result(struct tally *t, const struct result *r)
{
	if (r->verdict == VERDICT_PASS)
		t->good++;
	if (r->verdict != VERDICT_FAIL && r->verdict != VERDICT_BLOCKED)
		return;
	if (!t->bad++)
		t->first_bad = r;
}

/**
 * tally_need() - Count the results of a need
 * @all:	What is known
 * @id:		Check
 * @vantage:	Of the results that count
 * @node:	Only those about this peer's node; NULL: all
 *
 * Return: the tally
 */
static struct tally tally_need(const struct results *all, const char *id,
			       const char *vantage, const char *node)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < all->n; i++) {
		const struct result *r = &all->items[i];
		const char *of;

		if (strcmp(r->id, id) != 0 || strcmp(r->vantage, vantage) != 0)
			continue;
		of = result_get_fact(r, "peer_node");
		if (node && (!of || strcmp(of, node) != 0))
			continue;
		count_result(&t, r);
	}
	return t;
}

/**
 * host_vantage() - The vantage of the node's own network
 * @vantage:	"pod:NODE/POD" or "host:NODE"
 * @ret:	"host:NODE"
 */
static void host_vantage(const char *vantage, char ret[96])
{
	const char *node = strchr(vantage, ':');

	node = node ? node + 1 : vantage;
	(void)snprintf(ret, 96, "host:%.*s", (int)MIN(strcspn(node, "/"), 90UL),
		       node);
}

/**
 * engine_blocked() - Whether a failed need keeps a check from telling anything
 * @check:	Check
 * @all:	Results so far, of this run and before it
 * @vantage:	Vantage of this run
 * @peer_node:	Node of the destination, or NULL: where the need has results about
 *		that node, they alone count
 * @ret_by:	"ID@VANTAGE" of the result that failed first
 *
 * A need has failed when something of it failed and nothing passed: one dead peer of
 * three does not block what needs some peer.
 *
 * Return: true if it is to be blocked
 */
bool engine_blocked(const struct check *check, const struct results *all,
		    const char *vantage, const char *peer_node, char ret_by[48])
{
	char host[96];

	host_vantage(vantage, host);
	for (size_t i = 0; i < CHECK_NEEDS && check->needs[i]; i++) {
		const char *id = check->needs[i];
		const char *of = vantage;
		struct tally t;

		if (strncmp(id, "host:", 5) == 0) {
			id += 5;
			of = host;
		}
		t = tally_need(all, id, of, peer_node);
		if (!peer_node || !(t.good + t.bad))
			t = tally_need(all, id, of, NULL);
		if (!t.bad || t.good)
			continue;
		if (t.first_bad->verdict == VERDICT_BLOCKED)
			(void)snprintf(ret_by, 48, "%s",
				       t.first_bad->blocked_by);
		else
			(void)snprintf(ret_by, 48, "%s@%.30s", id, of);
		return true;
	}
	return false;
}
