/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: say - what watch does, for programs or for people
 *
 * With --json each event is one object on a line of standard output:
 * {"event":"repaired","time":1764000000.123,...}. Without it, it is a line on standard
 * error. say_new() begins one, say_end() prints and frees it.
 */

#include "lib/json.h"
#include "lib/log.h"

struct watch;

struct json *say_new(const char *event);
void say_end(struct watch *w, enum log_level level, struct json *event,
	     const char *format, ...) printf_like(4, 5);
