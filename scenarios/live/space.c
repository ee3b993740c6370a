/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where a live run makes its objects: namespaces of its own, which go with all that is in
 * them, or those of ci/kubernetes, in which it removes what it made alone.
 */
#include "scenarios/live/live-private.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "scenarios/lab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/**
 * live_deadline() - So many seconds from now
 * @seconds:	Number; times --patience
 *
 * Return: for loop_now()
 */
int64_t live_deadline(unsigned int seconds)
{
	return lab_deadline(seconds);
}

/**
 * say() - Say why a request failed
 * @live:	Run
 * @text:	Why
 * @r:		What it returned
 *
 * Return: @r
 */
static int say(const struct live *live, const char *text, int r)
{
	bool expired = r == -EACCES && live->made;

	if (r < 0 && r != -ECANCELED)
		log_error("%s%s", text,
			  expired ? "; it did when the run began: the "
				    "kubeconfig's token or certificate has "
				    "expired, or was withdrawn" :
				    "");
	return r;
}

/**
 * live_told() - Say why a request failed
 * @live:	Run
 * @r:		What it returned
 *
 * Return: @r
 */
int live_told(struct live *live, int r)
{
	return say(live,
		   live->problem[0] ? live->problem : api_error(live->api), r);
}

/**
 * live_apply() - Make an object
 * @live:	Run
 * @text:	Object
 *
 * Return: 0, or an errno after saying why
 */
int live_apply(struct live *live, const struct buf *text)
{
	int r = buf_error(text);

	if (r == 0)
		r = api_apply(live->api, buf_text(text), live_deadline(CALL_S));
	return say(live, api_error(live->api), r);
}

/**
 * live_make() - Make several objects
 * @live:	Run
 * @m:		Names
 * @objects:	What they are
 * @n:		Their number
 *
 * Return: 0, or an errno after saying why
 */
int live_make(struct live *live, const struct manifest *m,
	      live_object_fn *const objects[], size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;

		objects[i](m, &text);
		r = live_apply(live, &text);
	}
	return r;
}

/* What a prober needs, and what is left when a run was killed. */
static const char *const own_kinds[] = { "pods", "configmaps", "services" };

/**
 * clear_space() - Remove our objects from a namespace that is not ours
 * @live:	Run
 * @space:	Its name
 *
 * Return: 0 once the pods have gone
 */
static int clear_space(struct live *live, const char *space)
{
	char path[192];
	int r = 0;

	for (size_t i = ARRAY_SIZE(own_kinds); r == 0 && i > 0; i--) {
		(void)snprintf(path, sizeof(path),
			       "/api/v1/namespaces/%s/%s"
			       "?labelSelector=app%%3Dprobe",
			       space, own_kinds[i - 1]);
		r = api_delete(live->api, path, live_deadline(CALL_S));
	}
	if (r == 0)
		r = api_watch_gone(live->api, path, live_deadline(GONE_S));
	if (r < 0 && r != -ECANCELED)
		log_error("namespace '%s' could not be cleared: %s", space,
			  api_error(live->api));
	return r;
}

/**
 * make_space() - Make a namespace, and the identity of the probers in it
 * @live:	Run
 * @m:		Names
 * @made:	Set once it may be there, also where the answer does not reach us
 *
 * Return: 0, or an errno after saying why
 */
static int make_space(struct live *live, const struct manifest *m, bool *made)
{
	static live_object_fn *const objects[] = {
		manifest_namespace,
		manifest_account,
		manifest_role,
		manifest_binding,
	};

	*made = true;
	return live_make(live, m, objects, ARRAY_SIZE(objects));
}

/**
 * name_spaces() - What the namespaces are called
 * @live:	Run
 *
 * Return: 0, or an errno of the random numbers
 */
static int name_spaces(struct live *live)
{
	const char *given = live->options->space;
	uint32_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	if (given)
		(void)snprintf(live->space, sizeof(live->space), "%s", given);
	else
		(void)snprintf(live->space, sizeof(live->space), "shoot6-%08x",
			       number);
	(void)snprintf(live->host_space, sizeof(live->host_space), "%s-host",
		       live->space);
	return 0;
}

/**
 * take_spaces() - Take the namespaces that are there, as if a run had been killed in them
 * @live:	Run
 *
 * Return: 0
 */
static int take_spaces(struct live *live)
{
	int r;

	live->made = true;
	live->host_made = live->options->privileged;
	r = clear_space(live, live->space);
	if (r == 0 && live->host_made)
		r = clear_space(live, live->host_space);
	return r;
}

/**
 * live_make_spaces() - Make the namespaces, or take those that are there
 * @live:	Run
 *
 * Return: 0
 */
int live_make_spaces(struct live *live)
{
	struct manifest host = { .space = live->host_space, .host = true };
	int r = name_spaces(live);

	if (r < 0)
		return r;
	if (live->options->space)
		return take_spaces(live);
	r = make_space(live, &live->m, &live->made);
	if (r < 0 || !live->options->privileged)
		return r;
	return make_space(live, &host, &live->host_made);
}

/**
 * space_failed() - Say that a namespace is left
 * @live:	Run
 * @space:	Its name
 * @r:		Why
 *
 * Return: @r
 */
static int space_failed(struct live *live, const char *space, int r)
{
	if (r < 0)
		log_error("namespace '%s' could not be removed: %s", space,
			  api_error(live->api));
	return r;
}

/**
 * drop_space() - Begin to delete a namespace with all in it
 * @live:	Run
 * @space:	Its name
 *
 * Return: 0
 */
static int drop_space(struct live *live, const char *space)
{
	char path[192];

	if (live->options->space)
		return clear_space(live, space);
	(void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s", space);
	return space_failed(live, space,
			    api_delete(live->api, path, live_deadline(CALL_S)));
}

/**
 * await_space() - Wait until a namespace has gone
 * @live:	Run
 * @space:	Its name
 *
 * Return: 0
 */
static int await_space(struct live *live, const char *space)
{
	char path[192];

	if (live->options->space)
		return 0;
	(void)snprintf(path, sizeof(path),
		       "/api/v1/namespaces?fieldSelector=metadata.name%%3D%s",
		       space);
	return space_failed(
		live, space,
		api_watch_gone(live->api, path, live_deadline(GONE_S)));
}

/**
 * live_drop_host_space() - Begin to delete the nodes' namespace, which is not used any more
 * @live:	Run
 *
 * The namespace controller lets five seconds pass before it looks at one: so they pass
 * while the pods probe.
 *
 * Return: 0, or an errno after saying why
 */
int live_drop_host_space(struct live *live)
{
	int r = drop_space(live, live->host_space);

	live->host_dropped = r == 0;
	return r;
}

/**
 * live_clean_up() - Delete what was made, also after a failure or Ctrl-C
 * @live:	Run
 *
 * Return: 0, or an errno after saying what is left
 */
int live_clean_up(struct live *live)
{
	int r = 0, last = 0;

	/* Both at a time. Once more Ctrl-C: the user does not want to wait either. */
	if (live->made)
		r = drop_space(live, live->space);
	if (live->host_made && !live->host_dropped)
		last = drop_space(live, live->host_space);
	if (live->made && r == 0)
		r = await_space(live, live->space);
	if (live->host_made && last == 0)
		last = await_space(live, live->host_space);
	return r < 0 ? r : last;
}
