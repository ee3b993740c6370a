/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/diagnosis/evidence.h"

#include "lib/addr.h"
#include "lib/diagnosis/rule.h"
#include "lib/reason.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define NODES_MAX 3 /* that are named; more are "others" */

/* What the evidence of one finding shares, gathered from its results. */
struct names {
	char hop[128], router[96], peer[96], src[96], text[96], node[192];
	unsigned int n_nodes;
	const char *facts[17];
	const struct result *first;
};

/* Facts that stand for a placeholder of the same name. */
static const char *const fact_keys[] = {
	"prefix",   "prefix_ra", "prefix_dns", "resolver",  "name",
	"vip",      "endpoint",  "pod_cidr",   "mtu",       "mtu_ok",
	"mtu_fail", "accept_ra", "dev",        "hop_limit", "image",
	"server",   "address",
};
static_assert(ARRAY_SIZE(fact_keys) == ARRAY_SIZE(((struct names *)0)->facts),
	      "one place per key");

/**
 * same_host() - Whether two destinations are one, whatever their ports
 * @a:		"[2001:db8::1]:80", "2001:db8::1" or a name
 * @b:		Other
 *
 * Return: true where they are
 */
static bool same_host(const char *a, const char *b)
{
	size_t na, nb;

	a += *a == '[';
	b += *b == '[';
	na = strcspn(a, "]");
	nb = strcspn(b, "]");
	return na == nb && strncmp(a, b, na) == 0;
}

/**
 * same_story() - Whether two results of the evidence say the same
 * @a:		One
 * @b:		Other
 *
 * Return: true where they differ only in protocol, port or vantage
 */
static bool same_story(const struct result *a, const struct result *b)
{
	return same_host(a->dst, b->dst) && strcmp(a->reason, b->reason) == 0 &&
	       a->via.error == b->via.error &&
	       a->via.icmp_type == b->via.icmp_type &&
	       a->via.icmp_code == b->via.icmp_code &&
	       strcmp(a->via.offender, b->via.offender) == 0;
}

/**
 * add_word() - Append a word to a list, once
 * @list:	List, words separated by @sep
 * @size:	Its size in bytes
 * @sep:	e.g. " and "
 * @word:	Word; "" is ignored
 */
static void add_word(char *list, size_t size, const char *sep, const char *word)
{
	size_t used = strlen(list);
	const char *at = strstr(list, word);

	if (!*word || (at && strchr(" ", at[strlen(word)])))
		return;
	(void)snprintf(list + used, size - used, "%s%s", used ? sep : "", word);
}

/**
 * repeats_error() - Whether a detail says no more than the error does
 * @r:		The result
 *
 * Return: true for "connect: ENETUNREACH, ..."
 */
static bool repeats_error(const struct result *r)
{
	const char *at = strstr(r->detail, ": ");
	const char *name = r->via.error ? reason_errno_name(r->via.error) : "";

	return *name && at && strncmp(at + 2, name, strlen(name)) == 0 &&
	       (size_t)(at - r->detail) == strcspn(r->detail, " :");
}

/**
 * story_of_error() - What the socket was told, in a few words
 * @r:		The result
 * @n:		Attempts of all that say the same
 * @lost:	How many of them failed
 * @text:	Where it goes
 * @size:	Its size in bytes
 */
static void story_of_error(const struct result *r, unsigned int n,
			   unsigned int lost, char *text, size_t size)
{
	int64_t ns = r->samples.max_ns ? r->samples.max_ns : r->duration_ns;
	size_t used = 0;
	enum reason reason;

#define ADD(...)                                                          \
	do {                                                              \
		int n_ = snprintf(text + used, size - used, __VA_ARGS__); \
		used = n_ < 0 ? used : MIN(used + (size_t)n_, size - 1);  \
	} while (0)
	text[0] = '\0';
	if (r->via.error)
		ADD("%s", reason_errno_name(r->via.error));
	else if (reason_parse(r->reason, &reason) == 0)
		ADD("%s", reason_token(reason));
	if (r->via.error && ns > 0)
		ADD(" after %.1f ms", (double)ns / 1e6);
	if (r->via.icmp_type >= 0)
		ADD(", ICMPv6 %d/%d (%s)", r->via.icmp_type, r->via.icmp_code,
		    reason_icmp_name(r->via.icmp_type, r->via.icmp_code));
	if (r->via.mtu)
		ADD(" MTU %u", r->via.mtu);
	if (*r->via.offender)
		ADD(" from %s", r->via.offender);
	if (n)
		ADD(", %u of %u", lost, n);
	if (*r->detail && !repeats_error(r))
		ADD("%s%s", used ? "; " : "", r->detail);
#undef ADD
}

