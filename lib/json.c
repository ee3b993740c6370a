/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/**
 * in() - Our handle as the library's
 * @j:		Value, or NULL
 *
 * Return: the same object; readers of cJSON take no const, but change nothing
 */
static cJSON *in(const struct json *j)
{
	return (cJSON *)(uintptr_t)j;
}

/**
 * out() - The library's handle as ours
 * @c:		Value, or NULL
 *
 * Return: the same object
 */
static struct json *out(const cJSON *c)
{
	return (struct json *)(uintptr_t)c;
}

/**
 * json_parse() - Read one JSON text (RFC 8259)
 * @text:	Text; need not end in NUL
 * @len:	Its bytes
 * @ret_json:	Result; the caller ends it by json_free()
 *
 * Return: 0; -EBADMSG where it is malformed or too deep (1,000 levels) or where
 *	   something follows the value, -ENOMEM
 */
int json_parse(const char *text, size_t len, struct json **ret_json)
{
	const char *end = NULL;
	cJSON *c = cJSON_ParseWithLengthOpts(text, len, &end, false);

	if (!c)
		return -EBADMSG;
	for (; end < text + len && strchr(" \t\r\n", *end) && *end; end++)
		;
	if (end < text + len) {
		cJSON_Delete(c);
		return -EBADMSG;
	}
	*ret_json = out(c);
	return 0;
}

/**
 * json_parse_file() - Read a JSON file
 * @path:	File
 * @max:	Bytes to accept at most
 * @ret_json:	Result; the caller ends it by json_free()
 *
 * Return: as json_parse(); -EFBIG past @max, or what open() or read() said
 */
int json_parse_file(const char *path, size_t max, struct json **ret_json)
{
	_cleanup_(buf_release) struct buf b = { .max = max };
	int r;

	r = buf_read_file(&b, path);
	if (r < 0)
		return r;
	return json_parse(buf_text(&b), b.len, ret_json);
}

/**
 * json_free() - End a value and all that it holds
 * @j:		Value, or NULL
 */
void json_free(struct json *j)
{
	cJSON_Delete(in(j));
}

/**
 * json_get() - A member, or a member of a member
 * @j:		Object, or NULL
 * @path:	"a" or "a.b.c"; array elements by number: "a.0.b"
 *
 * Return: the value, owned by @j; NULL where there is none
 */
const struct json *json_get(const struct json *j, const char *path)
{
	const cJSON *c = in(j);

	while (c && *path) {
		size_t n = strcspn(path, ".");
		char key[128];

		if (n >= sizeof(key))
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		path += n + (path[n] == '.');
		if (cJSON_IsArray(c)) {
			char *end;
			unsigned long i = strtoul(key, &end, 10);

			c = *end || end == key || i > INT32_MAX ?
				    NULL :
				    cJSON_GetArrayItem(c, (int)i);
		} else {
			c = cJSON_GetObjectItemCaseSensitive(c, key);
		}
	}
	return out(c);
}

/**
 * json_at() - An element of an array
 * @j:		Array, or NULL
 * @index:	From 0
 *
 * Return: the value, or NULL
 */
const struct json *json_at(const struct json *j, size_t index)
{
	if (!json_is_array(j) || index > INT32_MAX)
		return NULL;
	return out(cJSON_GetArrayItem(in(j), (int)index));
}

/**
 * json_first() - The first child of an object or array
 * @j:		Value, or NULL
 *
 * Return: the child, or NULL
 */
const struct json *json_first(const struct json *j)
{
	if (!json_is_array(j) && !json_is_object(j))
		return NULL;
	return out(in(j)->child);
}

/**
 * json_next() - The next child of the same object or array
 * @child:	From json_first() or json_next()
 *
 * Return: the child, or NULL behind the last
 */
const struct json *json_next(const struct json *child)
{
	return child ? out(in(child)->next) : NULL;
}

/**
 * json_key() - Name of a member
 * @child:	Member of an object
 *
 * Return: its name; NULL for elements of arrays
 */
const char *json_key(const struct json *child)
{
	return child ? in(child)->string : NULL;
}

/**
 * json_count() - Number of children
 * @j:		Object or array, or NULL
 *
 * Return: their number; 0 for other types
 */
size_t json_count(const struct json *j)
{
	return json_first(j) ? (size_t)cJSON_GetArraySize(in(j)) : 0;
}

