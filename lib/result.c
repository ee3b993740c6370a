/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/result.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERRNO_MAX 133 /* EHWPOISON, the last that Linux has */

static const char *const verdicts[] = {
	[VERDICT_PASS] = "pass", [VERDICT_FAIL] = "fail",
	[VERDICT_WARN] = "warn", [VERDICT_BLOCKED] = "blocked",
	[VERDICT_SKIP] = "skip", [VERDICT_UNKNOWN] = "unknown",
};
static_assert(ARRAY_SIZE(verdicts) == VERDICT_MAX,
	      "every verdict needs a name");

static const char *const levels[] = {
	[LEVEL_MUST] = "must",
	[LEVEL_SHOULD] = "should",
	[LEVEL_INFO] = "info",
};

/* A text field of struct result, by its name in JSON. */
struct field {
	const char *key;
	size_t offset;
	size_t size; /* bytes, with the NUL */
};

#define FIELD(name)                                           \
	{                                                     \
#name, offsetof(struct result, name),         \
			sizeof(((struct result *)NULL)->name) \
	}

static const struct field fields[] = {
	FIELD(id),     FIELD(variant), FIELD(vantage), FIELD(src),
	FIELD(dst),    FIELD(proto),   FIELD(reason),  FIELD(blocked_by),
	FIELD(detail), FIELD(clause),  FIELD(what),
};

/**
 * copy_text() - Put text into a field of fixed size, cut where it is too long
 * @to:		Field
 * @size:	Its bytes, at least 1
 * @from:	Text, or NULL for none
 */
static void copy_text(char *to, size_t size, const char *from)
{
	size_t n = from ? strnlen(from, size - 1) : 0;

	if (n)
		memcpy(to, from, n);
	to[n] = '\0';
}

/**
 * verdict_name() - A verdict as results spell it
 * @v:		Verdict
 *
 * Return: constant text; "unknown" for what is none
 */
const char *verdict_name(enum verdict v)
{
	return verdicts[(unsigned int)v < VERDICT_MAX ? v : VERDICT_UNKNOWN];
}

/**
 * verdict_parse() - Read a verdict
 * @text:	As verdict_name() spells it, or NULL
 * @ret:	Result
 *
 * Return: 0; -EINVAL
 */
int verdict_parse(const char *text, enum verdict *ret)
{
	for (unsigned int i = 0; text && i < VERDICT_MAX; i++) {
		if (strcmp(text, verdicts[i]) == 0) {
			*ret = (enum verdict)i;
			return 0;
		}
	}
	return -EINVAL;
}

/**
 * result_init() - A result that says nothing yet
 * @r:		Result; its verdict is VERDICT_UNKNOWN until somebody knows
 * @id:		Check, e.g. "N64-2"
 * @vantage:	"pod:NODE/POD" or "host:NODE"
 */
void result_init(struct result *r, const char *id, const char *vantage)
{
	*r = (struct result){
		.verdict = VERDICT_UNKNOWN,
		.via = { .icmp_type = -1, .icmp_code = -1 },
	};
	copy_text(r->id, sizeof(r->id), id);
	copy_text(r->vantage, sizeof(r->vantage), vantage);
}

/**
 * result_fact() - Note something for the diagnosis, instead of one of that name
 * @r:		Result
 * @key:	Name, e.g. "accept_ra"
 * @format:	Value, as for printf(); cut where it is too long
 *
 * Past RESULT_FACTS names the fact is dropped: the verdict does not rest on it.
 */
void result_fact(struct result *r, const char *key, const char *format, ...)
{
	struct result_fact *f = NULL;
	va_list args;

	for (size_t i = 0; i < r->n_facts && !f; i++)
		if (strcmp(r->facts[i].key, key) == 0)
			f = &r->facts[i];
	if (!f && r->n_facts == RESULT_FACTS)
		return;
	if (!f)
		f = &r->facts[r->n_facts++];

	copy_text(f->key, sizeof(f->key), key);
	va_start(args, format);
	(void)vsnprintf(f->value, sizeof(f->value), format, args);
	va_end(args);
}

/**
 * result_get_fact() - Look a fact up
 * @r:		Result
 * @key:	Name
 *
 * Return: its value, owned by @r; NULL where there is none
 */
