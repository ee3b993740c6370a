/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: the report for a terminal: the cause first, then one row per check
 *
 * A column per vantage; where they do not fit, or with .all, a row per result.
 */
#include "lib/cleanup.h"
#include "scenarios/report/formats.h"
#include "scenarios/report/matrix.h"

#include <string.h>

#define COLUMNS_MAX  12
#define FIRST_COLUMN 22
#define WHAT_WIDTH   64 /* room for what must be true */

/* How a verdict looks in a cell: five columns wide. */
static const struct {
	const char *word, *colour;
} cells[VERDICT_MAX] = {
	[VERDICT_PASS] = { "pass", "\033[32m" },
	[VERDICT_FAIL] = { "FAIL", "\033[1;31m" },
	[VERDICT_WARN] = { "warn", "\033[33m" },
	[VERDICT_BLOCKED] = { "block", "\033[35m" },
	[VERDICT_SKIP] = { "skip", "\033[2m" },
	[VERDICT_UNKNOWN] = { "?", "\033[33m" },
};

/**
 * put_cell() - Append a verdict, padded
 * @v:		Verdict, or VERDICT_MAX for none
 * @width:	Columns
 * @colour:	Whether escape sequences may be used
 * @out:	Buffer
 */
static void put_cell(enum verdict v, unsigned int width, bool colour,
		     struct buf *out)
{
	const char *word = v < VERDICT_MAX ? cells[v].word : "";
	unsigned int used = (unsigned int)strlen(word);

	if (v < VERDICT_MAX && colour)
		buf_printf(out, "%s%s\033[0m", cells[v].colour, word);
	else
		buf_puts(out, word);
	for (; used < width; used++)
		buf_putc(out, ' ');
}

/**
 * matrix_columns() - Columns of a terminal that each vantage needs
 * @m:		Matrix
 *
 * Return: their number
 */
static unsigned int matrix_columns(const struct matrix *m)
{
	size_t width = 5;

	for (size_t i = 0; i < m->n_vantages; i++)
		width = MAX(width, strlen(matrix_title(m->vantages[i])));
	return (unsigned int)width + 1;
}

/**
 * matrix_width() - Columns of a terminal that the matrix needs
 * @m:		Matrix
 *
 * Return: their number, without what stands behind the verdicts
 */
static size_t matrix_width(const struct matrix *m)
{
	return FIRST_COLUMN + 2 + m->n_vantages * matrix_columns(m);
}

/**
 * put_row() - One check from all vantages
 * @m:		Matrix
 * @row:	Index of the row
 * @wide:	There is room to say what must be true
 * @colour:	Whether escape sequences may be used
 * @out:	Buffer
 */
static void put_row(const struct matrix *m, size_t row, bool wide, bool colour,
		    struct buf *out)
{
	const struct result *r = m->rows[row];
	const char *reason = "";
	size_t begin = out->len;
	char name[48];

	(void)snprintf(name, sizeof(name), "%s %s", r->id, r->variant);
	buf_printf(out, "  %-*.*s", FIRST_COLUMN, FIRST_COLUMN, name);
	for (size_t k = 0; k < m->n_vantages; k++) {
		const struct result *o = matrix_cell(m, row, k);

		if (o && o->verdict == VERDICT_FAIL && !*reason)
			reason = o->reason;
		put_cell(o ? o->verdict : VERDICT_MAX, matrix_columns(m),
			 colour, out);
	}
	buf_printf(out, " %s", *reason || !wide ? reason : r->what);
	while (out->len > begin && out->data[out->len - 1] == ' ')
		buf_truncate(out, out->len - 1);
	buf_putc(out, '\n');
}

/**
 * put_matrix() - All checks, a column per vantage
 * @m:		Matrix
 * @options:	Colour, and whether there is room to say what must be true
 * @out:	Buffer
 */
static void put_matrix(const struct matrix *m,
		       const struct report_options *options, struct buf *out)
{
	bool wide = options->width >= matrix_width(m) + WHAT_WIDTH;
	const struct report_layer *layer = NULL;
	bool colour = options->colour;

	buf_printf(out, "  %-*s", FIRST_COLUMN, "");
	for (size_t k = 0; k < m->n_vantages; k++)
		buf_printf(out, "%-*s",
			   k + 1 < m->n_vantages ? (int)matrix_columns(m) : 0,
			   matrix_title(m->vantages[k]));
	buf_putc(out, '\n');
	for (size_t i = 0; i < m->n_rows; i++) {
		if (report_layer_of(m->rows[i]->id) != layer) {
			layer = report_layer_of(m->rows[i]->id);
			buf_printf(out, "%s%s%s\n", colour ? "\033[1m" : "",
				   layer->title, colour ? "\033[0m" : "");
		}
		put_row(m, i, wide, colour, out);
	}
}

/**
 * put_list() - All results, one in a line
 * @all:	All results
 * @colour:	Whether escape sequences may be used
 * @out:	Buffer
 */
static void put_list(const struct results *all, bool colour, struct buf *out)
{
	size_t i;

	for (i = 0; i < all->n; i++) {
		const struct result *r = &all->items[i];

		put_cell(r->verdict, 6, colour, out);
		buf_printf(out, "%-6s %-8s %-16s %s %s%s%s\n", r->id,
			   r->variant, r->vantage, r->dst, r->reason,
			   *r->detail ? ": " : "", r->detail);
	}
}

/**
 * put_summary() - The last line: how many of each
 * @report:	Finished report
 * @out:	Buffer
 */
static void put_summary(const struct report *report, struct buf *out)
{
	size_t i;

	for (i = 0; i < VERDICT_MAX; i++)
		if (report->summary[i] || i == VERDICT_PASS ||
		    i == VERDICT_FAIL)
			buf_printf(out, "%s%u %s", i ? ", " : "",
				   report->summary[i],
				   verdict_name((enum verdict)i));
	buf_printf(out, " in %.1f s\n", (double)report->duration_ns / 1e9);
}

/**
 * render() - Write a report for a terminal
 * @report:	Finished report
 * @options:	Colour, width, and whether each result gets its line
 * @out:	Buffer
 *
 * Return: 0, -ENOMEM or -EFBIG
 */
static int render(const struct report *report,
		  const struct report_options *options, struct buf *out)
{
	unsigned int width = options->width ? options->width : 100;
	_cleanup_(matrix_release) struct matrix m = { 0 };
	int r = matrix_init(&report->results, &m);

	if (r < 0)
		return r;
	diagnosis_print(&report->diagnosis, options->colour, options->width,
			out);
	if (out->len)
		buf_putc(out, '\n');
	if (m.n_vantages <= COLUMNS_MAX && !options->all &&
	    matrix_width(&m) <= width)
		put_matrix(&m, options, out);
	else
		put_list(&report->results, options->colour, out);
	put_summary(report, out);
	return buf_error(out);
}

const struct report_format report_table = {
	.name = "table",
	.summary = "the cause and one table, for terminals",
	.render = render,
};
