/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of documents as mdoc, for netsetup-document(5)
 */
#include "netsetup/conf.h"
#include "netsetup/show.h"

#include <stdio.h>
#include <string.h>

/**
 * print_escaped() - Text that mdoc must not take for its own
 * @text:	Text
 */
static void print_escaped(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '-')
			putchar('\\');
		if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
	}
}

/**
 * print_type() - What may stand for a field
 * @f:		Field
 */
static void print_type(const struct field *f)
{
	static const char *const names[FIELD_MAX] = {
		[FIELD_FLAG] = "true or false",
		[FIELD_U8] = "number",
		[FIELD_U16] = "number",
		[FIELD_U32] = "number",
		[FIELD_CHOICE] = "one of",
		[FIELD_SECONDS] = "time such as 90s, 1h or forever",
		[FIELD_MODE] = "octal number",
		[FIELD_TEXT] = "text",
		[FIELD_DEV] = "name of an interface",
		[FIELD_ADDRESS] = "address",
		[FIELD_PREFIX] = "prefix, or default for all",
		[FIELD_HOST] = "address with prefix length",
		[FIELD_MAC] = "link-layer address",
		[FIELD_WORDS] = "list of words",
		[FIELD_HOPS] = "list of objects of via, dev and weight",
		[FIELD_GROUP] = "list of objects of id and weight",
	};
	const char *sep = " ";

	fputs(names[f->type], stdout);
	for (const struct choice *c = f->choices; c && c->name; c++) {
		if (!*c->name)
			continue;
		fputs(sep, stdout);
		print_escaped(c->name);
		sep = ", ";
	}
	if (f->max)
		printf(" from %u to %u", f->min, f->max);
	if (f->required)
		fputs("; must be there", stdout);
}

/**
 * print_kind() - The fields of one kind
 * @k:		Kind
 */
static void print_kind(const struct kind *k)
{
	printf(".Ss %s\n", k->plural);
	print_escaped(k->help);
	puts("\n.Bl -tag -width Ds");
	for (const struct field *f = k->fields; f->name; f++) {
		printf(".It Cm %s\n", f->name);
		if (f->help) {
			print_escaped(f->help);
			puts(":");
		}
		print_type(f);
		putchar('\n');
	}
	puts(".El");
}

/**
 * show_schema_mdoc() - The fields of all kinds as mdoc on standard output
 */
void show_schema_mdoc(void)
{
	print_kind(&kind_nat64);
	for (size_t k = 0; k < KIND_MAX; k++)
		print_kind(kinds[k]);
}
