/* SPDX-License-Identifier: Apache-2.0 */
/*
 * html: the report as one page that needs nothing else
 *
 * Inline style, no script, no request to anywhere; light, dark and print. The cause
 * stands first, then the picture, then what was checked: a row for each check with what
 * must be true, a column for each place it was checked from. Each result with all that
 * was seen comes below, by layer; layers without a failure are folded.
 */
#include "lib/cleanup.h"
#include "lib/reason.h"
#include "scenarios/report/formats.h"
#include "scenarios/report/matrix.h"

#include <string.h>

static const char style[] =
	":root{color-scheme:light dark;--bg:#f5f7fa;--card:#fff;--tint:#eef3fb;"
	"--line:#cfd7e2;--text:#1b2430;--dim:#5b6675;--pass:#1b7f4b;"
	"--fail:#c62828;--warn:#a86400;--blocked:#7a3fb0;--skip:#7b8794;"
	"--unknown:#a86400}"
	"@media(prefers-color-scheme:dark){:root{--bg:#10161e;--card:#18212c;"
	"--tint:#14202e;--line:#334155;--text:#e6ebf2;--dim:#9fb0c3;"
	"--pass:#4cc38a;--fail:#ff6b6b;--warn:#f0b050;--blocked:#c79bf2;"
	"--skip:#8b98a8;--unknown:#f0b050}}"
	"*{box-sizing:border-box}body{margin:0;background:var(--bg);"
	"color:var(--text);font:15px/1.5 system-ui,sans-serif}"
	"main{max-width:1080px;margin:0 auto;padding:28px 20px 60px}"
	"header{display:flex;flex-wrap:wrap;gap:6px 18px;align-items:baseline}"
	"h1{font-size:24px;margin:0}h2{font-size:17px;margin:28px 0 10px}"
	"code,.mono{font:13px ui-monospace,SFMono-Regular,monospace;"
	"overflow-wrap:anywhere}.dim{color:var(--dim)}"
	".card{background:var(--card);border:1px solid var(--line);"
	"border-radius:12px;padding:18px 20px;margin:16px 0}"
	".card.fail{border-left:6px solid var(--fail)}"
	".card.pass{border-left:6px solid var(--pass)}"
	".card h2{margin:0 0 2px}.card .sentence{font-size:18px;margin:0 0 12px}"
	"dl{display:grid;grid-template-columns:84px 1fr;gap:6px 14px;margin:0}"
	"dt{color:var(--dim)}dd{margin:0}"
	".chips{display:flex;flex-wrap:wrap;gap:10px;margin:16px 0}"
	".chip{background:var(--card);border:1px solid var(--line);"
	"border-radius:10px;padding:8px 16px;min-width:84px}"
	".chip b{display:block;font-size:22px;line-height:1.2}"
	".v{font-weight:600}.pass>b,.v.pass{color:var(--pass)}"
	".fail>b,.v.fail{color:var(--fail)}.warn>b,.v.warn{color:var(--warn)}"
	".blocked>b,.v.blocked{color:var(--blocked)}"
	".skip>b,.v.skip{color:var(--skip)}"
	".unknown>b,.v.unknown{color:var(--unknown)}"
	"svg{max-width:100%;height:auto;display:block;margin:0 auto}"
	".facts{display:flex;flex-wrap:wrap;gap:4px 26px;margin:8px 0 0}"
	".facts div{display:flex;gap:8px}.facts dt,.facts dd{font-size:13.5px}"
	"table.matrix{font-size:13px}.matrix th,.matrix td{padding:4px 10px}"
	".matrix th.from{font:600 12px ui-monospace,monospace;color:var(--text)}"
	".matrix tr.layer th{padding:12px 16px 4px;font-weight:600;"
	"font-size:14px;color:var(--text);border-top:0}"
	".matrix td:first-child{padding-left:16px;white-space:nowrap}"
	".matrix td:nth-child(2){white-space:normal;min-width:220px;"
	"color:var(--dim)}"
	".matrix td.v{text-align:left;font-size:12.5px}"
	".matrix td.v.fail{background:color-mix(in srgb,var(--fail) 12%,"
	"transparent)}"
	".matrix td.v.pass,.matrix td.v.skip{font-weight:500}"
	"details{background:var(--card);border:1px solid var(--line);"
	"border-radius:12px;margin:10px 0;overflow:hidden}"
	"summary{cursor:pointer;padding:10px 16px;font-weight:600}"
	"summary .dim{font-weight:400;margin-left:8px}"
	".scroll{overflow-x:auto}"
	"table{border-collapse:collapse;width:100%;font-size:13.5px}"
	"th,td{text-align:left;padding:6px 16px;vertical-align:top;"
	"border-top:1px solid var(--line)}th{color:var(--dim);font-weight:500}"
	"tr.fail td{background:color-mix(in srgb,var(--fail) 9%,transparent)}"
	"td:nth-child(-n+3),td:last-child{white-space:nowrap}"
	"footer{margin-top:28px;font-size:13px}"
	"@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;"
	"--tint:#f2f5fa;--line:#bbb;--text:#000;--dim:#444;--pass:#1b7f4b;"
	"--fail:#c62828;--warn:#a86400;--blocked:#7a3fb0;--skip:#666;"
	"--unknown:#a86400}main{padding:0;max-width:none}"
	"*{print-color-adjust:exact}.card,.chip,tr{break-inside:avoid}"
	".card.scroll{break-inside:auto}svg{max-width:80%}"
	"details:not([open]){display:none}.scroll{overflow:visible}"
	"table.matrix{font-size:10.5px}.matrix th,.matrix td{padding:2px 5px}}";

