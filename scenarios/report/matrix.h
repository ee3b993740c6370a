/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: matrix - results by check and vantage, as the forms for people lay them out
 *
 * A row is a check with its variant, a column a vantage, a cell the worst result of the
 * two. Everything points into the results, which must outlive it; the owner ends it by
 * matrix_release().
 */

#include "lib/result.h"

struct matrix {
	const char **vantages; /* in the order of their results */
	size_t n_vantages;
	const struct result *
		*rows; /* one of each row, in the order of layers */
	size_t n_rows;
	const struct result **cells; /* [row * n_vantages + vantage], or NULL */
};

/* Return: 0 or -ENOMEM */
must_check int matrix_init(const struct results *all, struct matrix *ret);
void matrix_release(struct matrix *m);
const struct result *matrix_cell(const struct matrix *m, size_t row,
				 size_t vantage);
/* "pod:node1/a" as "node1/a". */
const char *matrix_title(const char *vantage);
