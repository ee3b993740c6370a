/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow: files that tell us something, by inotify
 *
 * The document: its folder is watched, and the folder of what it is a link to, so that a
 * file that is renamed over it is seen, and a ConfigMap whose links are swapped.
 * The state: somebody's transaction has ended, or was committed.
 * Sysctls: a write through this mount of /proc is an event; one through another mount (a
 * container's) is not, and is found by the slow audit.
 * Files of ours: their folders.
 */
#include "netsetup/watch/watch.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#define FOLDER                                                      \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | \
	 IN_CREATE | IN_ATTRIB | IN_ONLYDIR)
#define REREAD_NS (20 * NSEC_PER_MSEC) /* editors write more than once */
#define DRIFT_NS  (2 * NSEC_PER_MSEC)

enum followed { FOLLOW_STATE, FOLLOW_DOCUMENT, FOLLOW_OBJECT };

struct follow {
	struct {
		int wd;
		enum followed what;
	} * items;
	size_t n;
};

/**
 * add_watch() - Watch a file or folder
 * @w:		Watch
 * @path:	Path; what does not exist is not watched
 * @mask:	IN_*
 * @what:	What it is for
 */
static void add_watch(struct watch *w, const char *path, uint32_t mask,
		      enum followed what)
{
	struct follow *f = w->follow;
	int wd = inotify_add_watch(w->notify_fd, path, mask | IN_MASK_ADD);
	void *items;

	/* One folder may serve two ends; its number is then the same. */
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].wd == wd && f->items[i].what == what)
			return;
	items = wd < 0 ? NULL :
			 reallocarray(f->items, f->n + 1, sizeof(*f->items));
	if (!items)
		return;
	f->items = items;
	f->items[f->n].wd = wd;
	f->items[f->n++].what = what;
}

/**
 * add_folder() - Watch the folder of a file
 * @w:		Watch
 * @path:	File
 * @what:	What it is for
 */
static void add_folder(struct watch *w, const char *path, enum followed what)
{
	_cleanup_free_ char *copy = strdup(path);

	if (copy)
		add_watch(w, dirname(copy), FOLDER, what);
}

/**
 * handle() - One event
 * @w:		Watch
 * @event:	Event
 */
static void handle(struct watch *w, const struct inotify_event *event)
{
	const struct follow *f = w->follow;

	if (event->mask & IN_Q_OVERFLOW) {
		(void)!loop_timer_set(&w->loop, &w->reread,
				      loop_now() + REREAD_NS);
		watch_soon(w, DRIFT_NS);
	}
	for (size_t i = 0; i < f->n; i++) {
		struct generation now;

		if (f->items[i].wd != event->wd)
			continue;
		if (f->items[i].what == FOLLOW_DOCUMENT) {
			(void)!loop_timer_set(&w->loop, &w->reread,
					      loop_now() + REREAD_NS);
			continue;
		}
		if (f->items[i].what == FOLLOW_OBJECT) {
			watch_soon(w, DRIFT_NS);
			continue;
		}
		generation_read(w->dir, &now);
		if (w->locked_out || !generation_same(&now, &w->generation))
			watch_soon(w, 0);
	}
}

/**
 * on_file() - inotify has something
 * @source:	Embedded in the watch
 * @events:	Unused
 * @now:	Unused
 */
static void on_file(struct loop_source *source, uint32_t events, int64_t now)
{
	struct watch *w = container_of(source, struct watch, on_file);
	_Alignas(struct inotify_event) char data[4096];
	ssize_t n;

	(void)events;
	(void)now;
	while ((n = read(w->notify_fd, data, sizeof(data))) > 0)
		for (const char *at = data; at < data + n;) {
			const struct inotify_event *event = (const void *)at;

			handle(w, event);
			at += sizeof(*event) + event->len;
		}
}

/**
 * follow_state() - Follow the folder of the state
 * @w:		Watch
 */
void follow_state(struct watch *w)
{
	char state[64];

	snprintf(state, sizeof(state), "/proc/self/fd/%d/.", w->dir);
	add_watch(w, state,
		  IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF,
		  FOLLOW_STATE);
}

/**
 * follow_open() - Begin to follow the document and the state
 * @w:		Watch
 *
 * Return: 0 or a negative errno
 */
int follow_open(struct watch *w)
{
	_cleanup_free_ char *real = NULL;

	w->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->notify_fd < 0)
		return -errno;
	w->follow = calloc(1, sizeof(*w->follow));
	if (!w->follow)
		return -ENOMEM;
	follow_state(w);
	if (w->document) {
		add_folder(w, w->document, FOLLOW_DOCUMENT);
		real = realpath(w->document, NULL);
	}
	if (real)
		add_folder(w, real, FOLLOW_DOCUMENT);
	w->on_file =
		(struct loop_source){ .fd = w->notify_fd, .ready = on_file };
	return loop_add(&w->loop, &w->on_file, EPOLLIN);
}

/**
 * follow_objects() - Follow the sysctls and files that are kept
 * @w:		Watch; .want counts
 *
 * Those of an earlier document go on being watched: their events cost one comparison.
 */
void follow_objects(struct watch *w)
{
	const char *root = w->config->root ? w->config->root : "";
	const struct model *m = &w->want;
	char path[PATH_MAX];

	for (size_t i = 0; i < m->tables[KIND_SYSCTL].n; i++) {
		snprintf(
			path, sizeof(path), "/proc/sys/%s",
			strings_get(m->strings,
				    MODEL_AT(m, KIND_SYSCTL, sysctl, i)->path));
		add_watch(w, path, IN_MODIFY, FOLLOW_OBJECT);
	}
	for (size_t i = 0; i < m->tables[KIND_FILE].n; i++) {
		snprintf(path, sizeof(path), "%s%s", root,
			 strings_get(m->strings,
				     MODEL_AT(m, KIND_FILE, file, i)->path));
		add_folder(w, path, FOLLOW_OBJECT);
	}
}

/**
 * follow_close() - End
 * @w:		Watch
 */
void follow_close(struct watch *w)
{
	if (w->notify_fd >= 0)
		(void)close(TAKE_FD(w->notify_fd));
	if (w->follow)
		free(w->follow->items);
	free(w->follow);
	w->follow = NULL;
}