/**
 * add_line() - One line of evidence, for all results that say the same
 * @all:	All results
 * @explained:	Who explains which
 * @mark:	The finding's mark
 * @first:	Index of the first result that says it
 * @f:		Finding that gets the line
 */
static void add_line(const struct results *all, const unsigned char *explained,
		     unsigned char mark, size_t first, struct finding *f)
{
	const struct result *r = &all->items[first];
	char protos[64] = "", story[DIAGNOSIS_TEXT], line[3 * DIAGNOSIS_TEXT];
	unsigned int n = 0, lost = 0, places = 0;
	const char *dst = r->dst + (*r->dst == '[');
	const char *last = "";
	size_t i;

	for (i = first; i < all->n; i++) {
		const struct result *other = &all->items[i];

		if (explained[i] != mark || !same_story(r, other))
			continue;
		add_word(protos, sizeof(protos), " and ",
			 *other->proto ? other->proto : other->variant);
		n += other->samples.n;
		lost += other->samples.lost;
		places += strcmp(last, other->vantage) ? 1 : 0;
		last = other->vantage;
	}
	story_of_error(r, n, lost, story, sizeof(story));
	(void)snprintf(line, sizeof(line), "%s%s%s%s%.*s from %s%s: %s", r->id,
		       *protos ? " " : "", protos,
		       !*dst   ? "" :
		       *protos ? " to " :
				 " ",
		       (int)strcspn(dst, "]"), dst, r->vantage,
		       places > 1 ? " and others" : "", story);
	line[DIAGNOSIS_TEXT - 1] = '\0';
	memcpy(f->evidence[f->n_evidence++], line, DIAGNOSIS_TEXT);
}

/**
 * is_told() - Whether a result before this one says the same
 * @all:	All results
 * @explained:	Who explains which
 * @mark:	The finding's mark
 * @seen:	Results that come first
 * @i:		Index of the result
 *
 * Return: true where one does
 */
static bool is_told(const struct results *all, const unsigned char *explained,
		    unsigned char mark, const struct pattern *seen, size_t i)
{
	bool fits = pattern_fits(seen, &all->items[i]);

	for (size_t j = 0; j < all->n; j++) {
		bool first = pattern_fits(seen, &all->items[j]);

		if (explained[j] == mark && (first == fits ? j < i : first) &&
		    same_story(&all->items[j], &all->items[i]))
			return true;
	}
	return false;
}

/**
 * add_lines() - All lines of evidence, each story once
 * @all:	All results
 * @explained:	Who explains which
 * @mark:	The finding's mark
 * @seen:	What the cause was told by: these come first
 * @f:		Finding that gets them
 */
static void add_lines(const struct results *all, const unsigned char *explained,
		      unsigned char mark, const struct pattern *seen,
		      struct finding *f)
{
	for (size_t k = 0; k < 2 * all->n && f->n_evidence < DIAGNOSIS_EVIDENCE;
	     k++) {
		size_t i = k % all->n;

		if (explained[i] == mark &&
		    pattern_fits(seen, &all->items[i]) == (k < all->n) &&
		    !is_told(all, explained, mark, seen, i))
			add_line(all, explained, mark, i, f);
	}
}

/**
 * find_fact() - A fact of the evidence, or else of any result
 * @all:	All results
 * @explained:	Who explains which
 * @mark:	The finding's mark
 * @key:	The fact
 *
 * Return: its value, or NULL
 */
static const char *find_fact(const struct results *all,
			     const unsigned char *explained, unsigned char mark,
			     const char *key)
{
	const char *value, *other = NULL;
	size_t i;

	for (i = 0; i < all->n; i++) {
		value = result_get_fact(&all->items[i], key);
		if (!value || !*value)
			continue;
		if (explained[i] == mark)
			return value;
		/* A prefix or a resolver is everybody's; the rest is not. */
		if (strncmp(key, "prefix", 6) == 0 || !strcmp(key, "resolver"))
			other = value;
	}
	return other;
}

/**
 * add_node() - Note that a node is affected
 * @names:	Gets "node1", then "node1 and node2", and from the fourth on "and others"
 * @node:	Name of the node, not ended
 * @n:		Its length in bytes
 */
static void add_node(struct names *names, const char *node, size_t n)
{
	size_t used = strlen(names->node);
	char name[48];

	(void)snprintf(name, sizeof(name), "%.*s", (int)n, node);
	if (!*name || names->n_nodes > NODES_MAX ||
	    words_have(names->node, name))
		return;
	(void)snprintf(names->node + used, sizeof(names->node) - used, "%s%s",
		       used ? " and " : "",
		       names->n_nodes++ < NODES_MAX ? name : "others");
}

