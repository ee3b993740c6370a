/* SPDX-License-Identifier: Apache-2.0 */

/*
 * JSON (RFC 8259), by a cursor over the text: no recursion, nothing copied but what
 * goes into the tree. Stricter than the RFC in two points: a key may be given once
 * only, and no string may hold U+0000.
 */
#include "lib/buf.h"
#include "lib/doc-build.h"

#include <errno.h>
#include <string.h>

struct cursor {
	const char *p;
	const char *end;
	const char *bol; /* first byte of the current line */
	size_t line;
	struct doc_builder *b;
	struct buf scratch; /* a string with its escapes resolved */
};

/* What a byte does inside a string. */
enum { PLAIN, SPECIAL };
static const uint8_t in_string[256] = {
	[0 ... 0x1f] = SPECIAL,
	['"'] = SPECIAL,
	['\\'] = SPECIAL,
	[0x80 ... 0xff] = SPECIAL,
};

/**
 * pos_of() - Line and column of a place in the current line
 * @c:		Cursor
 * @p:		Place
 */
static struct doc_pos pos_of(const struct cursor *c, const char *p)
{
	return (struct doc_pos){ c->line, (size_t)(p - c->bol) + 1 };
}

/**
 * expected() - Fail because of what the cursor is at
 * @c:		Cursor
 * @what:	What should be there
 *
 * Return: -EBADMSG
 */
static int expected(struct cursor *c, const char *what)
{
	struct doc_pos pos = pos_of(c, c->p);
	unsigned char byte;

	if (c->p == c->end)
		return doc_fail(c->b->doc, pos, "expected %s, the text ends",
				what);
	byte = (unsigned char)*c->p;
	if (byte > 0x20 && byte < 0x7f)
		return doc_fail(c->b->doc, pos, "expected %s, not '%c'", what,
				byte);
	return doc_fail(c->b->doc, pos, "expected %s, not byte 0x%02x", what,
			byte);
}

/**
 * skip_space() - Go to the next byte that is not white space
 * @c:		Cursor
 */
static void skip_space(struct cursor *c)
{
	for (; c->p < c->end; c->p++) {
		if (*c->p == '\n') {
			c->line++;
			c->bol = c->p + 1;
		} else if (*c->p != ' ' && *c->p != '\t' && *c->p != '\r') {
			break;
		}
	}
}

/**
 * read_hex4() - The four digits of an escape
 * @p:		First digit
 * @end:	End of the text
 *
 * Return: 0..0xffff, or -1
 */
static int read_hex4(const char *p, const char *end)
{
	int value = 0, i, digit;

	if (end - p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		if (p[i] >= '0' && p[i] <= '9')
			digit = p[i] - '0';
		else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')
			digit = (p[i] | 0x20) - 'a' + 10;
		else
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/**
 * put_utf8() - Append a code point
 * @b:		Buffer
 * @u:		Code point
 */
static void put_utf8(struct buf *b, uint32_t u)
{
	if (u < 0x80) {
		buf_putc(b, (char)u);
		return;
	}
	if (u < 0x800) {
		buf_putc(b, (char)(0xc0 | u >> 6));
	} else {
		if (u < 0x10000) {
			buf_putc(b, (char)(0xe0 | u >> 12));
		} else {
			buf_putc(b, (char)(0xf0 | u >> 18));
			buf_putc(b, (char)(0x80 | (u >> 12 & 0x3f)));
		}
		buf_putc(b, (char)(0x80 | (u >> 6 & 0x3f)));
	}
	buf_putc(b, (char)(0x80 | (u & 0x3f)));
}

/**
 * read_unicode() - Resolve a \u escape, or a pair of them
 * @c:		Cursor, at the backslash; ends behind the escape
 *
 * Return: 0, -EBADMSG
 */
static int read_unicode(struct cursor *c)
{
	int high = read_hex4(c->p + 2, c->end), low;
	uint32_t u;

	if (high < 0)
		return doc_fail(c->b->doc, pos_of(c, c->p),
				"expected four hexadecimal digits after '\\u'");
	u = (uint32_t)high;
	if (high >= 0xd800 && high < 0xdc00 && c->end - c->p >= 12 &&
	    c->p[6] == '\\' && c->p[7] == 'u') {
		low = read_hex4(c->p + 8, c->end);
		if (low >= 0xdc00 && low < 0xe000) {
			u = 0x10000 + ((uint32_t)(high - 0xd800) << 10) +
			    (uint32_t)(low - 0xdc00);
			c->p += 6;
		}
	}
	if (u == 0 || (u >= 0xd800 && u < 0xe000))
		return doc_fail(c->b->doc, pos_of(c, c->p),
				u ? "half a surrogate pair" :
				    "a string cannot hold U+0000");
	put_utf8(&c->scratch, u);
	c->p += 6;
	return 0;
}

/**
 * read_escape() - Resolve one escape into the scratch buffer
 * @c:		Cursor, at the backslash; ends behind the escape
 *
 * Return: 0, -EBADMSG
 */
static int read_escape(struct cursor *c)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (c->end - c->p < 2) {
		c->p = c->end;
		return expected(c, "'\"'");
	}
	if (c->p[1] == 'u')
		return read_unicode(c);
	found = c->p[1] ? strchr(names, c->p[1]) : NULL;
	if (!found)
		return doc_fail(c->b->doc, pos_of(c, c->p), "unknown escape");
	buf_putc(&c->scratch, values[found - names]);
	c->p += 2;
	return 0;
}

/**
 * utf8_len() - Length of the well-formed UTF-8 sequence at a place (RFC 3629)
 * @p:		Lead byte, 0x80 or above
 * @end:	End of the text
 *
 * Return: 2..4, or 0 where it is malformed
 */
static size_t utf8_len(const char *p, const char *end)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2, i;
	uint32_t u = s[0] & (0x7fU >> n);
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	if (s[0] < 0xc2 || s[0] > 0xf4 || (size_t)(end - p) < n)
		return 0;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		u = u << 6 | (s[i] & 0x3f);
	}
	if (u < least[n] || u > 0x10ffff || (u >= 0xd800 && u < 0xe000))
		return 0;
	return n;
}

