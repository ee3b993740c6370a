/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/rest.h"

#include "netsetup/sysctl.h"

#include <string.h>

/**
 * sysctl_rests() - Ask about the interface of a sysctl
 * @test:	Question
 * @path:	Path of the sysctl
 *
 * Return: its answer; false where it is of none
 */
static bool sysctl_rests(const struct rest_test *test, const char *path)
{
	char dev[IFNAMSIZ];

	return sysctl_device(path, dev) &&
	       test->fn(test, strings_add_text(test->strings, dev));
}

/**
 * hops_rest() - Ask about the interface of each of several hops
 * @test:	Question
 * @hops:	String of struct hop, or 0
 *
 * Return: true if the answer is yes for one
 */
static bool hops_rest(const struct rest_test *test, uint32_t hops)
{
	size_t len = strings_len(test->strings, hops);

	for (size_t at = 0; hops && at < len; at += sizeof(struct hop)) {
		struct hop hop;

		memcpy(&hop, strings_get(test->strings, hops) + at,
		       sizeof(hop));
		if (test->fn(test, hop.dev))
			return true;
	}
	return false;
}

/**
 * rest_on() - Ask about the interfaces that an object is on
 * @test:	Question
 * @kind:	Kind; of links it is not asked
 * @object:	Object
 *
 * Return: true if the answer is yes for one of them
 */
bool rest_on(const struct rest_test *test, enum kind_id kind,
	     const void *object)
{
	const struct route *r = object;

	switch (kind) {
	case KIND_SYSCTL:
		return sysctl_rests(
			test,
			strings_get(test->strings,
				    ((const struct sysctl *)object)->path));
	case KIND_ADDRESS:
		return test->fn(test, ((const struct address *)object)->dev);
	case KIND_NEXTHOP:
		return test->fn(test, ((const struct nexthop *)object)->dev);
	case KIND_ROUTE:
		return test->fn(test, r->dev) || hops_rest(test, r->hops);
	case KIND_NEIGHBOUR:
		return test->fn(test, ((const struct neighbour *)object)->dev);
	case KIND_PROXY:
		return test->fn(test, ((const struct proxy *)object)->dev);
	default:
		return false;
	}
}

/**
 * has_nexthop() - Whether a nexthop object is one of several
 * @m:		Nexthops, sorted
 * @id:		Its id
 *
 * Return: true if it is
 */
static bool has_nexthop(const struct model *m, uint32_t id)
{
	const struct nexthop key = { .id = id };

	return model_find(m, KIND_NEXTHOP, &key) != NULL;
}

/**
 * rest_on_nexthop() - Whether an object uses one of several nexthop objects
 * @s:		Pool
 * @nexthops:	Those, sorted
 * @kind:	Kind
 * @object:	Object
 *
 * Return: true for a route or a group that does
 */
bool rest_on_nexthop(const struct strings *s, const struct model *nexthops,
		     enum kind_id kind, const void *object)
{
	const struct nexthop *n = object;
	size_t len;

	if (kind == KIND_ROUTE)
		return has_nexthop(nexthops,
				   ((const struct route *)object)->nexthop);
	len = kind == KIND_NEXTHOP && n->group ? strings_len(s, n->group) : 0;
	for (size_t at = 0; at < len; at += sizeof(struct group_member)) {
		struct group_member member;

		memcpy(&member, strings_get(s, n->group) + at, sizeof(member));
		if (has_nexthop(nexthops, member.id))
			return true;
	}
	return false;
}