/**
 * put_text() - One term and its text in a list
 * @term:	Term
 * @text:	Text; nothing is written where it is empty
 * @out:	Buffer
 */
static void put_text(const char *term, const char *text, struct buf *out)
{
	if (!*text)
		return;
	buf_printf(out, "<dt>%s</dt><dd>", term);
	report_escape(out, text);
	buf_puts(out, "</dd>\n");
}

/**
 * put_finding() - A card with a cause
 * @f:		Finding
 * @also:	Whether it is a secondary one
 * @out:	Buffer
 */
static void put_finding(const struct finding *f, bool also, struct buf *out)
{
	const struct cause_info *info = cause_info(f->cause);
	size_t i;

	buf_printf(out,
		   "<section class=\"card fail\"><h2>%s<code>%s</code></h2>\n",
		   also ? "also: " : "", info->token);
	buf_puts(out, "<p class=\"sentence\">");
	report_escape(out, f->sentence);
	buf_puts(out, "</p><dl>\n");
	if (f->n_evidence)
		buf_puts(out, "<dt>seen</dt><dd>");
	for (i = 0; i < f->n_evidence; i++) {
		buf_puts(out, "<div class=\"mono\">");
		report_escape(out, f->evidence[i]);
		buf_puts(out, "</div>");
	}
	if (f->n_evidence)
		buf_puts(out, "</dd>\n");
	put_text("means", f->means, out);
	put_text("do", f->remedy, out);
	put_text("blocked", f->blocked, out);
	put_text("clause", info->clause, out);
	buf_puts(out, "</dl></section>\n");
}

/**
 * put_seen() - What a result says was seen
 * @r:		Result
 * @out:	Buffer
 */
static void put_seen(const struct result *r, struct buf *out)
{
	const char *sep = "";

	if (*r->blocked_by) {
		buf_puts(out, "blocked by ");
		report_escape(out, r->blocked_by);
		sep = "; ";
	} else if (*r->reason) {
		report_escape(out, r->reason);
		sep = ": ";
	}
	if (*r->detail) {
		buf_puts(out, sep);
		report_escape(out, r->detail);
		sep = "; ";
	}
	if (r->via.error)
		buf_printf(out, "%s%s", sep, reason_errno_name(r->via.error));
	if (r->via.icmp_type >= 0)
		buf_printf(out, ", ICMPv6 %d/%d", r->via.icmp_type,
			   r->via.icmp_code);
	if (*r->via.offender) {
		buf_puts(out, " from ");
		report_escape(out, r->via.offender);
	}
}

/**
 * put_result() - A row of a table
 * @r:		Result
 * @out:	Buffer
 */