/**
 * read_string_slow() - Read the rest of a string that holds escapes or UTF-8
 * @c:		Cursor, at the first such byte; ends behind the closing quote
 * @start:	First byte of the string
 * @ret_text:	Its text, in the scratch buffer
 * @ret_len:	Its bytes
 *
 * Return: 0, -EBADMSG, -ENOMEM
 */
static int read_string_slow(struct cursor *c, const char *start,
			    const char **ret_text, size_t *ret_len)
{
	size_t n;
	int r;

	buf_clear(&c->scratch);
	buf_add(&c->scratch, start, (size_t)(c->p - start));
	while (c->p < c->end && *c->p != '"') {
		if (*c->p == '\\') {
			r = read_escape(c);
			if (r < 0)
				return r;
			continue;
		}
		n = 1;
		if ((unsigned char)*c->p >= 0x80)
			n = utf8_len(c->p, c->end);
		if (!n)
			return doc_fail(c->b->doc, pos_of(c, c->p),
					"not UTF-8");
		if ((unsigned char)*c->p < 0x20)
			return doc_fail(c->b->doc, pos_of(c, c->p),
					"a string goes on past its line, or "
					"holds a control character");
		buf_add(&c->scratch, c->p, n);
		c->p += n;
	}
	if (c->p == c->end)
		return expected(c, "'\"'");
	r = buf_error(&c->scratch);
	if (r < 0)
		return r;
	*ret_text = buf_text(&c->scratch);
	*ret_len = c->scratch.len;
	c->p++;
	return 0;
}

/**
 * read_string() - Read a string
 * @c:		Cursor, at the opening quote; ends behind the closing one
 * @ret_text:	Its text; valid until the next string
 * @ret_len:	Its bytes
 *
 * Return: 0, -EBADMSG, -ENOMEM
 */
static int read_string(struct cursor *c, const char **ret_text, size_t *ret_len)
{
	const char *start = ++c->p, *p = start, *end = c->end;

	while (p < end && in_string[(unsigned char)*p] == PLAIN)
		p++;
	c->p = p;
	if (p == end || *p != '"')
		return read_string_slow(c, start, ret_text, ret_len);
	*ret_text = start;
	*ret_len = (size_t)(p - start);
	c->p++;
	return 0;
}

/**
 * digits() - Skip decimal digits
 * @p:		Place
 * @end:	End of the text
 *
 * Return: first byte that is none
 */
static const char *digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/**
 * read_number() - Read a number, kept as it is written
 * @c:		Cursor, at its first byte; ends behind it
 *
 * Return: 0, -EBADMSG, -ENOMEM
 */
static int read_number(struct cursor *c)
{
	const char *start = c->p, *p = start, *from;
	struct doc_pos pos = pos_of(c, start);

	if (*p == '-')
		p++;
	from = p;
	p = p < c->end && *p == '0' ? p + 1 : digits(p, c->end);
	if (p > from && p < c->end && *p == '.') {
		from = p + 1;
		p = digits(from, c->end);
	}
	if (p > from && p < c->end && (*p | 0x20) == 'e') {
		from = p + 1;
		if (from < c->end && (*from == '+' || *from == '-'))
			from++;
		p = digits(from, c->end);
	}
	c->p = p;
	if (p == from)
		return expected(c, "a digit");
	return doc_build_scalar(c->b, DOC_NUMBER, start, (size_t)(p - start),
				pos);
}

