/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/kind.h"

#include "lib/addr.h"
#include "lib/doc.h"
#include "lib/opt.h"
#include "netsetup/list.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_AT(type, object, f) ((type *)((char *)(object) + (f)->offset))
#define FIELD_IN(type, object, f) \
	((const type *)((const char *)(object) + (f)->offset))

/**
 * field_size() - Bytes that a field takes in its object
 * @f:		Field
 *
 * Return: bytes, without a prefix's length
 */
static size_t field_size(const struct field *f)
{
	static const uint8_t sizes[FIELD_MAX] = {
		[FIELD_FLAG] = 1,     [FIELD_U8] = 1,      [FIELD_U16] = 2,
		[FIELD_U32] = 4,      [FIELD_CHOICE] = 1,  [FIELD_SECONDS] = 4,
		[FIELD_MODE] = 4,     [FIELD_TEXT] = 4,    [FIELD_DEV] = 4,
		[FIELD_ADDRESS] = 16, [FIELD_PREFIX] = 16, [FIELD_HOST] = 16,
		[FIELD_MAC] = 6,      [FIELD_WORDS] = 4,   [FIELD_HOPS] = 4,
		[FIELD_GROUP] = 4,
	};

	return sizes[f->type];
}

/**
 * load_number() - A numeric field of any width
 * @f:		Field of one, two or four bytes
 * @object:	Object
 *
 * Return: value
 */
static uint32_t load_number(const struct field *f, const void *object)
{
	switch (field_size(f)) {
	case 1:
		return *FIELD_IN(uint8_t, object, f);
	case 2:
		return *FIELD_IN(uint16_t, object, f);
	default:
		return *FIELD_IN(uint32_t, object, f);
	}
}

/**
 * store_number() - The same the other way
 * @f:		Field of one, two or four bytes
 * @object:	Object
 * @value:	Value, within the field
 */
static void store_number(const struct field *f, void *object, uint32_t value)
{
	switch (field_size(f)) {
	case 1:
		*FIELD_AT(uint8_t, object, f) = (uint8_t)value;
		break;
	case 2:
		*FIELD_AT(uint16_t, object, f) = (uint16_t)value;
		break;
	default:
		*FIELD_AT(uint32_t, object, f) = value;
	}
}

/**
 * kind_init_object() - Give an object the values of a document that says nothing
 * @k:		Kind
 * @object:	Zeroed object
 */
void kind_init_object(const struct kind *k, void *object)
{
	for (const struct field *f = k->fields; f->name; f++)
		if (f->initial)
			store_number(f, object, f->initial);
	if (k->protocol)
		((uint8_t *)object)[k->protocol] = NETSETUP_PROTO;
}

/**
 * object_protocol() - Owner's tag of an object
 * @k:		Kind that has one
 * @object:	Object
 *
 * Return: protocol number
 */
uint8_t object_protocol(const struct kind *k, const void *object)
{
	return ((const uint8_t *)object)[k->protocol];
}

/**
 * field_top() - The largest number that a field takes
 * @f:		Field of one, two or four bytes
 *
 * Return: number
 */
uint32_t field_top(const struct field *f)
{
	return f->max             ? f->max :
	       field_size(f) == 1 ? UINT8_MAX :
	       field_size(f) == 2 ? UINT16_MAX :
				    UINT32_MAX;
}

/**
 * read_number() - Decimal number within a field's bounds
 * @f:		Field
 * @text:	Text
 * @ret:	Value
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int read_number(const struct field *f, const char *text, uint32_t *ret,
		       struct buf *why)
{
	uint32_t top = field_top(f);
	uint64_t value = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && value <= UINT32_MAX; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	if (p == text || *p) {
		buf_printf(why, "'%s' is not a number", text);
		return -EINVAL;
	}
	if (value < f->min || value > top) {
		buf_printf(why, "%s is not between %u and %u", text, f->min,
			   top);
		return -EINVAL;
	}
	*ret = (uint32_t)value;
	return 0;
}

/**
 * read_seconds() - Lifetime
 * @text:	"forever", or a length of time
 * @ret:	Seconds
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int read_seconds(const char *text, uint32_t *ret, struct buf *why)
{
	int64_t ns;

	if (strcmp(text, "forever") == 0) {
		*ret = FOREVER;
		return 0;
	}
	if (opt_parse_duration(text, &ns) < 0 ||
	    ns / 1000000000 >= (int64_t)FOREVER || ns % 1000000000) {
		buf_printf(why,
			   "'%s' is not a lifetime such as 3600s or forever",
			   text);
		return -EINVAL;
	}
	*ret = (uint32_t)(ns / 1000000000);
	return 0;
}

/**
 * read_choice() - One of a few words
 * @f:		Field
 * @text:	Text
 * @ret:	Value
 * @why:	Says what is wrong, with a suggestion
 *
 * Return: 0; -EINVAL
 */