static void put_result(const struct result *r, struct buf *out)
{
	const char *v = verdict_name(r->verdict);

	buf_printf(out, "<tr class=\"%s\"><td class=\"v %s\">%s</td><td>", v, v,
		   v);
	report_escape(out, r->id);
	buf_printf(out, "%s", *r->variant ? " " : "");
	report_escape(out, r->variant);
	buf_puts(out, "</td><td>");
	report_escape(out, r->vantage);
	buf_puts(out, "</td><td class=\"mono\">");
	report_escape(out, r->dst);
	buf_puts(out, "</td><td>");
	put_seen(r, out);
	buf_puts(out, "</td><td class=\"dim\">");
	if (r->duration_ns)
		buf_printf(out, "%.1f ms", (double)r->duration_ns / 1e6);
	buf_puts(out, "</td></tr>\n");
}

/**
 * put_cell() - What a check found from one place
 * @r:		The worst result, or NULL where it was not checked from there
 * @out:	Buffer
 */
static void put_cell(const struct result *r, struct buf *out)
{
	const char *v;

	if (!r) {
		buf_puts(out, "<td></td>");
		return;
	}
	v = verdict_name(r->verdict);
	buf_printf(out, "<td class=\"v %s\" title=\"", v);
	put_seen(r, out);
	buf_printf(out, "\">%s</td>", v);
}

/**
 * put_row() - A check from all places
 * @m:		Matrix
 * @row:	Index of the row
 * @out:	Buffer
 */
static void put_row(const struct matrix *m, size_t row, struct buf *out)
{
	const struct result *r = m->rows[row];

	buf_puts(out, "<tr><td>");
	report_escape(out, r->id);
	buf_puts(out, *r->variant ? " " : "");
	report_escape(out, r->variant);
	buf_puts(out, "</td><td>");
	report_escape(out, r->what);
	buf_puts(out, "</td>");
	for (size_t k = 0; k < m->n_vantages; k++)
		put_cell(matrix_cell(m, row, k), out);
	buf_puts(out, "</tr>\n");
}

/**
 * put_matrix() - All checks from all places, by layer
 * @all:	Results
 * @out:	Buffer
 *
 * Return: 0 or -ENOMEM
 */
static int put_matrix(const struct results *all, struct buf *out)
{
	_cleanup_(matrix_release) struct matrix m = { 0 };
	const struct report_layer *layer = NULL;
	int r = matrix_init(all, &m);

	if (r < 0)
		return r;
	buf_puts(out,
		 "<section class=\"card scroll\" style=\"padding:0 0 10px\">"
		 "<table class=\"matrix\">\n<tr><th>check</th>"
		 "<th>what must be true</th>");
	for (size_t k = 0; k < m.n_vantages; k++) {
		buf_puts(out, "<th class=\"from\">");
		report_escape(out, matrix_title(m.vantages[k]));
		buf_puts(out, "</th>");
	}
	buf_puts(out, "</tr>\n");
	for (size_t i = 0; i < m.n_rows; i++) {
		if (report_layer_of(m.rows[i]->id) != layer) {
			layer = report_layer_of(m.rows[i]->id);
			buf_printf(out,
				   "<tr class=\"layer\"><th colspan=\"%zu\">"
				   "%s</th></tr>\n",
				   m.n_vantages + 2, layer->title);
		}
		put_row(&m, i, out);
	}
	buf_puts(out, "</table></section>\n");
	return 0;
}

/**
 * put_layer() - All results of a layer, folded where there is nothing to see
 * @report:	Finished report
 * @layer:	The layer
 * @out:	Buffer
 */
static void put_layer(const struct report *report,
		      const struct report_layer *layer, struct buf *out)
{
	const struct results *all = &report->results;
	unsigned int count[VERDICT_MAX] = { 0 }, n = 0;
	size_t i;

	for (i = 0; i < all->n; i++) {
		if (report_layer_of(all->items[i].id) != layer)
			continue;
		count[all->items[i].verdict]++;
		n++;
	}
	if (!n)
		return;
	buf_printf(out, "<details%s><summary>%s<span class=\"dim\">",
		   count[VERDICT_FAIL] ? " open" : "", layer->title);
	for (i = 0; i < VERDICT_MAX; i++)
		if (count[i])
			buf_printf(out, " <span class=\"v %s\">%u %s</span>",
				   verdict_name((enum verdict)i), count[i],
				   verdict_name((enum verdict)i));
	buf_puts(out, "</span></summary><div class=\"scroll\"><table>\n"
		      "<tr><th>verdict</th><th>check</th><th>from</th>"
		      "<th>to</th><th>seen</th><th>time</th></tr>\n");
	for (i = 0; i < all->n; i++)
		if (report_layer_of(all->items[i].id) == layer)
			put_result(&all->items[i], out);
	buf_puts(out, "</table></div></details>\n");
}

