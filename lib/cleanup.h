/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: cleanup - objects that end with their scope
 *
 * `_cleanup_(thing_freep) struct thing *t = NULL;` calls thing_freep(&t) when the
 * scope is left. TAKE_PTR() and TAKE_FD() hand an object on, so that the scope no
 * longer ends it.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

#define TAKE_PTR(p)                        \
	({                                 \
		typeof(p) take_ptr_ = (p); \
		(p) = NULL;                \
		take_ptr_;                 \
	})

#define TAKE_FD(fd)                  \
	({                           \
		int take_fd_ = (fd); \
		(fd) = -1;           \
		take_fd_;            \
	})

/* Defines TYPE_freep() for a FREE function that takes a pointer and accepts NULL. */
#define DEFINE_CLEANUP(type, free_function)          \
	static inline void free_function##p(type *p) \
	{                                            \
		free_function(*p);                   \
		*p = NULL;                           \
	}

/**
 * cleanup_free() - Free what a pointer variable points to
 * @p:		Address of the pointer variable
 */
static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

/**
 * cleanup_close() - Close a file descriptor variable, unless it is negative
 * @fd:		Address of the variable
 */
static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/**
 * cleanup_fclose() - Close a stream variable, unless it is NULL
 * @f:		Address of the variable
 */
static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

/**
 * cleanup_closedir() - Close a directory stream variable, unless it is NULL
 * @d:		Address of the variable
 */
static inline void cleanup_closedir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

#define _cleanup_free_     _cleanup_(cleanup_free)
#define _cleanup_close_    _cleanup_(cleanup_close)
#define _cleanup_fclose_   _cleanup_(cleanup_fclose)
#define _cleanup_closedir_ _cleanup_(cleanup_closedir)
