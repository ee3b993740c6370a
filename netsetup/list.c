/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/list.h"

#include "lib/addr.h"
#include "lib/doc.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

static const struct field hop_fields[] = {
	{ .name = "via",
	  .type = FIELD_ADDRESS,
	  .offset = offsetof(struct hop, via) },
	{ .name = "dev",
	  .type = FIELD_DEV,
	  .offset = offsetof(struct hop, dev) },
	{ .name = "weight",
	  .type = FIELD_U32,
	  .min = 1,
	  .max = 256,
	  .initial = 1,
	  .offset = offsetof(struct hop, weight) },
	{ 0 },
};

static const struct field member_fields[] = {
	{ .name = "id",
	  .type = FIELD_U32,
	  .min = 1,
	  .required = true,
	  .offset = offsetof(struct group_member, id) },
	{ .name = "weight",
	  .type = FIELD_U32,
	  .min = 1,
	  .max = 256,
	  .initial = 1,
	  .offset = offsetof(struct group_member, weight) },
	{ 0 },
};

/**
 * list_fields() - Fields of one entry of a list of objects
 * @type:	FIELD_HOPS or FIELD_GROUP
 *
 * Return: fields, ended by a NULL name
 */
const struct field *list_fields(enum field_type type)
{
	return type == FIELD_HOPS ? hop_fields : member_fields;
}

/**
 * read_entry() - One entry of a list of objects
 * @fields:	Its fields
 * @s:		Pool for texts
 * @d:		Document
 * @node:	Entry
 * @entry:	Zeroed entry to fill
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL, -ENOMEM
 */
static int read_entry(const struct field *fields, struct strings *s,
		      const struct doc *d, uint32_t node, void *entry,
		      struct buf *why)
{
	uint32_t seen = 0;

	if (doc_type(d, node) != DOC_OBJECT) {
		buf_puts(why, "expected an object");
		return -EINVAL;
	}
	for (uint32_t m = doc_first(d, node); m; m = doc_next(d, m)) {
		const struct field *f = fields;
		int r;

		while (f->name && strcmp(f->name, doc_key(d, m)) != 0)
			f++;
		if (!f->name) {
			buf_printf(why, "unknown key '%s'", doc_key(d, m));
			return -EINVAL;
		}
		r = field_read(f, s, d, m, entry, why);
		if (r < 0)
			return r;
		seen |= 1U << (f - fields);
	}
	for (const struct field *f = fields; f->name; f++)
		if (f->required && !(seen & 1U << (f - fields))) {
			buf_printf(why, "'%s' is missing", f->name);
			return -EINVAL;
		}
	return 0;
}

/**
 * read_words() - List of words
 * @d:		Document
 * @node:	List
 * @out:	Gets the words, each ended by NUL
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int read_words(const struct doc *d, uint32_t node, struct buf *out,
		      struct buf *why)
{
	for (uint32_t w = doc_first(d, node); w; w = doc_next(d, w)) {
		const char *text = doc_scalar(d, w);

		if (!text || !*text || doc_type(d, w) == DOC_NULL) {
			buf_puts(why, "expected a list of words");
			return -EINVAL;
		}
		buf_add(out, text, strlen(text) + 1);
	}
	return 0;
}

/**
 * list_read() - A list from a document
 * @type:	FIELD_WORDS, FIELD_HOPS or FIELD_GROUP
 * @s:		Pool that takes it
 * @d:		Document
 * @node:	List
 * @ret_id:	Its number
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL, -ENOMEM
 */
int list_read(enum field_type type, struct strings *s, const struct doc *d,
	      uint32_t node, uint32_t *ret_id, struct buf *why)
{
	_cleanup_(buf_release) struct buf all = BUF_INIT;
	int r = 0;

	if (type == FIELD_WORDS)
		r = read_words(d, node, &all, why);
	else if (doc_count(d, node) > LIST_MAX)
		r = -E2BIG;
	if (r == -E2BIG)
		buf_printf(why, "more than %d entries", LIST_MAX);
	for (uint32_t n = type == FIELD_WORDS ? 0 : doc_first(d, node);
	     n && r == 0; n = doc_next(d, n)) {
		struct hop hop = { .weight = 1 };
		struct group_member member = { .weight = 1 };
		bool is_hop = type == FIELD_HOPS;

		r = is_hop ? read_entry(hop_fields, s, d, n, &hop, why) :
			     read_entry(member_fields, s, d, n, &member, why);
		buf_add(&all, is_hop ? (void *)&hop : (void *)&member,
			is_hop ? sizeof(hop) : sizeof(member));
	}
	if (r == 0)
		r = buf_error(&all);
	if (r < 0)
		return r == -E2BIG ? -EINVAL : r;
	*ret_id = strings_add(s, all.data, all.len);
	return s->error;
}

/**
 * list_print() - A list on one line
 * @type:	FIELD_WORDS, FIELD_HOPS or FIELD_GROUP
 * @s:		Pool
 * @id:		Its number
 * @out:	Gets the text
 */
void list_print(enum field_type type, const struct strings *s, uint32_t id,
		struct buf *out)
{
	const char *at = strings_get(s, id), *end = at + strings_len(s, id);
	const char *sep = "";

	while (at < end) {
		struct hop hop;
		struct group_member member;
		struct addr a;

		buf_puts(out, sep);
		sep = " ";
		if (type == FIELD_WORDS) {
			buf_puts(out, at);
			at += strlen(at) + 1;
		} else if (type == FIELD_HOPS) {
			memcpy(&hop, at, sizeof(hop));
			a = addr_from_in6(&hop.via);
			buf_printf(out, "[via %s dev %s weight %u]",
				   ADDR_TEXT(&a), strings_get(s, hop.dev),
				   hop.weight);
			at += sizeof(hop);
		} else {
			memcpy(&member, at, sizeof(member));
			buf_printf(out, "%u*%u", member.id, member.weight);
			at += sizeof(member);
		}
	}
}

/**
 * list_to_json() - A list as documents write it
 * @type:	FIELD_WORDS, FIELD_HOPS or FIELD_GROUP
 * @s:		Pool
 * @id:		Its number
 *
 * Return: JSON array, owned by the caller
 */
struct json *list_to_json(enum field_type type, const struct strings *s,
			  uint32_t id)
{
	const char *at = strings_get(s, id), *end = at + strings_len(s, id);
	struct json *all = json_array();

	while (at < end) {
		const struct field *f = list_fields(type);
		size_t size = type == FIELD_HOPS ? sizeof(struct hop) :
						   sizeof(struct group_member);
		struct hop entry;
		struct json *j;

		if (type == FIELD_WORDS) {
			json_append_string(all, at);
			at += strlen(at) + 1;
			continue;
		}
		memcpy(&entry, at, size);
		j = json_append_object(all);
		for (; f->name; f++)
			if (!field_is_initial(f, &entry))
				field_to_json(f, s, &entry, j);
		at += size;
	}
	return all;
}
