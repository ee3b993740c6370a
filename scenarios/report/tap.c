/* SPDX-License-Identifier: Apache-2.0 */
/* tap: one line per result, as kernel test runners read it (KTAP, version 1) */
#include "scenarios/report/formats.h"

/* How KTAP spells a verdict. */
static const struct {
	const char *word, *directive;
} words[VERDICT_MAX] = {
	[VERDICT_PASS] = { "ok", "" },
	[VERDICT_FAIL] = { "not ok", "" },
	[VERDICT_WARN] = { "ok", " # warn" },
	[VERDICT_BLOCKED] = { "ok", " # SKIP blocked" },
	[VERDICT_SKIP] = { "ok", " # SKIP" },
	[VERDICT_UNKNOWN] = { "ok", " # SKIP unknown" },
};

/**
 * render() - Write a report as KTAP
 * @report:	Finished report
 * @options:	Not used
 * @out:	Buffer
 *
 * Return: 0, -ENOMEM or -EFBIG
 */
static int render(const struct report *report,
		  const struct report_options *options, struct buf *out)
{
	size_t i;

	(void)options;
	buf_printf(out, "KTAP version 1\n1..%zu\n", report->results.n);
	for (i = 0; i < report->results.n; i++) {
		const struct result *r = &report->results.items[i];

		buf_printf(out, "%s %zu %s%s%s %s %s%s%s%s\n",
			   words[r->verdict].word, i + 1, r->id,
			   *r->variant ? "." : "", r->variant, r->vantage,
			   r->dst, words[r->verdict].directive,
			   *r->blocked_by ? " by " : "", r->blocked_by);
		if (r->verdict == VERDICT_FAIL)
			buf_printf(out, "# %s: %s\n", r->reason, r->detail);
	}
	return buf_error(out);
}

const struct report_format report_tap = {
	.name = "tap",
	.summary = "KTAP, for kernel test runners",
	.render = render,
};
