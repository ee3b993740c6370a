/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/nat64_table.h"

#define NSEC 1000000000LL

/**
 * nat64_offer() - A source says which prefix to use
 * @t:		Table
 * @hint:	What it says; PREF64 with lifetime 0 takes its offer back
 * @now_ns:	Time, monotonic
 */
void nat64_offer(struct nat64_table *t, const struct nat64_hint *hint,
		 int64_t now_ns)
{
	bool timed =
		hint->source == NAT64_PREF64 || hint->source == NAT64_RFC7050;

	if (hint->source <= NAT64_UNKNOWN || hint->source >= NAT64_SOURCE_MAX)
		return;
	if (hint->source == NAT64_PREF64 && hint->lifetime_s == 0) {
		nat64_withdraw(t, hint->source);
		return;
	}
	t->offers[hint->source] = (struct nat64_offer){
		.hint = *hint,
		.until_ns =
			timed ? now_ns + hint->lifetime_s * NSEC : NAT64_NEVER,
	};
}

/**
 * nat64_withdraw() - A source says that its prefix is to be used no more
 * @t:		Table
 * @source:	Source
 */
void nat64_withdraw(struct nat64_table *t, enum nat64_source source)
{
	t->offers[source] = (struct nat64_offer){ 0 };
}

/**
 * nat64_settle() - Decide which offer is in use
 * @t:		Table; .now is what was decided
 * @now_ns:	Time, monotonic
 *
 * Of two that ran out less than NAT64_HOLD_NS ago, and of two that did not, the better
 * source wins; so an offer held is replaced by a better one alone.
 *
 * Return: true where another prefix, or none, is now in use, or its source has changed
 */
bool nat64_settle(struct nat64_table *t, int64_t now_ns)
{
	struct nat64_hint next = { 0 };
	const struct nat64_offer *o;
	bool changed;
	int i;

	for (i = NAT64_UNKNOWN + 1; i < NAT64_SOURCE_MAX; i++) {
		o = &t->offers[i];
		if (o->hint.source == NAT64_UNKNOWN)
			continue;
		/* Only what is in use has something to lose. */
		if (o->until_ns <= now_ns &&
		    (o->hint.source != t->now.source ||
		     o->until_ns + NAT64_HOLD_NS <= now_ns))
			continue;
		next = o->hint;
		break;
	}
	changed = next.source != t->now.source ||
		  !prefix_equal(&next.prefix, &t->now.prefix);
	t->now = next;
	return changed;
}

/**
 * nat64_next() - When to settle again
 * @t:		Table
 * @now_ns:	Time, monotonic
 *
 * Return: time of the next end of a lifetime or of a hold; NAT64_NEVER
 */
int64_t nat64_next(const struct nat64_table *t, int64_t now_ns)
{
	int64_t next = NAT64_NEVER, at;
	int i;

	for (i = 0; i < NAT64_SOURCE_MAX; i++) {
		if (t->offers[i].hint.source == NAT64_UNKNOWN ||
		    t->offers[i].until_ns == NAT64_NEVER)
			continue;
		at = t->offers[i].until_ns;
		if (at <= now_ns)
			at += NAT64_HOLD_NS;
		if (at > now_ns)
			next = MIN(next, at);
	}
	return next;
}
