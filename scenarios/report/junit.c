/* SPDX-License-Identifier: Apache-2.0 */
/*
 * junit: one test case per check and vantage, for CI systems
 *
 * A suite per vantage; classname is the layer. A failed check is <failure>, one that
 * could not run (blocked, skip, unknown) is <skipped> with the reason.
 */
#include "lib/reason.h"
#include "scenarios/report/formats.h"

#include <string.h>

/**
 * attribute() - Write one attribute
 * @out:	Buffer
 * @name:	Its name
 * @value:	Its value, escaped here
 */
static void attribute(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, " %s=\"", name);
	report_escape(out, value);
	buf_putc(out, '"');
}

/**
 * outcome() - Write what a result has inside its test case
 * @out:	Buffer
 * @r:		Result
 */
static void outcome(struct buf *out, const struct result *r)
{
	bool fail = r->verdict == VERDICT_FAIL;

	if (r->verdict == VERDICT_PASS || r->verdict == VERDICT_WARN)
		return;
	buf_printf(out, "      <%s", fail ? "failure" : "skipped");
	if (fail)
		attribute(out, "type", r->reason);
	buf_puts(out, " message=\"");
	buf_puts(out, verdict_name(r->verdict));
	if (*r->blocked_by) {
		buf_puts(out, " by ");
		report_escape(out, r->blocked_by);
	}
	if (*r->detail) {
		buf_puts(out, ": ");
		report_escape(out, r->detail);
	}
	buf_puts(out, "\"");
	if (!fail) {
		buf_puts(out, "/>\n");
		return;
	}
	buf_puts(out, ">");
	report_escape(out, r->dst);
	if (r->via.error)
		buf_printf(out, " %s", reason_errno_name(r->via.error));
	if (r->via.icmp_type >= 0)
		buf_printf(out, " ICMPv6 %d/%d from %s", r->via.icmp_type,
			   r->via.icmp_code, r->via.offender);
	buf_puts(out, "</failure>\n");
}

/**
 * test_case() - Write one result
 * @out:	Buffer
 * @r:		Result
 */
static void test_case(struct buf *out, const struct result *r)
{
	char name[192];

	(void)snprintf(name, sizeof(name), "%s%s%s%s%s", r->id,
		       *r->variant ? " " : "", r->variant, *r->dst ? " " : "",
		       r->dst);
	buf_puts(out, "    <testcase");
	attribute(out, "name", name);
	attribute(out, "classname", report_layer_of(r->id)->title);
	buf_printf(out, " time=\"%.6f\"", (double)r->duration_ns / 1e9);
	if (r->verdict == VERDICT_PASS) {
		buf_puts(out, "/>\n");
		return;
	}
	buf_puts(out, ">\n");
	outcome(out, r);
	if (r->verdict == VERDICT_WARN) {
		buf_puts(out, "      <system-out>warn: ");
		report_escape(out, r->detail);
		buf_puts(out, "</system-out>\n");
	}
	buf_puts(out, "    </testcase>\n");
}

/**
 * is_first_of() - Whether a result is the first of its vantage
 * @all:	All results
 * @i:		Its index
 *
 * Return: true where it is
 */
static bool is_first_of(const struct results *all, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (!strcmp(all->items[k].vantage, all->items[i].vantage))
			return false;
	return true;
}

/**
 * suite() - Write all results of one vantage
 * @out:	Buffer
 * @all:	All results
 * @first:	Index of its first result
 */
static void suite(struct buf *out, const struct results *all, size_t first)
{
	const char *vantage = all->items[first].vantage;
	unsigned int count[VERDICT_MAX] = { 0 }, n = 0;
	int64_t ns = 0;
	size_t i;

	for (i = first; i < all->n; i++) {
		if (strcmp(all->items[i].vantage, vantage))
			continue;
		count[all->items[i].verdict]++;
		ns += all->items[i].duration_ns;
		n++;
	}
	buf_puts(out, "  <testsuite");
	attribute(out, "name", vantage);
	buf_printf(out,
		   " tests=\"%u\" failures=\"%u\" errors=\"0\""
		   " skipped=\"%u\" time=\"%.6f\">\n",
		   n, count[VERDICT_FAIL],
		   count[VERDICT_BLOCKED] + count[VERDICT_SKIP] +
			   count[VERDICT_UNKNOWN],
		   (double)ns / 1e9);
	for (i = first; i < all->n; i++)
		if (strcmp(all->items[i].vantage, vantage) == 0)
			test_case(out, &all->items[i]);
	buf_puts(out, "  </testsuite>\n");
}

/**
 * render() - Write a report as JUnit XML
 * @report:	Finished report
 * @options:	Not used
 * @out:	Buffer
 *
 * Return: 0, -ENOMEM or -EFBIG
 */
static int render(const struct report *report,
		  const struct report_options *options, struct buf *out)
{
	const unsigned int *s = report->summary;
	size_t i;

	(void)options;
	buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<testsuites");
	attribute(out, "name",
		  *report->case_name ? report->case_name : "shoot6");
	buf_printf(out,
		   " tests=\"%zu\" failures=\"%u\" errors=\"0\""
		   " skipped=\"%u\" time=\"%.3f\">\n",
		   report->results.n, s[VERDICT_FAIL],
		   s[VERDICT_BLOCKED] + s[VERDICT_SKIP] + s[VERDICT_UNKNOWN],
		   (double)report->duration_ns / 1e9);
	for (i = 0; i < report->results.n; i++)
		if (is_first_of(&report->results, i))
			suite(out, &report->results, i);
	buf_puts(out, "</testsuites>\n");
	return buf_error(out);
}

const struct report_format report_junit = {
	.name = "junit",
	.summary = "JUnit XML, for CI systems",
	.render = render,
};
