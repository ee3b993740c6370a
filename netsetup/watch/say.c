/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/watch/say.h"

#include "netsetup/watch/metrics.h"
#include "netsetup/watch/watch.h"

#include <stdio.h>
#include <time.h>

/**
 * say_new() - Begin an event
 * @event:	Its name
 *
 * Return: object for its facts; say_end() frees it
 */
struct json *say_new(const char *event)
{
	struct json *j = json_object();
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &t);
	json_set_string(j, "event", event);
	json_set_number(j, "time",
			(double)t.tv_sec + (double)(t.tv_nsec / 1000000) / 1e3);
	return j;
}

/**
 * say_end() - Print an event
 * @w:		Watch
 * @level:	For people
 * @event:	From say_new(); freed
 * @format:	For people
 */
void say_end(struct watch *w, enum log_level level, struct json *event,
	     const char *format, ...)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	va_list args;

	if (w->config->json) {
		if (json_print(event, JSON_COMPACT, &b) == 0)
			puts(buf_text(&b));
		fflush(stdout);
	} else {
		va_start(args, format);
		buf_vprintf(&b, format, args);
		va_end(args);
		log_print(level, "%s", buf_text(&b));
	}
	json_free(event);
	metrics_touch(w);
}
