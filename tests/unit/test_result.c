/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "lib/result.h"

#include <errno.h>
#include <string.h>

/**
 * test_round_trip() - A result through JSON and back is the same
 */
static void test_round_trip(void)
{
	_cleanup_(results_release) struct results all = { 0 };
	_cleanup_(buf_release) struct buf b = BUF_INIT, b2 = BUF_INIT;
	_cleanup_(json_freep) struct json *j = NULL, *again = NULL;
	struct result r;

	result_init(&r, "N64-2", "pod:node1/a");
	r.verdict = VERDICT_FAIL;
	r.level = LEVEL_SHOULD;
	memcpy(r.variant, "tcp", 4);
	memcpy(r.reason, "net-unreachable", 16);
	r.via.error = ENETUNREACH;
	r.via.icmp_type = 1;
	r.via.icmp_code = 0;
	memcpy(r.via.offender, "2001:db8::1", 12);
	r.samples.n = 3;
	r.samples.lost = 2;
	r.samples.avg_ns = 400000;
	r.duration_ns = 500000;
	result_fact(&r, "prefix", "%s", "2001:db8:64::/96");
	result_fact(&r, "prefix", "%s", "64:ff9b::/96");
	j = result_to_json(&r);
	if (!CHECK_INT("print", 0, json_print(j, JSON_COMPACT, &b)))
		return;
	if (!CHECK_INT("read", 0, results_read_lines(&all, b.data, b.len)))
		return;
	CHECK_INT("one", 1, all.n);
	again = result_to_json(&all.items[0]);
	if (CHECK_INT("print again", 0, json_print(again, JSON_COMPACT, &b2)))
		CHECK_STR("same", buf_text(&b), buf_text(&b2));
	CHECK_STR("fact", "64:ff9b::/96",
		  result_get_fact(&all.items[0], "prefix"));
}

/**
 * test_bad_lines() - Lines that are no result
 */
static void test_bad_lines(void)
{
	static const struct {
		const char *text;
		int r;
	} cases[] = {
		{ "", 0 },
		{ "\n\n", 0 },
		{ "{", -EBADMSG },
		{ "[]", -EBADMSG },
		{ "{\"id\":\"A-1\",\"vantage\":\"host:n\"}", -EBADMSG },
		{ "{\"id\":\"A-1\",\"vantage\":\"host:n\",\"verdict\":\"maybe\"}",
		  -EBADMSG },
		{ "{\"id\":\"A-1\",\"vantage\":\"host:n\",\"verdict\":\"pass\","
		  "\"via\":null,\"new\":1}",
		  0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(results_release) struct results all = { 0 };

		CHECK_INT(cases[i].text, cases[i].r,
			  results_read_lines(&all, cases[i].text,
					     strlen(cases[i].text)));
	}
}

UNIT_SUITE(result, { "round trip", test_round_trip },
	   { "bad lines", test_bad_lines });
