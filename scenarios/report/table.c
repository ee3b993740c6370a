/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: the report for a terminal: the cause first, then one row per check
 *
 * A column per vantage; where they do not fit, or with .all, a row per result.
 */
#include "lib/cleanup.h"
#include "scenarios/report/formats.h"

#include <errno.h>
#include <stdlib.h>
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

/* Which of several verdicts of one cell is shown: the worst. */
static const unsigned int weight[VERDICT_MAX] = {
	[VERDICT_SKIP] = 1, [VERDICT_PASS] = 2,    [VERDICT_UNKNOWN] = 3,
	[VERDICT_WARN] = 4, [VERDICT_BLOCKED] = 5, [VERDICT_FAIL] = 6,
};

struct columns {
	const char *vantage[COLUMNS_MAX];
	size_t n;
	unsigned int width; /* of each */
};

/**
 * find_columns() - The vantages of a report, in the order of their results
 * @all:	All results
 * @ret:	Where they go
 *
 * Return: false where there are too many of them
 */
static bool find_columns(const struct results *all, struct columns *ret)
{
	size_t i, k;

	*ret = (struct columns){ .width = 5 };
	for (i = 0; i < all->n; i++) {
		for (k = 0; k < ret->n; k++)
			if (!strcmp(ret->vantage[k], all->items[i].vantage))
				break;
		if (k < ret->n)
			continue;
		if (ret->n == COLUMNS_MAX)
			return false;
		ret->vantage[ret->n++] = all->items[i].vantage;
	}
	return true;
}

/**
 * short_name() - A vantage without its kind
 * @vantage:	"pod:node1/a"
 *
 * Return: "node1/a"
 */
static const char *short_name(const char *vantage)
{
	const char *colon = strchr(vantage, ':');

	return colon ? colon + 1 : vantage;
}

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
 * same_row() - Whether two results stand in one row
 * @a:		One
 * @b:		Other
 *
 * Return: true where they are of one check and variant
 */
static bool same_row(const struct result *a, const struct result *b)
{
	return strcmp(a->id, b->id) == 0 && strcmp(a->variant, b->variant) == 0;
}

/**
 * put_row() - One check from all vantages
 * @all:	All results
 * @r:		The first result of the row
 * @c:		Columns
 * @wide:	There is room to say what must be true
 * @colour:	Whether escape sequences may be used
 * @out:	Buffer
 */
static void put_row(const struct results *all, const struct result *r,
		    const struct columns *c, bool wide, bool colour,
		    struct buf *out)
{
	char name[48];
	const char *reason = "";
	size_t i, k, begin = out->len;

	(void)snprintf(name, sizeof(name), "%s %s", r->id, r->variant);
	buf_printf(out, "  %-*.*s", FIRST_COLUMN, FIRST_COLUMN, name);
	for (k = 0; k < c->n; k++) {
		enum verdict v = VERDICT_MAX;

		for (i = 0; i < all->n; i++) {
			const struct result *o = &all->items[i];

			if (!same_row(r, o) ||
			    strcmp(o->vantage, c->vantage[k]))
				continue;
			if (o->verdict == VERDICT_FAIL && !*reason)
				reason = o->reason;
			if (v == VERDICT_MAX || weight[o->verdict] > weight[v])
				v = o->verdict;
		}
		put_cell(v, c->width + 1, colour, out);
	}
	buf_printf(out, " %s", *reason || !wide ? reason : r->what);
	while (out->len > begin && out->data[out->len - 1] == ' ')
		buf_truncate(out, out->len - 1);
	buf_putc(out, '\n');
}

/**
 * matrix_width() - Columns of a terminal that the matrix needs
 * @c:		Columns
 *
 * Return: their number, without what stands behind the verdicts
 */
static unsigned int matrix_width(const struct columns *c)
{
	return FIRST_COLUMN + 2 + (unsigned int)c->n * (c->width + 1);
}

/**
 * cmp_rows() - Order of rows
 * @a:		Pointer to the first result of one
 * @b:		Of the other
 *
 * Return: below, equal to or above 0
 */
static int cmp_rows(const void *a, const void *b)
{
	return report_order(*(const struct result *const *)a,
			    *(const struct result *const *)b);
}

/**
 * find_rows() - One result of each row, in order
 * @all:	All results
 * @rows:	Room for as many as there are results
 *
 * Return: number of rows
 */
static size_t find_rows(const struct results *all, const struct result **rows)
{
	size_t n = 0, k;

	for (size_t i = 0; i < all->n; i++) {
		for (k = 0; k < n; k++)
			if (same_row(rows[k], &all->items[i]))
				break;
		if (k == n)
			rows[n++] = &all->items[i];
	}
	qsort(rows, n, sizeof(*rows), cmp_rows);
	return n;
}

/**
 * put_matrix() - All checks, a column per vantage
 * @all:	All results
 * @c:		Columns
 * @options:	Colour, and whether there is room to say what must be true
 * @out:	Buffer
 *
 * Return: 0; -ENOMEM
 */
static int put_matrix(const struct results *all, const struct columns *c,
		      const struct report_options *options, struct buf *out)
{
	_cleanup_free_ const struct result **rows =
		calloc(all->n + 1, sizeof(*rows));
	bool wide = options->width >= matrix_width(c) + WHAT_WIDTH;
	const struct report_layer *layer = NULL;
	bool colour = options->colour;
	size_t n;

	if (!rows)
		return -ENOMEM;
	buf_printf(out, "  %-*s", FIRST_COLUMN, "");
	for (size_t k = 0; k < c->n; k++)
		buf_printf(out, "%-*s", k + 1 < c->n ? (int)c->width + 1 : 0,
			   short_name(c->vantage[k]));
	buf_putc(out, '\n');
	n = find_rows(all, rows);
	for (size_t i = 0; i < n; i++) {
		if (report_layer_of(rows[i]->id) != layer) {
			layer = report_layer_of(rows[i]->id);
			buf_printf(out, "%s%s%s\n", colour ? "\033[1m" : "",
				   layer->title, colour ? "\033[0m" : "");
		}
		put_row(all, rows[i], c, wide, colour, out);
	}
	return 0;
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
	struct columns c;
	bool fits;
	size_t k;
	int r = 0;

	diagnosis_print(&report->diagnosis, options->colour, options->width,
			out);
	if (out->len)
		buf_putc(out, '\n');
	fits = find_columns(&report->results, &c);
	for (k = 0; k < c.n; k++)
		c.width = MAX(c.width,
			      (unsigned int)strlen(short_name(c.vantage[k])));
	if (fits && !options->all && matrix_width(&c) <= width)
		r = put_matrix(&report->results, &c, options, out);
	else
		put_list(&report->results, options->colour, out);
	put_summary(report, out);
	return r < 0 ? r : buf_error(out);
}

const struct report_format report_table = {
	.name = "table",
	.summary = "the cause and one table, for terminals",
	.render = render,
};