/**
 * put_fact() - What was run, in one word
 * @term:	What it is
 * @text:	The word; nothing is written where it is empty
 * @out:	Buffer
 */
static void put_fact(const char *term, const char *text, struct buf *out)
{
	if (!*text)
		return;
	buf_puts(out, "<div>");
	put_text(term, text, out);
	buf_puts(out, "</div>");
}

/**
 * put_facts() - What was run, where and when
 * @report:	Finished report
 * @out:	Buffer
 */
static void put_facts(const struct report *report, struct buf *out)
{
	char started[32], took[32];

	report_time(&report->started, started);
	(void)snprintf(took, sizeof(took), "%.1f s",
		       (double)report->duration_ns / 1e9);
	buf_puts(out, "<dl class=\"facts\">");
	put_fact("cloud", report->provider, out);
	put_fact("engine", report->engine, out);
	put_fact("promise", report->profile, out);
	put_fact("broken on purpose", report->fault, out);
	put_fact("started", started, out);
	put_fact("took", took, out);
	buf_puts(out, "</dl>\n");
}

/**
 * put_head() - Everything above the cause: title, what was run, counts
 * @report:	Finished report
 * @out:	Buffer
 */
static void put_head(const struct report *report, struct buf *out)
{
	size_t i;

	buf_puts(out, "<!doctype html>\n<html lang=\"en\"><head>"
		      "<meta charset=\"utf-8\">"
		      "<meta name=\"viewport\" content=\"width=device-width\">"
		      "<title>shoot6: ");
	report_escape(out, report->name);
	buf_printf(out, "</title><style>%s</style></head><body><main>\n",
		   style);
	buf_puts(out, "<header><h1>");
	report_escape(out, *report->name ? report->name : "shoot6");
	buf_puts(out, "</h1><span class=\"dim\">does an IPv6-only cluster work "
		      "here?</span></header>\n");
	put_facts(report, out);
	buf_puts(out, "<div class=\"chips\">");
	for (i = 0; i < VERDICT_MAX; i++)
		if (report->summary[i] || i <= VERDICT_FAIL)
			buf_printf(out,
				   "<div class=\"chip %s\"><b>%u</b>%s</div>",
				   verdict_name((enum verdict)i),
				   report->summary[i],
				   verdict_name((enum verdict)i));
	buf_puts(out, "</div>\n");
}

/**
 * render() - Write a report as a page
 * @report:	Finished report
 * @options:	Not used
 * @out:	Buffer
 *
 * Return: 0, -ENOMEM or -EFBIG
 */
static int render(const struct report *report,
		  const struct report_options *options, struct buf *out)
{
	const struct diagnosis *d = &report->diagnosis;
	size_t i;
	int r;

	(void)options;
	put_head(report, out);
	if (d->primary.cause != CAUSE_NONE)
		put_finding(&d->primary, false, out);
	else if (!report->summary[VERDICT_PASS])
		buf_puts(out, "<section class=\"card fail\"><h2>nothing was "
			      "checked</h2></section>\n");
	else
		buf_puts(out,
			 "<section class=\"card pass\"><h2>all is well"
			 "</h2>every check that applies passes</section>\n");
	for (i = 0; i < d->n_secondary; i++)
		put_finding(&d->secondary[i], true, out);
	if (report->topology.n_members) {
		buf_puts(out, "<section class=\"card\">");
		report_draw(report, false, out);
		buf_puts(out, "</section>\n");
	}
	buf_puts(out, "<h2>What was checked</h2>\n");
	r = put_matrix(&report->results, out);
	if (r < 0)
		return r;
	buf_puts(out, "<h2>Each result</h2>\n");
	for (i = 0; i < n_report_layers; i++)
		put_layer(report, &report_layers[i], out);
	buf_puts(out, "<footer class=\"dim\">shoot6 ");
	report_escape(out, report->version);
	buf_puts(out, ", ");
	report_escape(out, report->kernel);
	buf_puts(out, " ");
	report_escape(out, report->machine);
	buf_puts(out, "</footer></main></body></html>\n");
	return buf_error(out);
}

const struct report_format report_html = {
	.name = "html",
	.summary = "one self-contained page",
	.render = render,
};
