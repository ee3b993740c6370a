/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/reason.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/**
 * test_errors() - What errno and ICMPv6 make together
 */
static void test_errors(void)
{
	static const struct {
		const char *what;
		struct reason_error error;
		const char *token;
	} cases[] = {
		{ "nothing", { 0, -1, -1, false }, "" },
		{ "no route here", { ENETUNREACH, -1, -1, false }, "no-route" },
		{ "1/0", { ENETUNREACH, 1, 0, false }, "net-unreachable" },
		{ "1/0, own", { ENETUNREACH, 1, 0, true }, "no-route" },
		{ "1/1", { EACCES, 1, 1, false }, "admin-prohibited" },
		{ "1/3", { EHOSTUNREACH, 1, 3, false }, "addr-unreachable" },
		{ "1/3, own", { EHOSTUNREACH, 1, 3, true }, "nd-failed" },
		{ "no neighbour",
		  { EHOSTUNREACH, -1, -1, false },
		  "nd-failed" },
		{ "RST", { ECONNREFUSED, -1, -1, false }, "refused" },
		{ "1/4", { ECONNREFUSED, 1, 4, false }, "refused" },
		{ "1/5", { EACCES, 1, 5, false }, "policy-failed" },
		{ "2/0", { EMSGSIZE, 2, 0, false }, "packet-too-big" },
		{ "3/0", { EHOSTUNREACH, 3, 0, false }, "hop-limit" },
		{ "bind", { EADDRNOTAVAIL, -1, -1, false }, "addr-not-usable" },
		{ "own filter", { EPERM, -1, -1, false }, "no-permission" },
		{ "silence", { ETIMEDOUT, -1, -1, false }, "timeout" },
		{ "no memory", { ENOMEM, -1, -1, false }, "os-error" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_STR(cases[i].what, cases[i].token,
			  reason_token(reason_from_error(&cases[i].error)));
}

/**
 * test_tokens() - Every token has a meaning and leads back to its reason
 */
static void test_tokens(void)
{
	enum reason reason;
	int i;

	for (i = 0; i < REASON_MAX; i++) {
		const char *token = reason_token((enum reason)i);

		CHECK_TRUE(token, *reason_meaning((enum reason)i));
		if (CHECK_INT(token, 0, reason_parse(token, &reason)))
			CHECK_INT(token, i, reason);
	}
	CHECK_INT("unknown", -ENOENT, reason_parse("no-such", &reason));
	CHECK_TRUE("timeout is silence", reason_is_silence("timeout"));
	CHECK_TRUE("refused is none", !reason_is_silence("refused"));
}

/**
 * test_docs() - docs/man/reasons.mdoc is what the table says
 *
 * SHOOT6_WRITE_DOCS=1 build/tests/unit writes it anew.
 */
static void test_docs(void)
{
	static const char path[] = "docs/man/reasons.mdoc";
	_cleanup_(buf_release) struct buf want = BUF_INIT, got = BUF_INIT;
	_cleanup_fclose_ FILE *f = NULL;

	buf_puts(&want, ".Bl -tag -width Ds\n");
	for (int i = REASON_NONE + 1; i < REASON_MAX; i++)
		buf_printf(&want, ".It Cm %s\n%s\n",
			   reason_token((enum reason)i),
			   reason_meaning((enum reason)i));
	buf_puts(&want, ".El\n");
	if (getenv("SHOOT6_WRITE_DOCS")) {
		f = fopen(path, "we");
		if (CHECK_TRUE("can be written", f != NULL))
			(void)fwrite(want.data, 1, want.len, f);
		return;
	}
	CHECK_INT(path, 0, buf_read_file(&got, path));
	CHECK_TRUE("reasons.mdoc is current, see SHOOT6_WRITE_DOCS",
		   strcmp(buf_text(&want), buf_text(&got)) == 0);
}

UNIT_SUITE(reason, { "errors", test_errors }, { "tokens", test_tokens },
	   { "docs/man/reasons.mdoc", test_docs });
