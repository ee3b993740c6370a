/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/early.h"

#include <errno.h>
#include <string.h>

/**
 * list_routes() - The thread: list the routes that are ours
 * @context:	struct early
 *
 * Return: NULL
 */
static void *list_routes(void *context)
{
	struct early *a = context;
	const struct scope scope = { .keys = &a->e.owned_keys };

	a->r = observe_kind(&a->e, KIND_ROUTE, &scope, &a->routes);
	return NULL;
}

/**
 * early_begin() - Begin to list our routes
 * @a:		Zeroed; does nothing where there is no socket or no thread
 */
void early_begin(struct early *a)
{
	const struct engine_options options = { .state = "", .root = "" };

	if (engine_open(&a->e, &options) == 0) {
		model_init(&a->routes, a->e.strings);
		a->started =
			pthread_create(&a->thread, NULL, list_routes, a) == 0;
	}
	if (!a->started)
		engine_close(&a->e);
}

/**
 * rename_hops() - Hops by the names of another pool
 * @from:	Pool that @hops is of
 * @hops:	List of struct hop
 * @to:		Pool
 *
 * Return: number of the list in @to
 */
static uint32_t rename_hops(const struct strings *from, uint32_t hops,
			    struct strings *to)
{
	_cleanup_(buf_release) struct buf all = BUF_INIT;
	const char *at = strings_get(from, hops);
	const char *end = at + strings_len(from, hops);

	for (; at < end; at += sizeof(struct hop)) {
		struct hop hop;

		memcpy(&hop, at, sizeof(hop));
		hop.dev = strings_add_text(to, strings_get(from, hop.dev));
		buf_add(&all, &hop, sizeof(hop));
	}
	if (buf_error(&all) < 0) {
		to->error = -ENOMEM;
		return 0;
	}
	return strings_add(to, all.data, all.len);
}

/**
 * early_take() - Wait for the routes, and have them
 * @a:		Listing; ended
 * @s:		Pool that their texts go to
 * @out:	Model without routes; gets them, sorted
 *
 * Return: 0; -ENODATA where none was begun or it failed, -ENOMEM
 */
int early_take(struct early *a, struct strings *s, struct model *out)
{
	uint32_t dev = 0, renamed = 0;

	if (!a->started)
		return -ENODATA;
	a->started = false;
	(void)pthread_join(a->thread, NULL);
	for (size_t i = 0; a->r == 0 && i < a->routes.tables[KIND_ROUTE].n;
	     i++) {
		struct route *r = MODEL_AT(&a->routes, KIND_ROUTE, route, i);

		if (r->dev != dev) {
			dev = r->dev;
			renamed = strings_add_text(
				s, strings_get(a->e.strings, dev));
		}
		r->dev = renamed;
		if (r->hops)
			r->hops = rename_hops(a->e.strings, r->hops, s);
	}
	if (a->r == 0) {
		out->tables[KIND_ROUTE] = a->routes.tables[KIND_ROUTE];
		a->routes.tables[KIND_ROUTE] = (struct table){ 0 };
	}
	model_release(&a->routes);
	engine_close(&a->e);
	return a->r < 0 ? -ENODATA : s->error;
}

/**
 * early_end() - Wait for the thread, and drop what it found
 * @a:		Listing, or zeroed
 */
void early_end(struct early *a)
{
	if (!a->started)
		return;
	a->started = false;
	(void)pthread_join(a->thread, NULL);
	model_release(&a->routes);
	engine_close(&a->e);
}