static int read_choice(const struct field *f, const char *text, uint32_t *ret,
		       struct buf *why)
{
	const char *names[32];
	const char *close;
	size_t n = 0;

	for (const struct choice *c = f->choices; c->name; c++) {
		if (strcmp(c->name, text) == 0) {
			*ret = c->value;
			return 0;
		}
		if (n < ARRAY_SIZE(names))
			names[n++] = c->name;
	}
	buf_printf(why, "unknown value '%s'", text);
	close = opt_suggest(text, names, n);
	if (close) {
		buf_printf(why, ", did you mean '%s'?", close);
		return -EINVAL;
	}
	for (size_t i = 0; i < n; i++)
		buf_printf(why, "%s '%s'", i == 0 ? ", one of" : ",", names[i]);
	return -EINVAL;
}

/**
 * address_error() - Say why an address was refused
 * @r:		From addr_parse6() and its like
 * @text:	As written
 * @what:	"an IPv6 address"
 * @why:	Gets the words
 *
 * Return: -EINVAL
 */
static int address_error(int r, const char *text, const char *what,
			 struct buf *why)
{
	if (r == -EAFNOSUPPORT)
		buf_printf(why, "'%s' is IPv4, this is for IPv6 alone", text);
	else if (r == -EADDRNOTAVAIL)
		buf_printf(why, "'%s' has bits set past its prefix length",
			   text);
	else if (r == -ERANGE)
		buf_printf(why, "'%s': the longest prefix is /128", text);
	else
		buf_printf(why, "'%s' is not %s", text, what);
	return -EINVAL;
}

/**
 * read_prefix() - Prefix, or address with prefix length
 * @f:		Field
 * @text:	Text; without a length it is /128
 * @object:	Object
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int read_prefix(const struct field *f, const char *text, void *object,
		       struct buf *why)
{
	struct prefix p = { .addr = { .family = AF_INET6 } };
	struct in6_addr in6;
	int r = 0;

	if (f->type == FIELD_HOST)
		r = prefix_parse_host(text, &p);
	else if (strcmp(text, "default") != 0)
		r = strchr(text, '/') ? prefix_parse6(text, &p) :
					addr_parse6(text, &p.addr);
	if (r == 0 && !strchr(text, '/') && strcmp(text, "default") != 0)
		p.len = 128;
	if (r == 0 && p.addr.family != AF_INET6)
		r = -EAFNOSUPPORT;
	if (r < 0)
		return address_error(r, text, "an IPv6 prefix", why);
	in6 = addr_to_in6(&p.addr);
	*FIELD_AT(struct in6_addr, object, f) = in6;
	((uint8_t *)object)[f->extra] = p.len;
	return 0;
}

/**
 * read_text() - Interface name or free text
 * @f:		Field
 * @s:		Pool that takes it
 * @text:	Text
 * @object:	Object
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL, -ENOMEM
 */
static int read_text(const struct field *f, struct strings *s, const char *text,
		     void *object, struct buf *why)
{
	size_t len = strlen(text);

	if (f->type == FIELD_DEV &&
	    (len == 0 || len >= IFNAMSIZ || strpbrk(text, "/ :\t\n") ||
	     strcmp(text, ".") == 0 || strcmp(text, "..") == 0)) {
		buf_printf(why, "'%s' is not the name of an interface", text);
		return -EINVAL;
	}
	*FIELD_AT(uint32_t, object, f) = strings_add(s, text, len);
	return s->error;
}

/**
 * read_mac() - Link-layer address
 * @text:	"02:00:00:00:00:01"
 * @mac:	Result
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int read_mac(const char *text, uint8_t mac[6], struct buf *why)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[6] = { 0 };
	const char *p = text;

	for (size_t i = 0; i < 12; i++) {
		char c = (char)(*p >= 'A' && *p <= 'F' ? *p + 32 : *p);
		const char *digit = c ? strchr(digits, c) : NULL;

		if (!digit)
			break;
		bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | (digit - digits));
		p++;
		if (i == 11 && !*p) {
			memcpy(mac, bytes, 6);
			return 0;
		}
		if (i % 2 && *p++ != ':')
			break;
	}
	buf_printf(why,
		   "'%s' is not a link-layer address such as 02:00:00:00:00:01",
		   text);
	return -EINVAL;
}

/**
 * read_scalar() - Value of a field that is one scalar
 * @f:		Field
 * @s:		Pool for texts
 * @text:	As written
 * @object:	Object
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL, -ENOMEM
 */
