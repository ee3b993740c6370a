/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/diagnosis/rule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/**
 * cause_info() - The row of a cause
 * @cause:	One below CAUSE_MAX
 *
 * Return: its row, never NULL
 */
const struct cause_info *cause_info(enum cause cause)
{
	return &causes[cause];
}

/**
 * cause_parse() - The cause of a token
 * @token:	e.g. "nat64-no-route"; NULL and "" are CAUSE_NONE
 * @ret_cause:	Where it goes
 *
 * Return: 0, or -ENOENT where no cause is called so
 */
int cause_parse(const char *token, enum cause *ret_cause)
{
	size_t i;

	for (i = 0; i < CAUSE_MAX; i++) {
		if (strcmp(token ? token : "", causes[i].token))
			continue;
		*ret_cause = (enum cause)i;
		return 0;
	}
	return -ENOENT;
}

/**
 * value_of() - What the evidence knows of a key
 * @values:	Pairs, ended by a NULL key; or NULL
 * @key:	Start of the key
 * @len:	Its length in bytes
 *
 * Return: the value, NULL where there is none or it is empty
 */
static const char *value_of(const struct cause_value *values, const char *key,
			    size_t len)
{
	for (; values && values->key; values++)
		if (strncmp(values->key, key, len) == 0 &&
		    values->key[len] == '\0')
			return values->value && *values->value ? values->value :
								 NULL;
	return NULL;
}

/**
 * trim_spaces() - Take out what an empty placeholder leaves behind
 * @text:	Changed in place: no two spaces in a row, none at its ends
 */
static void trim_spaces(char *text)
{
	char *out = text;
	const char *in;

	for (in = text; *in; in++) {
		if (*in == ' ' &&
		    (out == text || in[1] == ' ' || in[1] == '\0'))
			continue;
		*out++ = *in;
	}
	*out = '\0';
}

/**
 * cause_fill() - Put what the evidence knows into a text of the table
 * @template:	Text with %(key) and %(key|words)
 * @values:	Pairs, ended by a NULL key; NULL for none
 * @ret_text:	Where it goes; cut off where too small
 * @size:	Its size in bytes, at least 1
 */
void cause_fill(const char *template, const struct cause_value *values,
		char *ret_text, size_t size)
{
	const char *p, *end, *bar, *value;
	size_t used = 0;
	int n;

	ret_text[0] = '\0';
	for (p = template; *p && used + 1 < size; p++) {
		end = strncmp(p, "%(", 2) ? NULL : strchr(p, ')');
		if (!end) {
			ret_text[used++] = *p;
			ret_text[used] = '\0';
			continue;
		}
		p += 2;
		bar = memchr(p, '|', (size_t)(end - p));
		value = value_of(values, p, (size_t)((bar ? bar : end) - p));
		if (value)
			n = snprintf(ret_text + used, size - used, "%s", value);
		else
			n = snprintf(ret_text + used, size - used, "%.*s",
				     bar ? (int)(end - bar - 1) : 0,
				     bar ? bar + 1 : "");
		used = n < 0 ? used : MIN(used + (size_t)n, size - 1);
		p = end;
	}
	trim_spaces(ret_text);
}
