/* SPDX-License-Identifier: Apache-2.0 */

/*
 * YAML, the only door to libyaml: its events become the tree. Types are those of the
 * YAML 1.2 core schema, not of 1.1: "no" and "1:2:3" are strings.
 */
#include "lib/doc-build.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

/**
 * pos_of() - Place of a mark
 * @mark:	libyaml's, counted from 0
 */
static struct doc_pos pos_of(const yaml_mark_t *mark)
{
	return (struct doc_pos){ mark->line + 1, mark->column + 1 };
}

/**
 * is_one_of() - Whether a text is one of some words
 * @text:	Text
 * @words:	Words, ending in NULL
 */
static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

/**
 * is_number() - Whether a plain scalar is a number
 * @s:		Text
 *
 * Return: true for decimal integers and fractions, 0x... and 0o...
 */
static bool is_number(const char *s)
{
	static const char dec[] = "0123456789";
	size_t n;

	if (*s == '-' || *s == '+')
		s++;
	if (s[0] == '0' && s[1] == 'x')
		return s[2] && !s[2 + strspn(s + 2, "0123456789abcdefABCDEF")];
	if (s[0] == '0' && s[1] == 'o')
		return s[2] && !s[2 + strspn(s + 2, "01234567")];
	n = strspn(s, dec);
	s += n;
	if (*s == '.') {
		n += strspn(s + 1, dec);
		s += 1 + strspn(s + 1, dec);
	}
	if (n && (*s == 'e' || *s == 'E')) {
		s++;
		if (*s == '-' || *s == '+')
			s++;
		n = strspn(s, dec);
		s += n;
	}
	return n && !*s;
}

/**
 * type_of() - Type of a scalar
 * @event:	Scalar event
 */
static enum doc_type type_of(const yaml_event_t *event)
{
	static const char *const nulls[] = { "",     "~",    "null",
					     "Null", "NULL", NULL };
	static const char *const bools[] = { "true",  "True",  "TRUE", "false",
					     "False", "FALSE", NULL };
	const char *text = (const char *)event->data.scalar.value;

	if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return DOC_STRING;
	if (is_one_of(text, nulls))
		return DOC_NULL;
	if (is_one_of(text, bools))
		return DOC_BOOL;
	return is_number(text) ? DOC_NUMBER : DOC_STRING;
}

/**
 * fail_parser() - Word libyaml's own error
 * @b:		Builder
 * @parser:	Parser that failed
 * @text:	The whole text
 * @len:	Its bytes
 *
 * People write `via: fe80::1` and `[::1]` and are told of mappings; so say what to do.
 *
 * Return: -EBADMSG, -ENOMEM
 */
static int fail_parser(struct doc_builder *b, const yaml_parser_t *parser,
		       const char *text, size_t len)
{
	const char *problem = parser->problem ? parser->problem : "malformed";
	size_t from = parser->problem_mark.index, to;

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (parser->error == YAML_READER_ERROR) {
		/* The reader knows the byte only. */
		struct doc_pos pos = { 1, 1 };
		size_t i;

		for (i = 0; i < MIN(parser->problem_offset, len); i++)
			pos = text[i] == '\n' ?
				      (struct doc_pos){ pos.line + 1, 1 } :
				      (struct doc_pos){ pos.line,
							pos.column + 1 };
		return doc_fail(b->doc, pos, "%s", problem);
	}
	from = MIN(from, len);
	to = from;
	while (from > 0 && text[from - 1] != '\n')
		from--;
	while (to < len && text[to] != '\n')
		to++;
	return doc_fail(b->doc, pos_of(&parser->problem_mark), "%s%s", problem,
			memmem(text + from, to - from, "::", 2) ?
				" (an IPv6 address needs quotes)" :
				"");
}

/**
 * add_scalar() - Add a scalar, as key or as value
 * @b:		Builder
 * @event:	Scalar event
 * @key:	Whether it is a member's name
 *
 * Return: 0, -EBADMSG, -ENOMEM
 */
static int add_scalar(struct doc_builder *b, const yaml_event_t *event,
		      bool key)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	if (memchr(text, '\0', len))
		return doc_fail(b->doc, pos_of(&event->start_mark),
				"a text cannot hold U+0000");
	if (key)
		return doc_build_key(b, text, len);
	return doc_build_scalar(b, type_of(event), text, len,
				pos_of(&event->start_mark));
}

/**
 * refused() - What an event uses that documents must not
 * @event:	Event
 *
 * Return: words, or NULL
 */
static const char *refused(const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return "aliases are not allowed";
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	default:
		break;
	}
	return anchor ? "anchors are not allowed" :
	       tag    ? "tags are not allowed" :
			NULL;
}

/**
 * take_event() - Put one event into the tree
 * @b:		Builder
 * @event:	Event
 *
 * Return: 0, -EBADMSG, -ENOMEM
 */
static int take_event(struct doc_builder *b, const yaml_event_t *event)
{
	bool key = doc_build_in(b) == DOC_OBJECT && !b->key;
	struct doc_pos pos = pos_of(&event->start_mark);
	const char *why = refused(event);

	if (why)
		return doc_fail(b->doc, pos, "%s", why);
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->doc->n_nodes)
			return doc_fail(b->doc, pos,
					"a second document begins");
		return 0;
	case YAML_SCALAR_EVENT:
		return add_scalar(b, event, key);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		if (key)
			return doc_fail(b->doc, pos,
					"a key must be a plain text");
		return doc_build_open(b,
				      event->type == YAML_MAPPING_START_EVENT ?
					      DOC_OBJECT :
					      DOC_ARRAY,
				      pos);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return doc_build_close(b);
	default:
		return 0;
	}
}

/**
 * doc_read_yaml() - Read a YAML text into a tree
 * @b:		Builder
 * @text:	Text
 * @len:	Its bytes
 *
 * Return: 0, -EBADMSG, -ENOMEM
 */
int doc_read_yaml(struct doc_builder *b, const char *text, size_t len)
{
	yaml_parser_t parser;
	yaml_event_t event;
	bool ended = false;
	int r = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (r == 0 && !ended) {
		if (!yaml_parser_parse(&parser, &event)) {
			r = fail_parser(b, &parser, text, len);
			break;
		}
		ended = event.type == YAML_STREAM_END_EVENT;
		r = take_event(b, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	if (r == 0 && !b->doc->n_nodes)
		r = doc_fail(b->doc, (struct doc_pos){ 1, 1 },
			     "the document is empty");
	return r;
}
