/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/report/matrix.h"

#include "scenarios/report/formats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Which of several verdicts of one cell is shown: the worst. */
static const unsigned int weight[VERDICT_MAX] = {
	[VERDICT_SKIP] = 1, [VERDICT_PASS] = 2,    [VERDICT_UNKNOWN] = 3,
	[VERDICT_WARN] = 4, [VERDICT_BLOCKED] = 5, [VERDICT_FAIL] = 6,
};

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
 * row_of() - The row of a result
 * @m:		Matrix
 * @r:		Result
 *
 * Return: its index; .n_rows where there is none
 */
static size_t row_of(const struct matrix *m, const struct result *r)
{
	size_t i = 0;

	while (i < m->n_rows && !same_row(m->rows[i], r))
		i++;
	return i;
}

/**
 * column_of() - The column of a result
 * @m:		Matrix
 * @r:		Result
 *
 * Return: its index; .n_vantages where there is none
 */
static size_t column_of(const struct matrix *m, const struct result *r)
{
	size_t i = 0;

	while (i < m->n_vantages && strcmp(m->vantages[i], r->vantage) != 0)
		i++;
	return i;
}

/**
 * fill() - Put all results into their cells
 * @m:		Matrix with rows and columns
 * @all:	Results
 */
static void fill(struct matrix *m, const struct results *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct result *r = &all->items[i];
		const struct result **cell =
			&m->cells[row_of(m, r) * m->n_vantages +
				  column_of(m, r)];

		if (!*cell || weight[r->verdict] > weight[(*cell)->verdict])
			*cell = r;
	}
}

/**
 * matrix_init() - Lay out results
 * @all:	Results
 * @ret:	Where it goes
 *
 * Return: 0 or -ENOMEM
 */
int matrix_init(const struct results *all, struct matrix *ret)
{
	struct matrix m = {
		.vantages = calloc(all->n + 1, sizeof(*m.vantages)),
		.rows = calloc(all->n + 1, sizeof(*m.rows)),
	};

	for (size_t i = 0; m.vantages && m.rows && i < all->n; i++) {
		const struct result *r = &all->items[i];

		if (row_of(&m, r) == m.n_rows)
			m.rows[m.n_rows++] = r;
		if (column_of(&m, r) == m.n_vantages)
			m.vantages[m.n_vantages++] = r->vantage;
	}
	m.cells = calloc(m.n_rows * m.n_vantages + 1, sizeof(*m.cells));
	if (!m.vantages || !m.rows || !m.cells) {
		matrix_release(&m);
		return -ENOMEM;
	}
	qsort(m.rows, m.n_rows, sizeof(*m.rows), cmp_rows);
	fill(&m, all);
	*ret = m;
	return 0;
}

/**
 * matrix_release() - End a matrix
 * @m:		Matrix; may be used again afterwards
 */
void matrix_release(struct matrix *m)
{
	free(m->vantages);
	free(m->rows);
	free(m->cells);
	*m = (struct matrix){ 0 };
}

/**
 * matrix_cell() - The worst result of a check from a vantage
 * @m:		Matrix
 * @row:	Index of the check
 * @vantage:	Index of the vantage
 *
 * Return: the result, or NULL where it was not checked from there
 */
const struct result *matrix_cell(const struct matrix *m, size_t row,
				 size_t vantage)
{
	return m->cells[row * m->n_vantages + vantage];
}

/**
 * matrix_title() - A vantage without its kind
 * @vantage:	"pod:node1/a"
 *
 * Return: "node1/a"
 */
const char *matrix_title(const char *vantage)
{
	const char *colon = strchr(vantage, ':');

	return colon ? colon + 1 : vantage;
}