static int read_scalar(const struct field *f, struct strings *s,
		       const char *text, void *object, struct buf *why)
{
	uint32_t value = 0;
	struct addr a;
	char *end;
	int r;

	switch (f->type) {
	case FIELD_FLAG:
		value = strcmp(text, "true") == 0;
		r = value || strcmp(text, "false") == 0 ? 0 : -EINVAL;
		if (r < 0)
			buf_printf(why, "'%s' is not true or false", text);
		break;
	case FIELD_U8:
	case FIELD_U16:
	case FIELD_U32:
		r = read_number(f, text, &value, why);
		break;
	case FIELD_CHOICE:
		r = read_choice(f, text, &value, why);
		break;
	case FIELD_SECONDS:
		r = read_seconds(text, &value, why);
		break;
	case FIELD_MODE:
		value = (uint32_t)strtoul(text, &end, 8);
		r = *text && !*end && value <= 07777 ? 0 : -EINVAL;
		if (r < 0)
			buf_printf(why, "'%s' is not a mode such as 0644",
				   text);
		break;
	case FIELD_ADDRESS:
		r = addr_parse6(text, &a);
		if (r < 0)
			return address_error(r, text, "an IPv6 address", why);
		*FIELD_AT(struct in6_addr, object, f) = addr_to_in6(&a);
		return 0;
	case FIELD_PREFIX:
	case FIELD_HOST:
		return read_prefix(f, text, object, why);
	case FIELD_MAC:
		return read_mac(text, FIELD_AT(uint8_t, object, f), why);
	default:
		return read_text(f, s, text, object, why);
	}
	if (r == 0)
		store_number(f, object, value);
	return r;
}

/**
 * field_read() - Value of a field from a document
 * @f:		Field
 * @s:		Pool for texts
 * @d:		Document
 * @node:	The value
 * @object:	Object to fill
 * @why:	Says what is wrong, without the subject
 *
 * Return: 0; -EINVAL, -ENOMEM
 */
int field_read(const struct field *f, struct strings *s, const struct doc *d,
	       uint32_t node, void *object, struct buf *why)
{
	bool list = f->type == FIELD_WORDS || f->type == FIELD_HOPS ||
		    f->type == FIELD_GROUP;
	bool null = doc_type(d, node) == DOC_NULL;
	const char *text = null ? NULL : doc_scalar(d, node);

	if (null && !f->required)
		return 0; /* as if it were not there */
	if (list && doc_type(d, node) != DOC_ARRAY) {
		buf_puts(why, "expected a list");
		return -EINVAL;
	}
	if (f->set)
		((struct link *)object)->set |= f->set;
	if (list)
		return list_read(f->type, s, d, node,
				 FIELD_AT(uint32_t, object, f), why);
	if (!text) {
		buf_puts(why, "expected one value");
		return -EINVAL;
	}
	return read_scalar(f, s, text, object, why);
}

/**
 * print_seconds() - Lifetime as documents write it
 * @value:	Seconds
 * @out:	Gets the text
 */
static void print_seconds(uint32_t value, struct buf *out)
{
	if (value == FOREVER)
		buf_puts(out, "forever");
	else
		buf_printf(out, "%us", value);
}

/**
 * field_print() - Value of a field as documents write it
 * @f:		Field
 * @s:		Pool
 * @object:	Object
 * @out:	Gets the text
 */
