/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: base - what every file needs: array sizes, attributes, small arithmetic
 *
 * Owns nothing, allocates nothing, cannot fail.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define must_check             __attribute__((warn_unused_result))
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))
#define noreturn               __attribute__((noreturn))

/* Number of elements; refuses to compile for a pointer. */
#define ARRAY_SIZE(a)                                                       \
	(sizeof(a) / sizeof((a)[0]) +                                       \
	 0 * sizeof(struct {                                                \
		 int refuse_pointers : 1 -                                  \
			 2 * __builtin_types_compatible_p(typeof(a),        \
							  typeof(&(a)[0])); \
	 }))

/* Each use has variables of its own, so that uses may be nested. */
#define MIN_(a, b, n)                                      \
	({                                                 \
		typeof(a) min_a##n = (a);                  \
		typeof(b) min_b##n = (b);                  \
		min_a##n < min_b##n ? min_a##n : min_b##n; \
	})
#define MAX_(a, b, n)                                      \
	({                                                 \
		typeof(a) max_a##n = (a);                  \
		typeof(b) max_b##n = (b);                  \
		max_a##n > max_b##n ? max_a##n : max_b##n; \
	})
#define MIN_EXPAND(a, b, n) MIN_(a, b, n)
#define MAX_EXPAND(a, b, n) MAX_(a, b, n)
#define MIN(a, b)           MIN_EXPAND(a, b, __COUNTER__)
#define MAX(a, b)           MAX_EXPAND(a, b, __COUNTER__)

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr)-offsetof(type, member)))

/* Three-way comparison of two scalars, for qsort() and bsearch(). */
#define CMP(a, b) (((a) > (b)) - ((a) < (b)))