/**
 * json_is_object() - Whether a value is an object
 * @j:		Value, or NULL
 *
 * Return: true if it is
 */
bool json_is_object(const struct json *j)
{
	return cJSON_IsObject(in(j));
}

/**
 * json_is_array() - Whether a value is an array
 * @j:		Value, or NULL
 *
 * Return: true if it is
 */
bool json_is_array(const struct json *j)
{
	return cJSON_IsArray(in(j));
}

/**
 * json_is_null() - Whether a value is missing or null
 * @j:		Value, or NULL
 *
 * Return: true if it is
 */
bool json_is_null(const struct json *j)
{
	return !j || cJSON_IsNull(in(j));
}

/**
 * json_string() - Text of a string
 * @j:		Value, or NULL
 *
 * Return: text owned by the value; NULL for other types
 */
const char *json_string(const struct json *j)
{
	return cJSON_GetStringValue(in(j));
}

/**
 * json_number() - A number
 * @j:		Value, or NULL
 * @ret_number:	Result
 *
 * Return: 0; -EINVAL for other types
 */
int json_number(const struct json *j, double *ret_number)
{
	if (!cJSON_IsNumber(in(j)))
		return -EINVAL;
	*ret_number = cJSON_GetNumberValue(in(j));
	return 0;
}

/**
 * json_int() - A whole number
 * @j:		Value, or NULL
 * @ret_int:	Result
 *
 * Return: 0; -EINVAL for other types and fractions, -ERANGE past 2^53
 */
int json_int(const struct json *j, int64_t *ret_int)
{
	double d;
	int r;

	r = json_number(j, &d);
	if (r < 0)
		return r;
	if (fabs(d) > 9007199254740992.0)
		return -ERANGE;
	if (d != floor(d))
		return -EINVAL;
	*ret_int = (int64_t)d;
	return 0;
}

/**
 * json_true() - Whether a value is true
 * @j:		Value, or NULL
 *
 * Return: true for the literal true alone
 */
bool json_true(const struct json *j)
{
	return cJSON_IsTrue(in(j));
}

/**
 * json_get_string() - Text of a member
 * @j:		Object, or NULL
 * @path:	As for json_get()
 *
 * Return: text owned by @j, or NULL
 */
const char *json_get_string(const struct json *j, const char *path)
{
	return json_string(json_get(j, path));
}

/**
 * json_get_int() - Whole number of a member
 * @j:		Object, or NULL
 * @path:	As for json_get()
 * @none:	Result where it is missing or no whole number
 *
 * Return: the number
 */
int64_t json_get_int(const struct json *j, const char *path, int64_t none)
{
	int64_t value;

	return json_int(json_get(j, path), &value) < 0 ? none : value;
}

/**
 * json_get_bool() - Truth of a member
 * @j:		Object, or NULL
 * @path:	As for json_get()
 * @none:	Result where it is missing or no boolean
 *
 * Return: the value
 */
bool json_get_bool(const struct json *j, const char *path, bool none)
{
	const struct json *m = json_get(j, path);

	return cJSON_IsBool(in(m)) ? json_true(m) : none;
}

/**
 * json_object() - A new, empty object
 *
 * Return: value that the caller ends or puts into another, NULL without memory
 */
struct json *json_object(void)
{
	return out(cJSON_CreateObject());
}

/**
 * json_array() - A new, empty array
 *
 * Return: value that the caller ends or puts into another, NULL without memory
 */
struct json *json_array(void)
{
	return out(cJSON_CreateArray());
}

/**
 * json_copy() - A copy of a value and all that it holds
 * @j:		Value, or NULL
 *
 * Return: value of the caller, or NULL
 */
struct json *json_copy(const struct json *j)
{
	return out(cJSON_Duplicate(in(j), true));
}

/**
 * json_set() - Put a value into an object, instead of one of that name
 * @object:	Object
 * @key:	Name, copied
 * @value:	Value; owned by the object from now on; NULL is left out
 */
void json_set(struct json *object, const char *key, struct json *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(in(object), key);
	if (value && !cJSON_AddItemToObject(in(object), key, in(value)))
		json_free(value);
}

/**
 * json_set_string() - Put text into an object
 * @object:	Object
 * @key:	Name, copied
 * @value:	Text, copied; NULL puts null
 */
