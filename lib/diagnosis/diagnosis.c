/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/diagnosis/diagnosis.h"

#include "lib/diagnosis/evidence.h"
#include "lib/diagnosis/rule.h"
#include "lib/reason.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKED_MAX 128 /* checks that a finding lists */

/* A run of diagnose(): which result is explained by whom. */
struct work {
	const struct results *all;
	unsigned char *explained; /* see struct diagnosis */
};

/**
 * is_open() - Whether a result failed and nobody explains it yet
 * @w:		Work
 * @i:		Its index
 *
 * Return: true where it is so
 */
static bool is_open(const struct work *w, size_t i)
{
	return w->all->items[i].verdict == VERDICT_FAIL && !w->explained[i];
}

/**
 * mark_evidence() - Mark the results that a rule takes for its evidence
 * @w:		Work
 * @rule:	The rule
 * @mark:	Number of the finding
 *
 * Return: how many there are; 0: the rule does not apply
 */
static size_t mark_evidence(struct work *w, const struct rule *rule,
			    unsigned char mark)
{
	size_t i, n = 0;

	for (i = 0; i < w->all->n; i++) {
		const struct result *r = &w->all->items[i];

		if (!is_open(w, i) || !pattern_fits(&rule->seen, r))
			continue;
		if (rule->holds && !rule->holds(w->all, r))
			continue;
		w->explained[i] = mark | EXPLAINED_RED;
		n++;
	}
	return n;
}

/**
 * in_reach() - Whether a result lies within the scope of a finding's evidence
 * @w:		Work
 * @rule:	The rule that made the finding
 * @mark:	Number of the finding
 * @r:		The result
 *
 * Return: true where it does
 */
static bool in_reach(const struct work *w, const struct rule *rule,
		     unsigned char mark, const struct result *r)
{
	size_t i;

	for (i = 0; i < w->all->n; i++)
		if (w->explained[i] == (mark | EXPLAINED_RED) &&
		    scope_joins(rule->scope, &w->all->items[i], r))
			return true;
	return false;
}

/**
 * aims_at() - Whether a result is about a node that a finding is about
 * @w:		Work
 * @rule:	The rule that made the finding
 * @mark:	Number of the finding
 * @r:		The result; its fact "peer_node" names where it was to arrive
 *
 * Return: true where it is, and the finding is about single nodes
 */
static bool aims_at(const struct work *w, const struct rule *rule,
		    unsigned char mark, const struct result *r)
{
	const char *peer = result_get_fact(r, "peer_node"), *node;

	for (size_t i = 0; peer && rule->scope == SCOPE_NODE && i < w->all->n;
	     i++) {
		size_t n;

		if (w->explained[i] != (mark | EXPLAINED_RED))
			continue;
		n = result_node(&w->all->items[i], &node);
		if (strlen(peer) == n && strncmp(peer, node, n) == 0)
			return true;
	}
	return false;
}

/**
 * is_indirect() - Whether a failure may come from a fault elsewhere
 * @r:		Failed result
 *
 * Silence may, and a resolver's SERVFAIL tells of its own way, not of ours.
 *
 * Return: true where it may
 */
static bool is_indirect(const struct result *r)
{
	return reason_is_silence(r->reason) ||
	       reason_is(r->reason, REASON_SERVFAIL);
}

/**
 * mark_consequences() - Mark the failed results that a finding explains
 * @w:		Work
 * @rule:	The rule that made it
 * @mark:	Number of the finding
 */
static void mark_consequences(struct work *w, const struct rule *rule,
			      unsigned char mark)
{
	size_t i;

	for (i = 0; i < w->all->n; i++) {
		const struct result *r = &w->all->items[i];
		bool near;

		if (!is_open(w, i))
			continue;
		near = in_reach(w, rule, mark, r);
		if (near && words_have(rule->red, r->id))
			w->explained[i] = mark | EXPLAINED_RED;
		else if (((near || aims_at(w, rule, mark, r)) &&
			  words_have(rule->blocks, r->id)) ||
			 (is_indirect(r) && words_have(rule->silences, r->id)))
			w->explained[i] = mark;
	}
}

/**
 * root_of() - The finding that a blocked result goes back to
 * @w:		Work
 * @r:		Blocked result; .blocked_by is "ID@VANTAGE" or "ID"
 *
 * Return: number of the finding, 0 where none
 */
