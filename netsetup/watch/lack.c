/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/watch/lack.h"

#include "netsetup/rest.h"
#include "netsetup/watch/say.h"
#include "netsetup/watch/watch.h"

#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

/* A document that could not be applied. */
struct tried {
	struct watch *w;
	const struct model *m;
};

/**
 * is_lacking() - Whether an interface is missing, down or without carrier
 * @name:	Its name
 *
 * Return: true if it is
 */
static bool is_lacking(const char *name)
{
	_cleanup_close_ int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };
	const short both = IFF_UP | IFF_RUNNING;

	memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	return ioctl(fd, SIOCGIFFLAGS, &request) < 0 ||
	       (request.ifr_flags & both) != both;
}

/**
 * is_made() - Whether a document makes an interface itself
 * @m:		Its model
 * @dev:	Name
 *
 * Return: true if it does
 */
static bool is_made(const struct model *m, uint32_t dev)
{
	const struct table *t = &m->tables[KIND_LINK];

	for (size_t i = 0; i < t->n; i++) {
		const struct link *l = MODEL_AT(m, KIND_LINK, link, i);

		if (l->kind && (l->name == dev || l->peer == dev))
			return true;
	}
	return false;
}

/**
 * note_dev() - Note an interface if it is waited for
 * @test:	.context: struct tried
 * @dev:	Its name, or 0
 *
 * Return: false, so that all are asked about
 */
static bool note_dev(const struct rest_test *test, uint32_t dev)
{
	const struct tried *tried = test->context;
	struct buf *lacks = &tried->w->lacks;
	const char *name = strings_get(test->strings, dev);
	char room[IFNAMSIZ] = { 0 };

	if (!dev || is_made(tried->m, dev) || !is_lacking(name))
		return false;
	memcpy(room, name, strnlen(name, sizeof(room) - 1));
	for (size_t at = 0; at < lacks->len; at += sizeof(room))
		if (memcmp(lacks->data + at, room, sizeof(room)) == 0)
			return false;
	buf_add(lacks, room, sizeof(room));
	return false;
}

/**
 * note_all() - Note the interfaces that a document waits for
 * @tried:	It
 * @s:		Its texts
 */
static void note_all(const struct tried *tried, struct strings *s)
{
	const struct rest_test test = { note_dev, s, tried };

	for (size_t k = 0; k < KIND_MAX; k++) {
		const struct table *t = &tried->m->tables[k];

		for (size_t i = 0; i < t->n; i++) {
			const void *o = t->items + i * kinds[k]->size;
			const struct link *l = o;

			(void)rest_on(&test, (enum kind_id)k, o);
			if (k != KIND_LINK)
				continue;
			(void)note_dev(&test, l->name);
			(void)note_dev(&test, l->parent);
			(void)note_dev(&test, l->master);
		}
	}
}

/**
 * lack_note() - Learn what a document waits for that could not be applied
 * @w:		Watch
 * @text:	Document
 */
void lack_note(struct watch *w, const struct buf *text)
{
	_cleanup_(strings_freep) struct strings *s = strings_new();
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	_cleanup_(conf_release) struct conf conf = { 0 };
	const struct tried tried = { w, &conf.model };

	buf_clear(&w->lacks);
	if (s && conf_read(s, w->e.caps, "document", text->data, text->len,
			   &conf, &errors) == 0)
		note_all(&tried, s);
	if (buf_error(&w->lacks) < 0)
		buf_clear(&w->lacks);
}

/**
 * lack_look() - Try the document again if something that it waits for has come
 * @w:		Watch; links have changed
 */
void lack_look(struct watch *w)
{
	for (size_t at = 0; at < w->lacks.len; at += IFNAMSIZ) {
		const char *name = w->lacks.data + at;
		struct json *j;

		if (is_lacking(name))
			continue;
		j = say_new("retry");
		json_set_number(j, "again_s", 0);
		json_set_string(j, "interface", name);
		say_end(w, LOG_LEVEL_INFO, j,
			"'%s' is there: the document is tried again", name);
		buf_clear(&w->lacks);
		(void)!loop_timer_set(&w->loop, &w->reread, loop_now());
		return;
	}
}