void json_set_string(struct json *object, const char *key, const char *value)
{
	json_set(object, key,
		 out(value ? cJSON_CreateString(value) : cJSON_CreateNull()));
}

/**
 * json_set_format() - Put formatted text into an object
 * @object:	Object
 * @key:	Name, copied
 * @format:	As for printf()
 */
void json_set_format(struct json *object, const char *key, const char *format,
		     ...)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_vprintf(&b, format, args);
	va_end(args);
	json_set_string(object, key, buf_text(&b));
}

/**
 * json_set_int() - Put a whole number into an object
 * @object:	Object
 * @key:	Name, copied
 * @value:	Number, exact up to 2^53
 */
void json_set_int(struct json *object, const char *key, int64_t value)
{
	json_set_number(object, key, (double)value);
}

/**
 * json_set_number() - Put a number into an object
 * @object:	Object
 * @key:	Name, copied
 * @value:	Number
 */
void json_set_number(struct json *object, const char *key, double value)
{
	json_set(object, key, out(cJSON_CreateNumber(value)));
}

/**
 * json_set_bool() - Put true or false into an object
 * @object:	Object
 * @key:	Name, copied
 * @value:	Truth
 */
void json_set_bool(struct json *object, const char *key, bool value)
{
	json_set(object, key, out(cJSON_CreateBool(value)));
}

/**
 * json_set_null() - Put null into an object
 * @object:	Object
 * @key:	Name, copied
 */
void json_set_null(struct json *object, const char *key)
{
	json_set(object, key, out(cJSON_CreateNull()));
}

/**
 * json_set_object() - Put a new object into an object
 * @object:	Object
 * @key:	Name, copied
 *
 * Return: the new one, owned by @object; NULL without memory
 */
struct json *json_set_object(struct json *object, const char *key)
{
	struct json *child = json_object();

	json_set(object, key, child);
	return child;
}

/**
 * json_set_array() - Put a new array into an object
 * @object:	Object
 * @key:	Name, copied
 *
 * Return: the new one, owned by @object; NULL without memory
 */
struct json *json_set_array(struct json *object, const char *key)
{
	struct json *child = json_array();

	json_set(object, key, child);
	return child;
}

/**
 * json_append() - Put a value at the end of an array
 * @array:	Array
 * @value:	Value; owned by the array from now on; NULL is left out
 */
void json_append(struct json *array, struct json *value)
{
	if (value && !cJSON_AddItemToArray(in(array), in(value)))
		json_free(value);
}

/**
 * json_append_string() - Put text at the end of an array
 * @array:	Array
 * @value:	Text, copied; NULL puts null
 */
void json_append_string(struct json *array, const char *value)
{
	json_append(array, out(value ? cJSON_CreateString(value) :
				       cJSON_CreateNull()));
}

/**
 * json_append_number() - Put a number at the end of an array
 * @array:	Array
 * @value:	Number
 */
void json_append_number(struct json *array, double value)
{
	json_append(array, out(cJSON_CreateNumber(value)));
}

/**
 * json_append_object() - Put a new object at the end of an array
 * @array:	Array
 *
 * Return: the new one, owned by @array; NULL without memory
 */
struct json *json_append_object(struct json *array)
{
	struct json *child = json_object();

	json_append(array, child);
	return child;
}

/**
 * json_print() - Append a value as text
 * @j:		Value
 * @style:	On one line, or indented and with a newline at its end
 * @b:		Buffer
 *
 * Return: 0; -ENOMEM, or the buffer's own error
 */
int json_print(const struct json *j, enum json_style style, struct buf *b)
{
	char *text = style == JSON_PRETTY ? cJSON_Print(in(j)) :
					    cJSON_PrintUnformatted(in(j));

	if (!text)
		return -ENOMEM;
	buf_puts(b, text);
	if (style == JSON_PRETTY)
		buf_putc(b, '\n');
	cJSON_free(text);
	return buf_error(b);
}

/**
 * json_escape() - Append text as a quoted JSON string, for writers that stream
 * @b:		Buffer
 * @text:	Text, UTF-8
 */
void json_escape(struct buf *b, const char *text)
{
	buf_putc(b, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c < 0x20)
			buf_printf(b, "\\u%04x", c);
		else
			buf_putc(b, (char)c);
	}
	buf_putc(b, '"');
}
