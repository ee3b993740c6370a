/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "lib/json.h"

#include <errno.h>
#include <string.h>

/**
 * test_parse() - What is JSON and what is not
 */
static void test_parse(void)
{
	static const struct {
		const char *text;
		int r;
	} cases[] = {
		{ "{}", 0 },
		{ "[1, 2]", 0 },
		{ " {\"a\": null}\n", 0 },
		{ "", -EBADMSG },
		{ "{", -EBADMSG },
		{ "{\"a\"}", -EBADMSG },
		{ "[1,]", -EBADMSG },
		{ "{} x", -EBADMSG },
		{ "nul", -EBADMSG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(json_freep) struct json *j = NULL;
		const char *text = cases[i].text;

		CHECK_INT(text, cases[i].r, json_parse(text, strlen(text), &j));
		CHECK_INT(text, cases[i].r == 0, j != NULL);
	}
}

static const char sample[] =
	"{\"name\":\"n1\",\"deep\":{\"list\":[1,2.5,\"x\"],\"yes\":true},"
	"\"none\":null,\"big\":9007199254740993,\"neg\":-3}";

/**
 * test_read() - Members by path, of the right type and of the wrong one
 */
static void test_read(void)
{
	_cleanup_(json_freep) struct json *j = NULL;
	int64_t value = -7;

	if (!CHECK_INT("sample", 0, json_parse(sample, strlen(sample), &j)))
		return;
	CHECK_STR("string", "n1", json_get_string(j, "name"));
	CHECK_STR("number is no string", NULL, json_get_string(j, "neg"));
	CHECK_STR("missing", NULL, json_get_string(j, "deep.nothing.at.all"));
	CHECK_INT("by path", 1, json_get_bool(j, "deep.yes", false));
	CHECK_INT("count", 3, json_count(json_get(j, "deep.list")));
	CHECK_INT("element", 0,
		  json_int(json_at(json_get(j, "deep.list"), 0), &value));
	CHECK_INT("its value", 1, value);
	CHECK_INT("fraction is no integer", -EINVAL,
		  json_int(json_at(json_get(j, "deep.list"), 1), &value));
	CHECK_TRUE("past the end", !json_at(json_get(j, "deep.list"), 3));
	CHECK_INT("negative", -3, json_get_int(j, "neg", 0));
	CHECK_INT("default", 42, json_get_int(j, "name", 42));
	CHECK_TRUE("null", json_is_null(json_get(j, "none")));
	CHECK_TRUE("of nothing", json_is_null(json_get(NULL, "none")));
	CHECK_STR("first key", "name", json_key(json_first(j)));
}

/**
 * test_build() - Built values print as they should, and read back
 */
static void test_build(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	_cleanup_(json_freep) struct json *j = json_object();
	struct json *list;

	json_set_string(j, "s", "a\"b\\c\n");
	json_set_string(j, "nothing", NULL);
	json_set_int(j, "i", 1);
	json_set_int(j, "i", 4294967296);
	json_set_bool(j, "t", true);
	json_set_format(j, "f", "%s/%d", "x", 64);
	list = json_set_array(j, "list");
	json_append_string(list, "one");
	json_set_int(json_append_object(list), "n", 2);
	json_set(j, "left out", NULL);
	CHECK_INT("printed", 0, json_print(j, JSON_COMPACT, &b));
	CHECK_STR("text",
		  "{\"s\":\"a\\\"b\\\\c\\n\",\"nothing\":null,"
		  "\"i\":4294967296,\"t\":true,\"f\":\"x/64\","
		  "\"list\":[\"one\",{\"n\":2}]}",
		  buf_text(&b));
}

/**
 * test_escape() - Text as a JSON string
 */
static void test_escape(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "\"\"" },
		{ "plain", "\"plain\"" },
		{ "q\"b\\", "\"q\\\"b\\\\\"" },
		{ "\n\x01", "\"\\u000a\\u0001\"" },
		{ "gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;

		json_escape(&b, cases[i].text);
		CHECK_STR(cases[i].text, cases[i].want, buf_text(&b));
	}
}

UNIT_SUITE(json, { "parse", test_parse }, { "read", test_read },
	   { "build", test_build }, { "escape", test_escape });
