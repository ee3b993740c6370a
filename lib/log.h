/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: log - chatter for people, on standard error
 *
 * Results go to standard output and never through here. A message is one line, lower
 * case, without a full stop, subject first and cause last; the program's name is put
 * before it. lib/ never logs above debug; programs do. The level is the only mutable
 * state of the library.
 */

#include "lib/base.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

void log_init(const char *program);
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* Each message is given to @keep as well, without the program's name; NULL: no more. */
void log_keep(void (*keep)(void *arg, enum log_level level, const char *text),
	      void *arg);
void log_print(enum log_level level, const char *format, ...) printf_like(2, 3);

#define log_error(...)   log_print(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_print(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_print(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_print(LOG_LEVEL_DEBUG, __VA_ARGS__)

bool log_colour(int fd);
unsigned int log_columns(int fd);