void field_print(const struct field *f, const struct strings *s,
		 const void *object, struct buf *out)
{
	const struct in6_addr *in6 = FIELD_IN(struct in6_addr, object, f);
	const uint8_t *mac = FIELD_IN(uint8_t, object, f);
	struct prefix p = { 0 };

	switch (f->type) {
	case FIELD_FLAG:
		buf_puts(out, *FIELD_IN(uint8_t, object, f) ? "true" : "false");
		return;
	case FIELD_CHOICE:
		for (const struct choice *c = f->choices; c->name; c++)
			if (c->value == *FIELD_IN(uint8_t, object, f)) {
				buf_puts(out, c->name);
				return;
			}
		buf_printf(out, "%u", *FIELD_IN(uint8_t, object, f));
		return;
	case FIELD_SECONDS:
		print_seconds(load_number(f, object), out);
		return;
	case FIELD_MODE:
		buf_printf(out, "%04o", load_number(f, object));
		return;
	case FIELD_TEXT:
	case FIELD_DEV:
		buf_puts(out, strings_get(s, load_number(f, object)));
		return;
	case FIELD_ADDRESS:
		p.addr = addr_from_in6(in6);
		buf_puts(out, ADDR_TEXT(&p.addr));
		return;
	case FIELD_PREFIX:
	case FIELD_HOST:
		p.addr = addr_from_in6(in6);
		p.len = ((const uint8_t *)object)[f->extra];
		buf_puts(out, p.len == 0 ? "default" : PREFIX_TEXT(&p));
		return;
	case FIELD_MAC:
		buf_printf(out, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
			   mac[2], mac[3], mac[4], mac[5]);
		return;
	case FIELD_WORDS:
	case FIELD_HOPS:
	case FIELD_GROUP:
		list_print(f->type, s, load_number(f, object), out);
		return;
	default:
		buf_printf(out, "%u", load_number(f, object));
	}
}

/**
 * field_is_initial() - Whether a field has the value of a document that says nothing
 * @f:		Field
 * @object:	Object
 *
 * Return: true if it has
 */
bool field_is_initial(const struct field *f, const void *object)
{
	static const uint8_t zero[16];
	size_t size = field_size(f);

	if (f->set)
		return !(((const struct link *)object)->set & f->set);
	if (f->required)
		return false;
	if (f->type == FIELD_PREFIX || f->type == FIELD_HOST)
		return ((const uint8_t *)object)[f->extra] == 0;
	if (size > 4 || !f->initial)
		return memcmp(FIELD_IN(char, object, f), zero, size) == 0;
	return load_number(f, object) == f->initial;
}

/**
 * field_equal() - Whether two objects agree in a field
 * @f:		Field
 * @a:		Object
 * @b:		Object
 *
 * Return: true if they do
 */
bool field_equal(const struct field *f, const void *a, const void *b)
{
	if ((f->type == FIELD_PREFIX || f->type == FIELD_HOST) &&
	    ((const uint8_t *)a)[f->extra] != ((const uint8_t *)b)[f->extra])
		return false;
	return memcmp(FIELD_IN(char, a, f), FIELD_IN(char, b, f),
		      field_size(f)) == 0;
}

/**
 * field_to_json() - Put a field's value into a JSON object
 * @f:		Field
 * @s:		Pool
 * @object:	Object
 * @out:	JSON object
 */
void field_to_json(const struct field *f, const struct strings *s,
		   const void *object, struct json *out)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	switch (f->type) {
	case FIELD_FLAG:
		json_set_bool(out, f->name, *FIELD_IN(uint8_t, object, f));
		return;
	case FIELD_U8:
	case FIELD_U16:
	case FIELD_U32:
		json_set_int(out, f->name, load_number(f, object));
		return;
	case FIELD_WORDS:
	case FIELD_HOPS:
	case FIELD_GROUP:
		json_set(out, f->name,
			 list_to_json(f->type, s, load_number(f, object)));
		return;
	default:
		field_print(f, s, object, &text);
		json_set_string(out, f->name, buf_text(&text));
	}
}

/**
 * object_to_json() - An object as documents write it
 * @k:		Kind
 * @s:		Pool
 * @object:	Object, or NULL
 *
 * Return: JSON object, owned by the caller; NULL where @object is
 */
struct json *object_to_json(const struct kind *k, const struct strings *s,
			    const void *object)
{
	struct json *j;

	if (!object)
		return NULL;
	j = json_object();
	for (const struct field *f = k->fields; f->name; f++)
		if (!field_is_initial(f, object))
			field_to_json(f, s, object, j);
	return j;
}

/**
 * object_describe() - An object on one line
 * @k:		Kind
 * @s:		Pool
 * @object:	Object
 * @out:	Gets the text
 */
void object_describe(const struct kind *k, const struct strings *s,
		     const void *object, struct buf *out)
{
	if (k->describe) {
		k->describe(s, object, out);
		return;
	}
	for (const struct field *f = k->fields; f->name; f++) {
		if (field_is_initial(f, object))
			continue;
		if (f != k->fields)
			buf_printf(out, " %s ", f->name);
		field_print(f, s, object, out);
	}
}
