/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Schema of documents, from the tables that read them
 *
 * What it refuses, netsetup refuses; the other way round it knows no rules between fields.
 * It is stricter in one thing: a number or truth value in quotes is text to it.
 */
#include "netsetup/show.h"

#include "netsetup/conf.h"
#include "netsetup/list.h"

#include <stdio.h>

/* RFC 4291 section 2.2, short of counting the groups around "::". */
#define HEX "[0-9A-Fa-f]{1,4}"
#define ADDRESS                       \
	"((" HEX ":){7}" HEX "|(" HEX \
	":){6}[0-9.]+|[0-9A-Fa-f:.]*::[0-9A-Fa-f:.]*)"
#define LENGTH "(/[0-9]+)?"

/* What a field's type is to JSON Schema; NULL: any scalar, which is text to netsetup. */
struct shape {
	const char *types[3];
	const char *pattern; /* of text */
	unsigned int longest; /* characters of text; 0: any number */
};

static const struct shape shapes[FIELD_MAX] = {
	[FIELD_FLAG] = { { "boolean" }, NULL, 0 },
	[FIELD_U8] = { { "integer" }, NULL, 0 },
	[FIELD_U16] = { { "integer" }, NULL, 0 },
	[FIELD_U32] = { { "integer" }, NULL, 0 },
	[FIELD_CHOICE] = { { "string" }, NULL, 0 },
	[FIELD_SECONDS] = { { "string", "integer" },
			    "^(forever|[0-9]+(ns|us|ms|s|m|h)?)$",
			    0 },
	/* Without quotes it is another number to YAML than to people. */
	[FIELD_MODE] = { { "string" }, "^[0-7]+$", 0 },
	[FIELD_TEXT] = { { "string", "number", "boolean" }, NULL, 0 },
	[FIELD_DEV] = { { "string", "number", "boolean" },
			"^[^/ :\\t\\n]+$",
			15 },
	[FIELD_ADDRESS] = { { "string" }, "^" ADDRESS "$", 0 },
	[FIELD_PREFIX] = { { "string" }, "^(default|" ADDRESS LENGTH ")$", 0 },
	[FIELD_HOST] = { { "string" }, "^" ADDRESS LENGTH "$", 0 },
	[FIELD_MAC] = { { "string" },
			"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$",
			0 },
	[FIELD_WORDS] = { { "array" }, NULL, 0 },
	[FIELD_HOPS] = { { "array" }, NULL, 0 },
	[FIELD_GROUP] = { { "array" }, NULL, 0 },
};

/**
 * put_types() - Types that a value may have
 * @j:		Gets them
 * @type:	What the value is
 * @null:	Whether null stands for nothing said
 */
static void put_types(struct json *j, enum field_type type, bool null)
{
	const struct shape *shape = &shapes[type];
	struct json *list;

	if (!shape->types[1] && !null) {
		json_set_string(j, "type", shape->types[0]);
		return;
	}
	list = json_set_array(j, "type");
	for (size_t i = 0; i < ARRAY_SIZE(shape->types); i++)
		if (shape->types[i])
			json_append_string(list, shape->types[i]);
	if (null)
		json_append_string(list, "null");
}

static void put_object(const struct field *fields, struct json *j);

/**
 * put_list() - JSON Schema of a field that is a list
 * @type:	FIELD_WORDS, FIELD_HOPS or FIELD_GROUP
 * @j:		Gets it
 */
static void put_list(enum field_type type, struct json *j)
{
	struct json *items = json_set_object(j, "items");

	if (type == FIELD_WORDS) {
		put_types(items, FIELD_TEXT, false);
		json_set_int(items, "minLength", 1);
		return;
	}
	json_set_int(j, "maxItems", LIST_MAX);
	put_object(list_fields(type), items);
}

/**
 * put_choices() - The words that a field may have
 * @f:		Field
 * @j:		Gets them
 */