/**
 * gather() - The names that a finding's texts need
 * @all:	All results
 * @explained:	Who explains which
 * @mark:	The finding's mark
 * @f:		Finding, its .node and .hop are set
 * @names:	Where the names go
 */
static void gather(const struct results *all, const unsigned char *explained,
		   unsigned char mark, struct finding *f, struct names *names)
{
	const char *node, *router, *peer;
	char each[sizeof(names->node)];
	size_t i, n;

	for (i = 0; i < all->n; i++) {
		const struct result *r = &all->items[i];

		if (explained[i] != mark)
			continue;
		if (!names->first)
			names->first = r;
		if (!*f->hop)
			(void)snprintf(f->hop, sizeof(f->hop), "%s",
				       r->via.offender);
		n = result_node(r, &node);
		add_node(names, node, n);
	}
	if (names->n_nodes == 1)
		(void)snprintf(f->node, sizeof(f->node), "%s", names->node);
	router = find_fact(all, explained, mark, "router");
	if (!*f->hop && router)
		(void)snprintf(f->hop, sizeof(f->hop), "%s", router);
	(void)snprintf(names->router, sizeof(names->router), "%s",
		       router ? router : f->hop);
	if (*f->hop)
		(void)snprintf(names->hop, sizeof(names->hop), "router %s",
			       f->hop);
	peer = find_fact(all, explained, mark, "peer_node");
	if (peer)
		(void)snprintf(names->peer, sizeof(names->peer), "%s", peer);
	else if (names->first)
		(void)snprintf(names->peer, sizeof(names->peer),
			       "the node behind %.70s", names->first->dst);
	if (names->n_nodes > 1) {
		memcpy(each, names->node, sizeof(each));
		(void)snprintf(names->node, sizeof(names->node),
			       "each of %.180s", each);
	}
	for (i = 0; i < ARRAY_SIZE(fact_keys); i++)
		names->facts[i] = find_fact(all, explained, mark, fact_keys[i]);
}

/**
 * dns64_works() - Whether a resolver synthesised an address somewhere
 * @all:	All results
 *
 * Return: true where DNS-4 passes
 */
static bool dns64_works(const struct results *all)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->items[i].verdict == VERDICT_PASS &&
		    strcmp(all->items[i].id, "DNS-4") == 0)
			return true;
	return false;
}

/**
 * evidence_fill() - Write a finding's texts from its own evidence
 * @all:	All results
 * @explained:	Who explains which
 * @mark:	The finding's mark, EXPLAINED_RED included
 * @seen:	What the cause was told by
 * @f:		Finding; .cause is set
 */
void evidence_fill(const struct results *all, const unsigned char *explained,
		   unsigned char mark, const struct pattern *seen,
		   struct finding *f)
{
	const struct cause_info *info = cause_info(f->cause);
	struct names names = { .first = NULL };
	struct cause_value values[ARRAY_SIZE(fact_keys) + 14];
	size_t i, n = 0;

	add_lines(all, explained, mark, seen, f);
	gather(all, explained, mark, f, &names);
	if (!names.first)
		return;

	for (i = 0; i < ARRAY_SIZE(fact_keys); i++)
		values[n++] =
			(struct cause_value){ fact_keys[i], names.facts[i] };
	if (names.facts[6])
		(void)snprintf(names.text, sizeof(names.text), ": %s",
			       names.facts[6]);
	values[n++] = (struct cause_value){ "endpoint_text", names.text };
	values[n++] = (struct cause_value){ "dns64_text",
					    dns64_works(all) ? "DNS64 works," :
							       NULL };
	values[n++] = (struct cause_value){ "vantage", names.first->vantage };
	values[n++] = (struct cause_value){ "node", names.node };
	values[n++] = (struct cause_value){ "hop", names.hop };
	values[n++] = (struct cause_value){ "router", names.router };
	values[n++] = (struct cause_value){ "offender", f->hop };
	values[n++] = (struct cause_value){ "peer", names.peer };
	values[n++] = (struct cause_value){ "peer_node", names.peer };
	values[n++] = (struct cause_value){ "dst", names.first->dst };
	values[n++] = (struct cause_value){ "src", names.first->src };
	values[n++] = (struct cause_value){ "check", names.first->id };
	values[n++] = (struct cause_value){ NULL, NULL };

	cause_fill(info->sentence, values, f->sentence, sizeof(f->sentence));
	cause_fill(info->means, values, f->means, sizeof(f->means));
	cause_fill(info->remedy, values, f->remedy, sizeof(f->remedy));
}