static unsigned char root_of(const struct work *w, const struct result *r)
{
	const char *at = strchr(r->blocked_by, '@');
	size_t i, n = at ? (size_t)(at - r->blocked_by) : strlen(r->blocked_by);

	for (i = 0; n && i < w->all->n; i++) {
		const struct result *other = &w->all->items[i];

		if (other->verdict != VERDICT_FAIL || strlen(other->id) != n ||
		    strncmp(other->id, r->blocked_by, n))
			continue;
		if (at ? strcmp(other->vantage, at + 1) == 0 :
			 scope_joins(SCOPE_NODE, other, r))
			return w->explained[i] & (unsigned char)~EXPLAINED_RED;
	}
	return 0;
}

/**
 * cmp_ids() - Order of checks' names: "MTU-2" before "MTU-10"
 * @a:		Pointer to one
 * @b:		To the other
 *
 * Return: below, equal to or above 0
 */
static int cmp_ids(const void *a, const void *b)
{
	return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

/**
 * list_blocked() - Write a finding's list of checks that it blocks, in order
 * @w:		Work
 * @mark:	Number of the finding
 * @f:		Finding; .blocked is set
 */
static void list_blocked(const struct work *w, unsigned char mark,
			 struct finding *f)
{
	const char *ids[BLOCKED_MAX];
	size_t i, k, n_ids = 0, used = 0;
	int n;

	for (i = 0; i < w->all->n && n_ids < BLOCKED_MAX; i++) {
		const struct result *r = &w->all->items[i];

		if (r->verdict == VERDICT_BLOCKED ? root_of(w, r) != mark :
						    w->explained[i] != mark)
			continue;
		for (k = 0; k < n_ids && strcmp(ids[k], r->id); k++)
			;
		if (k == n_ids)
			ids[n_ids++] = r->id;
	}
	qsort(ids, n_ids, sizeof(*ids), cmp_ids);
	for (i = 0; i < n_ids; i++) {
		n = snprintf(f->blocked + used, sizeof(f->blocked) - used,
			     "%s%s", used ? " " : "", ids[i]);
		if (n < 0 || used + (size_t)n >= sizeof(f->blocked)) {
			f->blocked[used] = '\0';
			return;
		}
		used += (size_t)n;
	}
}

/**
 * diagnose() - Name the cause of what failed
 * @all:	Results of one vantage or of many
 * @ret:	The diagnosis; ended by diagnosis_release()
 *
 * Return: 0 or -ENOMEM
 */
int diagnose(const struct results *all, struct diagnosis *ret)
{
	struct diagnosis d = DIAGNOSIS_INIT;
	struct work w = { .all = all };
	struct finding *f = &d.primary;
	unsigned char mark = 1;
	size_t i;

	d.explained = calloc(all->n ? all->n : 1, 1);
	if (!d.explained)
		return -ENOMEM;
	d.n_explained = all->n;
	w.explained = d.explained;

	for (i = 0; i < n_rules && mark <= DIAGNOSIS_SECONDARY; i++) {
		if (!mark_evidence(&w, &rules[i], mark))
			continue;
		mark_consequences(&w, &rules[i], mark);
		f->cause = rules[i].cause;
		evidence_fill(all, w.explained, mark | EXPLAINED_RED,
			      &rules[i].seen, f);
		list_blocked(&w, mark, f);
		d.n_secondary = mark - 1U;
		f = &d.secondary[mark - 1];
		mark++;
	}
	*ret = d;
	return 0;
}

/**
 * diagnosis_block() - Turn failed results that are only consequences to blocked
 * @d:		Diagnosis of @all
 * @all:	The results it was made of
 *
 * Return: how many were turned
 */
size_t diagnosis_block(const struct diagnosis *d, struct results *all)
{
	size_t i, n = 0;

	for (i = 0; i < all->n && i < d->n_explained; i++) {
		unsigned char mark = d->explained[i];
		const struct finding *f;

		if (!mark || (mark & EXPLAINED_RED))
			continue;
		f = mark == 1 ? &d->primary : &d->secondary[mark - 2];
		all->items[i].verdict = VERDICT_BLOCKED;
		(void)snprintf(all->items[i].blocked_by,
			       sizeof(all->items[i].blocked_by), "%s",
			       cause_info(f->cause)->token);
		n++;
	}
	return n;
}

/**
 * diagnosis_release() - End a diagnosis
 * @d:		Diagnosis; may be used again afterwards
 */
void diagnosis_release(struct diagnosis *d)
{
	free(d->explained);
	*d = (struct diagnosis)DIAGNOSIS_INIT;
}