const char *result_get_fact(const struct result *r, const char *key)
{
	for (size_t i = 0; i < r->n_facts; i++)
		if (strcmp(r->facts[i].key, key) == 0)
			return r->facts[i].value;
	return NULL;
}

/**
 * errno_parse() - Number of an errno by its name
 * @text:	"ENETUNREACH", or NULL
 *
 * Numbers differ between architectures, names do not: JSON has names.
 *
 * Return: the number; 0 where there is no such name
 */
static int errno_parse(const char *text)
{
	for (int e = 1; text && e <= ERRNO_MAX; e++) {
		const char *name = strerrorname_np(e);

		if (name && strcmp(name, text) == 0)
			return e;
	}
	return 0;
}

/**
 * set_text() - Put text into an object; the empty one as null
 * @j:		Object
 * @key:	Name
 * @text:	Text
 */
static void set_text(struct json *j, const char *key, const char *text)
{
	json_set_string(j, key, text && *text ? text : NULL);
}

/**
 * set_via() - Put what the kernel and the path said into a result's object
 * @j:		Result's object
 * @r:		Result
 */
static void set_via(struct json *j, const struct result *r)
{
	struct json *via;

	if (!r->via.error && r->via.icmp_type < 0 && !r->via.mtu) {
		json_set_null(j, "via");
		return;
	}
	via = json_set_object(j, "via");
	set_text(via, "errno",
		 r->via.error ? strerrorname_np(r->via.error) : "");
	if (r->via.icmp_type >= 0) {
		json_set_int(via, "icmp_type", r->via.icmp_type);
		json_set_int(via, "icmp_code", r->via.icmp_code);
	} else {
		json_set_null(via, "icmp_type");
		json_set_null(via, "icmp_code");
	}
	set_text(via, "offender", r->via.offender);
	if (r->via.mtu)
		json_set_int(via, "mtu", r->via.mtu);
	else
		json_set_null(via, "mtu");
}

/**
 * set_samples() - Put the figures of a series into a result's object
 * @j:		Result's object
 * @r:		Result
 */
static void set_samples(struct json *j, const struct result *r)
{
	struct json *samples;

	if (!r->samples.n) {
		json_set_null(j, "samples");
		return;
	}
	samples = json_set_object(j, "samples");
	json_set_int(samples, "n", r->samples.n);
	json_set_int(samples, "lost", r->samples.lost);
	json_set_int(samples, "min_ns", r->samples.min_ns);
	json_set_int(samples, "avg_ns", r->samples.avg_ns);
	json_set_int(samples, "max_ns", r->samples.max_ns);
}

/**
 * result_to_json() - A result as the object that programs exchange
 * @r:		Result
 *
 * Return: object that the caller ends by json_free(); NULL without memory
 */
struct json *result_to_json(const struct result *r)
{
	_cleanup_(json_freep) struct json *j = json_object();
	struct json *facts;

	if (!j)
		return NULL;
	json_set_string(j, "id", r->id);
	set_text(j, "variant", r->variant);
	json_set_string(j, "verdict", verdict_name(r->verdict));
	json_set_string(j, "level", levels[r->level]);
	for (size_t i = 2; i < ARRAY_SIZE(fields); i++)
		set_text(j, fields[i].key, (const char *)r + fields[i].offset);
	set_via(j, r);
	set_samples(j, r);
	json_set_int(j, "duration_ns", r->duration_ns);

	facts = json_set_object(j, "facts");
	for (size_t i = 0; i < r->n_facts; i++)
		json_set_string(facts, r->facts[i].key, r->facts[i].value);
	return TAKE_PTR(j);
}

/**
 * get_bounded() - A whole number within bounds
 * @j:		Object
 * @path:	Member
 * @none:	What to take where it is missing or out of bounds
 * @max:	Largest accepted; the smallest is 0
 *
 * Return: the number
 */
static int64_t get_bounded(const struct json *j, const char *path, int64_t none,
			   int64_t max)
{
	int64_t value = json_get_int(j, path, none);

	return value < 0 || value > max ? none : value;
}

/**
 * get_level() - Read a result's level
 * @text:	"must", "should", "info"; anything else counts as must
 *
 * Return: level
 */
