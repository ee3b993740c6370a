/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "lib/buf.h"
#include "lib/doc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/**
 * test_doc_errors() - Malformed texts, and where they are
 */
static void test_doc_errors(void)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", "1:1: the document is empty" },
		{ "a: ::", "1:5: mapping values are not allowed in "
			   "this context (an IPv6 address needs quotes)" },
		{ "a: [::1, fd00::a]", "an IPv6 address needs quotes" },
		{ "a: &x 1", "1:4: anchors are not allowed" },
		{ "a: *x", "1:4: aliases are not allowed" },
		{ "a: !!int 1", "tags are not allowed" },
		{ "a: 1\na: 2", "2:4: 'a' is given twice" },
		{ "a: 1\n---\nb: 2", "2:1: a second document" },
		{ "? [a]\n: 1", "a key must be a plain text" },
		{ "a:\n\t- b", "2:1: found character that cannot" },
		{ "{\"a\":1,\"a\":2}", "1:12: 'a' is given twice" },
		{ "{\"a\":[1,]}", "1:9: expected a value, not ']'" },
		{ "{\"a\":1,}", "expected a key in double quotes, not '}'" },
		{ "{\"a\" 1}", "1:6: expected ':', not '1'" },
		{ "{\"a\":1,\n  \"b\":tru}", "2:7: expected a value" },
		{ "{\"a\":\"x", "1:8: expected '\"', the text ends" },
		{ "[\"\\ud800\"]", "half a surrogate pair" },
		{ "[\"\\u0000\"]", "a string cannot hold U+0000" },
		{ "[\"\\x\"]", "unknown escape" },
		{ "[\"\xff\"]", "1:3: not UTF-8" },
		{ "[\"\xc0\x80\"]", "not UTF-8" },
		{ "[\"a\nb\"]", "a string goes on past its line" },
		{ "[1e]", "expected a digit, not ']'" },
		{ "[01]", "expected ',' or ']', not '1'" },
		{ "[-]", "expected a digit" },
		{ "[1] x", "expected the end of the text, not 'x'" },
		{ "[", "expected a value, the text ends" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text;
		struct doc d = DOC_INIT;

		CHECK_INT(text, -EBADMSG, doc_read(&d, text, strlen(text)));
		CHECK_HAS(text, cases[i].error, d.error);
		CHECK_INT("nothing is left", 0, d.n_nodes);
		doc_release(&d);
	}
}

/**
 * test_doc_forms() - YAML and JSON give the same tree
 */
static void test_doc_forms(void)
{
	static const char *const texts[] = {
		"# comment\nspec:\n  list: [1, x, true, null]\n"
		"  text: \"\\u00e9\\n\"\n  empty: {}\n",
		"{\"spec\": {\"list\": [1, \"x\", true, null],\n"
		"\"text\": \"\\u00e9\\n\", \"empty\": {}}}",
	};
	static const enum doc_type types[] = { DOC_NUMBER, DOC_STRING, DOC_BOOL,
					       DOC_NULL };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text = texts[i];
		struct doc d = DOC_INIT;
		uint32_t list, item, n = 0;

		if (!CHECK_INT(text, 0, doc_read(&d, text, strlen(text))))
			continue;
		list = doc_get(&d, doc_root(&d), "spec.list");
		CHECK_INT(text, 4, doc_count(&d, list));
		for (item = doc_first(&d, list); item;
		     item = doc_next(&d, item))
			CHECK_INT(text, types[n++], doc_type(&d, item));
		CHECK_STR(text, "\xc3\xa9\n",
			  doc_get_scalar(&d, doc_root(&d), "spec.text"));
		CHECK_INT(
			text, DOC_OBJECT,
			doc_type(&d, doc_get(&d, doc_root(&d), "spec.empty")));
		CHECK_INT("missing", DOC_NONE,
			  doc_get(&d, doc_root(&d), "spec.list.x"));
		doc_release(&d);
	}
}

/**
 * test_doc_types() - Types of YAML's plain scalars: 1.2, not 1.1
 */
static void test_doc_types(void)
{
	static const struct {
		const char *text;
		enum doc_type type;
	} cases[] = {
		{ "a: no", DOC_STRING },
		{ "a: yes", DOC_STRING },
		{ "a: true", DOC_BOOL },
		{ "a: 1:2:3:4:5:6:7:8", DOC_STRING },
		{ "a: 12", DOC_NUMBER },
		{ "a: 0x1f", DOC_NUMBER },
		{ "a: 1.5e3", DOC_NUMBER },
		{ "a: 1.33.1", DOC_STRING },
		{ "a: \"12\"", DOC_STRING },
		{ "a: ~", DOC_NULL },
		{ "a:", DOC_NULL },
		{ "a: \"\"", DOC_STRING },
		{ "a: fd00::1", DOC_STRING },
		{ "a: .", DOC_STRING },
		{ "a: e5", DOC_STRING },
		{ "a: 1e", DOC_STRING },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text;
		struct doc d = DOC_INIT;

		if (CHECK_INT(text, 0, doc_read(&d, text, strlen(text))))
			CHECK_INT(text, cases[i].type,
				  doc_type(&d, doc_get(&d, doc_root(&d), "a")));
		doc_release(&d);
	}
}

/**
 * test_doc_bounds() - Depth, and many members in one object
 */
static void test_doc_bounds(void)
{
	struct buf b = BUF_INIT;
	struct doc d = DOC_INIT;
	int i;

	for (i = 0; i < DOC_DEPTH; i++)
		buf_putc(&b, '[');
	for (i = 0; i < DOC_DEPTH; i++)
		buf_putc(&b, ']');
	CHECK_INT("the deepest", 0, doc_read(&d, b.data, b.len));
	doc_release(&d);
	buf_clear(&b);
	for (i = 0; i <= DOC_DEPTH; i++)
		buf_putc(&b, '[');
	CHECK_INT("one deeper", -EBADMSG, doc_read(&d, b.data, b.len));
	CHECK_HAS("one deeper", "nested deeper than 64", d.error);
	doc_release(&d);

	buf_clear(&b);
	buf_puts(&b, "{");
	for (i = 0; i < 1000; i++)
		buf_printf(&b, "\"k%d\":%d,\n", i, i);
	buf_puts(&b, "\"k999\":0}");
	CHECK_INT("late twin", -EBADMSG, doc_read(&d, b.data, b.len));
	CHECK_STR("late twin", "1001:8: 'k999' is given twice", d.error);
	doc_release(&d);
	buf_release(&b);
}

UNIT_SUITE(doc, { "errors", test_doc_errors }, { "forms", test_doc_forms },
	   { "types", test_doc_types }, { "bounds", test_doc_bounds });
