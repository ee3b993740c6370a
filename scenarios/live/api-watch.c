/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/api-private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define API_WATCH_S 240 /* a watch is opened anew after so long */

/* Who reads a watch, and how far it is. */
struct watching {
	api_seen_fn *seen; /* NULL: until nothing is left */
	void *arg;
	size_t n; /* that are there */
	char version[64];
	bool stale; /* the server has forgotten: list again */
};

/**
 * tell() - Tell the reader of an object, or count it
 * @w:		The watch
 * @event:	What happened
 * @object:	To which
 *
 * Return: what the reader said; 1 once the last one has gone
 */
static int tell(struct watching *w, const char *event,
		const struct json *object)
{
	if (w->seen)
		return w->seen(w->arg, event, object);
	if (strcmp(event, "ADDED") == 0)
		w->n++;
	if (strcmp(event, "DELETED") != 0)
		return 0;
	return --w->n == 0;
}

/**
 * watch_line() - One event of a watch
 * @arg:	The watch
 * @text:	Its JSON
 * @len:	Bytes of it
 *
 * Return: what the reader said; 1 also where the watch has to start anew
 */
static int watch_line(void *arg, const char *text, size_t len)
{
	_cleanup_(json_freep) struct json *json = NULL;
	const struct json *object;
	struct watching *w = arg;
	const char *event, *version;

	if (json_parse(text, len, &json) < 0)
		return -EBADMSG;
	event = json_get_string(json, "type");
	object = json_get(json, "object");
	if (!event || !object || strcmp(event, "ERROR") == 0) {
		w->stale = true;
		return 1;
	}
	version = json_get_string(object, "metadata.resourceVersion");
	if (version)
		(void)snprintf(w->version, sizeof(w->version), "%s", version);
	if (strcmp(event, "BOOKMARK") == 0)
		return 0;
	return tell(w, event, object);
}

/**
 * watch_list() - Show the reader what is there now
 * @api:	The client
 * @path:	The collection, with its query or none
 * @deadline_ns: When to give up
 * @w:		The watch; learns where the list ends
 *
 * Return: what the reader said, or see api.h
 */
static int watch_list(struct api *api, const char *path, int64_t deadline_ns,
		      struct watching *w)
{
	_cleanup_(json_freep) struct json *list = NULL;
	const struct json *item;
	const char *version;
	int r;

	r = api_get(api, path, deadline_ns, &list);
	if (r < 0)
		return r;
	version = json_get_string(list, "metadata.resourceVersion");
	(void)snprintf(w->version, sizeof(w->version), "%s",
		       version ? version : "0");
	w->n = 0;
	for (item = json_first(json_get(list, "items")); item;
	     item = json_next(item)) {
		r = tell(w, "ADDED", item);
		if (r)
			return r;
	}
	return !w->seen && w->n == 0;
}

/**
 * watch_on() - Follow what changes, until the server or the reader ends it
 * @api:	The client
 * @path:	The collection, with its query or none
 * @deadline_ns: When to give up
 * @w:		The watch
 *
 * Return: 0 to go on, 1 when the reader has what it waited for, or see api.h
 */
static int watch_on(struct api *api, const char *path, int64_t deadline_ns,
		    struct watching *w)
{
	_cleanup_free_ char *query = NULL;
	struct request req = { .method = "GET",
			       .deadline_ns = deadline_ns,
			       .line = watch_line,
			       .arg = w };
	int r;

	if (asprintf(&query,
		     "%s%cwatch=true&allowWatchBookmarks=true"
		     "&timeoutSeconds=%d&resourceVersion=%s",
		     path, strchr(path, '?') ? '&' : '?', API_WATCH_S,
		     w->version) < 0)
		return -ENOMEM;
	req.path = query;
	r = api_request(api, &req);
	buf_release(&req.answer);
	if (r == -ESTALE || w->stale) {
		w->stale = true;
		return 0;
	}
	if (r == -ECONNRESET)
		return 0;
	return r < 0 ? r : req.line_result;
}

/**
 * api_watch() - Wait for something by watching a collection
 * @api:	The client
 * @path:	The collection, with its query or none
 * @deadline_ns: When to give up
 * @seen:	Told of each object there is, then of each change; NULL: until none is left
 * @arg:	Handed to it
 *
 * Return: 0 once @seen returned 1, what it returned below 0, or see api.h
 */
int api_watch(struct api *api, const char *path, int64_t deadline_ns,
	      api_seen_fn *seen, void *arg)
{
	struct watching w = { .seen = seen, .arg = arg, .stale = true };
	int r = 0;

	while (r == 0) {
		if (w.stale) {
			w.stale = false;
			r = watch_list(api, path, deadline_ns, &w);
		}
		if (r == 0)
			r = watch_on(api, path, deadline_ns, &w);
	}
	return r < 0 ? r : 0;
}

/**
 * api_watch_gone() - Wait until a collection is empty
 * @api:	The client
 * @path:	The collection, with its query or none
 * @deadline_ns: When to give up
 *
 * Return: 0 once nothing is left, or see api.h
 */
int api_watch_gone(struct api *api, const char *path, int64_t deadline_ns)
{
	return api_watch(api, path, deadline_ns, NULL, NULL);
}