/**
 * read_word() - Read true, false or null
 * @c:		Cursor, at its first byte; ends behind it
 *
 * Return: 0, -EBADMSG, -ENOMEM
 */
static int read_word(struct cursor *c)
{
	static const struct {
		const char *text;
		size_t len;
		enum doc_type type;
	} words[] = {
		{ "true", 4, DOC_BOOL },
		{ "false", 5, DOC_BOOL },
		{ "null", 4, DOC_NULL },
	};
	struct doc_pos pos = pos_of(c, c->p);
	size_t i, left = (size_t)(c->end - c->p);

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (left < words[i].len ||
		    memcmp(c->p, words[i].text, words[i].len) != 0)
			continue;
		c->p += words[i].len;
		return doc_build_scalar(c->b, words[i].type, words[i].text,
					words[i].len, pos);
	}
	return expected(c, "a value");
}

/**
 * read_value() - Read a scalar, or the beginning of a container
 * @c:		Cursor, at its first byte; ends behind what was read
 *
 * Return: 0, -EBADMSG, -ENOMEM
 */
static int read_value(struct cursor *c)
{
	struct doc_pos pos = pos_of(c, c->p);
	const char *text;
	size_t len;
	int r;

	if (c->p == c->end)
		return expected(c, "a value");
	switch (*c->p) {
	case '{':
	case '[':
		return doc_build_open(
			c->b, *c->p++ == '{' ? DOC_OBJECT : DOC_ARRAY, pos);
	case '"':
		r = read_string(c, &text, &len);
		if (r < 0)
			return r;
		return doc_build_scalar(c->b, DOC_STRING, text, len, pos);
	case '-':
	case '0' ... '9':
		return read_number(c);
	default:
		return read_word(c);
	}
}

/**
 * read_key() - Read a member's name and the colon
 * @c:		Cursor, at the name; ends at the member's value
 *
 * Return: 0, -EBADMSG, -ENOMEM
 */
static int read_key(struct cursor *c)
{
	const char *text;
	size_t len;
	int r;

	if (c->p == c->end || *c->p != '"')
		return expected(c, "a key in double quotes");
	r = read_string(c, &text, &len);
	if (r < 0)
		return r;
	r = doc_build_key(c->b, text, len);
	if (r < 0)
		return r;
	skip_space(c);
	if (c->p == c->end || *c->p != ':')
		return expected(c, "':'");
	c->p++;
	skip_space(c);
	return 0;
}

/**
 * read_item() - Read the next item of the open container, or its end
 * @c:		Cursor, not at white space
 * @first:	Whether it is the first item; false after a value
 *
 * Return: 0, -EBADMSG, -ENOMEM
 */
static int read_item(struct cursor *c, bool first)
{
	bool object = doc_build_in(c->b) == DOC_OBJECT;
	char close = object ? '}' : ']';
	int r;

	if (c->p < c->end && *c->p == close) {
		c->p++;
		return doc_build_close(c->b);
	}
	if (!first) {
		if (c->p == c->end || *c->p != ',')
			return expected(c,
					object ? "',' or '}'" : "',' or ']'");
		c->p++;
		skip_space(c);
	}
	if (object) {
		r = read_key(c);
		if (r < 0)
			return r;
	}
	return read_value(c);
}

/**
 * doc_read_json() - Read a JSON text into a tree
 * @b:		Builder
 * @text:	Text
 * @len:	Its bytes
 *
 * Return: 0, -EBADMSG, -ENOMEM
 */
int doc_read_json(struct doc_builder *b, const char *text, size_t len)
{
	struct cursor c = {
		.p = text,
		.end = text + len,
		.bol = text,
		.line = 1,
		.b = b,
		.scratch = { .max = DOC_BYTES },
	};
	unsigned int depth = 0;
	int r;

	skip_space(&c);
	r = read_value(&c);
	while (r == 0 && b->depth) {
		/* One deeper than before: nothing was read in there yet. */
		bool first = b->depth > depth;

		depth = b->depth;
		skip_space(&c);
		r = read_item(&c, first);
	}
	if (r == 0) {
		skip_space(&c);
		if (c.p < c.end)
			r = expected(&c, "the end of the text");
	}
	buf_release(&c.scratch);
	return r;
}