static void put_choices(const struct field *f, struct json *j)
{
	struct json *list = json_set_array(j, "enum");

	for (const struct choice *c = f->choices; c->name; c++)
		json_append_string(list, c->name);
	if (!f->required)
		json_append_string(list, NULL) /* null */;
}

/**
 * put_field() - JSON Schema of one field
 * @f:		Field
 * @j:		Gets it
 */
static void put_field(const struct field *f, struct json *j)
{
	const struct shape *shape = &shapes[f->type];
	bool number = f->type == FIELD_U8 || f->type == FIELD_U16 ||
		      f->type == FIELD_U32;

	put_types(j, f->type, !f->required);
	if (f->help)
		json_set_string(j, "description", f->help);
	if (shape->pattern)
		json_set_string(j, "pattern", shape->pattern);
	if (shape->longest)
		json_set_int(j, "maxLength", shape->longest);
	if (number) {
		json_set_int(j, "minimum", f->min);
		json_set_int(j, "maximum", field_top(f));
	}
	if (f->type == FIELD_SECONDS) {
		json_set_int(j, "minimum", 0);
		json_set_int(j, "maximum", FOREVER - 1);
	}
	if (f->type == FIELD_WORDS || f->type == FIELD_HOPS ||
	    f->type == FIELD_GROUP)
		put_list(f->type, j);
	if (f->choices)
		put_choices(f, j);
}

/**
 * put_object() - JSON Schema of one object
 * @fields:	Its fields
 * @j:		Gets it
 */
static void put_object(const struct field *fields, struct json *j)
{
	struct json *properties, *required;

	json_set_string(j, "type", "object");
	json_set_bool(j, "additionalProperties", false);
	properties = json_set_object(j, "properties");
	required = json_set_array(j, "required");
	for (const struct field *f = fields; f->name; f++) {
		put_field(f, json_set_object(properties, f->name));
		if (f->required)
			json_append_string(required, f->name);
	}
}

/**
 * put_kind() - JSON Schema of one kind's list
 * @k:		Kind
 * @j:		Gets it
 */
static void put_kind(const struct kind *k, struct json *j)
{
	struct json *types, *items;

	json_set_string(j, "description", k->help);
	if (k != &kind_sysctl) {
		json_set_string(j, "type", "array");
		items = json_set_object(j, "items");
		put_object(k->fields, items);
		if (k->schema)
			k->schema(items);
		return;
	}
	/* A list of path and value, or an object of them. */
	types = json_set_array(j, "type");
	json_append_string(types, "array");
	json_append_string(types, "object");
	put_object(k->fields, json_set_object(j, "items"));
	put_types(json_set_object(j, "additionalProperties"), FIELD_TEXT,
		  false);
}

/**
 * show_schema() - JSON Schema of the document on standard output
 */
void show_schema(void)
{
	static const struct field uplinks = {
		.type = FIELD_WORDS,
		.help = "interfaces that listen to routers, also while forwarding",
	};
	_cleanup_(json_freep) struct json *j = json_object();
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct json *properties, *one;

	json_set_string(j, "$schema",
			"https://json-schema.org/draft/2020-12/schema");
	json_set_string(j, "title", "netsetup document");
	json_set_string(j, "type", "object");
	json_set_bool(j, "additionalProperties", false);
	json_append_string(json_set_array(j, "required"), "version");
	properties = json_set_object(j, "properties");
	json_set_int(json_set_object(properties, "version"), "const", 1);
	put_field(&uplinks, json_set_object(properties, "uplinks"));
	json_set_string(json_set_object(properties, "forwarding"), "type",
			"boolean");
	one = json_set_object(properties, kind_nat64.plural);
	json_set_string(one, "description", kind_nat64.help);
	put_object(kind_nat64.fields, one);
	for (size_t k = 0; k < KIND_MAX; k++)
		put_kind(kinds[k],
			 json_set_object(properties, kinds[k]->plural));
	if (json_print(j, JSON_PRETTY, &b) == 0)
		puts(buf_text(&b));
}