static enum check_level get_level(const char *text)
{
	for (unsigned int i = 0; text && i < ARRAY_SIZE(levels); i++)
		if (strcmp(text, levels[i]) == 0)
			return (enum check_level)i;
	return LEVEL_MUST;
}

/**
 * result_from_json() - Read what result_to_json() wrote
 * @j:		Object
 * @ret:	Result
 *
 * Members that are missing or null are empty; unknown ones are left out, so that an
 * older program reads what a newer one wrote.
 *
 * Return: 0; -EBADMSG where it is no object or id, vantage or verdict is missing
 */
int result_from_json(const struct json *j, struct result *ret)
{
	const char *id = json_get_string(j, "id");
	const char *vantage = json_get_string(j, "vantage");
	const int64_t max = (int64_t)1 << 53;
	enum verdict verdict;
	struct result r;

	if (!json_is_object(j) || !id || !vantage ||
	    verdict_parse(json_get_string(j, "verdict"), &verdict) < 0)
		return -EBADMSG;

	result_init(&r, id, vantage);
	r.verdict = verdict;
	r.level = get_level(json_get_string(j, "level"));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		copy_text((char *)&r + fields[i].offset, fields[i].size,
			  json_get_string(j, fields[i].key));

	r.via.error = errno_parse(json_get_string(j, "via.errno"));
	r.via.icmp_type = (int)get_bounded(j, "via.icmp_type", -1, UINT8_MAX);
	r.via.icmp_code = (int)get_bounded(j, "via.icmp_code", -1, UINT8_MAX);
	copy_text(r.via.offender, sizeof(r.via.offender),
		  json_get_string(j, "via.offender"));
	r.via.mtu = (unsigned int)get_bounded(j, "via.mtu", 0, UINT32_MAX);

	r.samples.n = (unsigned int)get_bounded(j, "samples.n", 0, UINT32_MAX);
	r.samples.lost =
		(unsigned int)get_bounded(j, "samples.lost", 0, UINT32_MAX);
	r.samples.min_ns = get_bounded(j, "samples.min_ns", 0, max);
	r.samples.avg_ns = get_bounded(j, "samples.avg_ns", 0, max);
	r.samples.max_ns = get_bounded(j, "samples.max_ns", 0, max);
	r.duration_ns = get_bounded(j, "duration_ns", 0, max);

	for (const struct json *f = json_first(json_get(j, "facts")); f;
	     f = json_next(f))
		if (json_key(f) && json_string(f))
			result_fact(&r, json_key(f), "%s", json_string(f));
	*ret = r;
	return 0;
}

/**
 * results_add() - Put a copy of a result at the end of a list
 * @all:	List
 * @r:		Result
 *
 * Return: 0; -ENOMEM
 */
int results_add(struct results *all, const struct result *r)
{
	if (all->n == all->size) {
		size_t size = all->size ? all->size * 2 : 64;
		struct result *items =
			reallocarray(all->items, size, sizeof(*items));

		if (!items)
			return -ENOMEM;
		all->items = items;
		all->size = size;
	}
	all->items[all->n++] = *r;
	return 0;
}

/**
 * results_read_lines() - Add results from JSON lines
 * @all:	List; keeps what was read before a line that fails
 * @text:	Lines; need not end in NUL or newline, empty ones are skipped
 * @len:	Bytes
 *
 * Return: 0; -EBADMSG for a line that is no result, -ENOMEM
 */
int results_read_lines(struct results *all, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		_cleanup_(json_freep) struct json *j = NULL;
		struct result result;
		size_t n;
		int r;

		n = (size_t)((eol ? eol : end) - text);
		if (n) {
			r = json_parse(text, n, &j);
			if (r < 0)
				return r;
			r = result_from_json(j, &result);
			if (r < 0)
				return r;
			r = results_add(all, &result);
			if (r < 0)
				return r;
		}
		text += n + (eol ? 1 : 0);
	}
	return 0;
}

/**
 * results_release() - End a list; it is then empty and may be used again
 * @all:	List
 */
void results_release(struct results *all)
{
	free(all->items);
	*all = (struct results){ 0 };
}
