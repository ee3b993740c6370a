/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generation: what others that share the state have committed meanwhile
 *
 * `netsetup apply` or `undo` from a shell is as good as our document: what was committed
 * last is kept, until the document changes. What that is, the kernel and the state know:
 * whatever is ours at the moment at which we hold the lock.
 */
#include "netsetup/watch/watch.h"

#include "netsetup/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

/**
 * generation_read() - Which transaction was committed last
 * @dir:	Folder of the state
 * @ret:	Gets it
 */
void generation_read(int dir, struct generation *ret)
{
	struct generation g = { 0 };
	struct stat st;

	if (fstatat(dir, "last", &st, 0) == 0) {
		g.last.inode = st.st_ino;
		g.last.changed = st.st_mtim;
	}
	if (fstatat(dir, "journal", &st, 0) == 0) {
		g.journal.inode = st.st_ino;
		g.journal.changed = st.st_mtim;
	}
	*ret = g;
}

/**
 * generation_same() - Whether nothing was committed between two looks
 * @a:		One
 * @b:		The other
 *
 * Return: true if so
 */
bool generation_same(const struct generation *a, const struct generation *b)
{
	return a->last.inode == b->last.inode &&
	       a->last.changed.tv_sec == b->last.changed.tv_sec &&
	       a->last.changed.tv_nsec == b->last.changed.tv_nsec &&
	       a->journal.inode == b->journal.inode &&
	       a->journal.changed.tv_sec == b->journal.changed.tv_sec &&
	       a->journal.changed.tv_nsec == b->journal.changed.tv_nsec;
}

/**
 * generation_spoil() - Make the next look find something new
 * @g:		Generation
 *
 * Whoever takes a model apart does this first: should it not come together again, an
 * empty one would be taken for what is wanted.
 */
void generation_spoil(struct generation *g)
{
	*g = (struct generation){ .last.inode = (ino_t)-1 };
}

/**
 * watch_lock() - Take the lock of the state, without waiting
 * @w:		Watch
 *
 * Return: descriptor; -EWOULDBLOCK where somebody has it, or a negative errno
 */
int watch_lock(struct watch *w)
{
	_cleanup_close_ int fd =
		openat(w->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char who[64];

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	snprintf(who, sizeof(who), "'netsetup watch', process %d", getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, who, strlen(who), 0) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/**
 * is_ours() - Whether an observed object is one that netsetup keeps
 * @e:		Engine
 * @kind:	Kind
 * @object:	Object; a link gets the attributes that are ours
 *
 * Return: true if it is
 */
static bool is_ours(const struct engine *e, enum kind_id kind, void *object)
{
	const struct link *key = model_find(&e->owned_keys, kind, object);

	if (kind == KIND_LINK) {
		struct link *l = object;

		if (!l->owned && !key)
			return false;
		if (key)
			l->set = key->set;
		return true;
	}
	if (kinds[kind]->protocol)
		return object_protocol(kinds[kind], object) == NETSETUP_PROTO;
	return key != NULL;
}

/**
 * keep_ours() - Leave nothing but our own objects in a model
 * @e:		Engine
 * @m:		Model, sorted before and afterwards
 */
static void keep_ours(const struct engine *e, struct model *m)
{
	for (size_t k = 0; k < KIND_MAX; k++) {
		struct table *t = &m->tables[k];
		size_t size = kinds[k]->size, n = 0;

		for (size_t i = 0; i < t->n; i++) {
			if (!is_ours(e, (enum kind_id)k, t->items + i * size))
				continue;
			if (n != i)
				memcpy(t->items + n * size, t->items + i * size,
				       size);
			n++;
		}
		t->n = n;
	}
}

/**
 * keep_intents() - Carry over what a document says and the kernel does not hold
 * @w:		Watch; its engine is new
 * @from:	Document; its prefixes move
 * @names:	Its strings
 */
static void keep_intents(struct watch *w, struct conf *from,
			 const struct strings *names)
{
	struct proxy *p = (struct proxy *)(void *)from->responders.items;

	for (size_t i = 0; i < from->responders.n; i++)
		p[i].dev = strings_add_text(w->e.strings,
					    strings_get(names, p[i].dev));
	w->conf.responders = from->responders;
	from->responders = (struct table){ 0 };
	w->conf.nat64 = from->nat64;
	w->conf.nat64.resolvers = strings_add(
		w->e.strings, strings_get(names, from->nat64.resolvers),
		strings_len(names, from->nat64.resolvers));
	w->conf.uplinks =
		strings_add(w->e.strings, strings_get(names, from->uplinks),
			    strings_len(names, from->uplinks));
}

/**
 * snapshot_take() - Keep from now on what is ours now; the lock is held
 * @w:		Watch
 *
 * Return: 0; -EINPROGRESS where a transaction was killed half way and must be taken back
 *	   first, or a negative errno
 */
int snapshot_take(struct watch *w)
{
	struct engine_options options = w->e.options;
	_cleanup_(strings_freep) struct strings *old = NULL;
	struct conf conf;
	struct txn_seen seen;
	struct scope scope = { .keys = &w->e.owned_keys };
	int r = txn_peek(&w->e, &seen);

	if (r == 0 && seen.is_open)
		r = -EINPROGRESS;
	if (r < 0)
		return r;
	generation_spoil(&w->generation);
	old = w->e.strings;
	w->e.strings = NULL;
	conf = w->conf;
	model_release(&w->want);
	engine_close(&w->e);
	w->conf = (struct conf){ 0 };
	r = engine_open(&w->e, &options);
	if (r == 0)
		keep_intents(w, &conf, old);
	conf_release(&conf);
	if (r == 0)
		r = txn_peek(&w->e, &seen);
	model_init(&w->conf.model, w->e.strings);
	model_init(&w->want, w->e.strings);
	if (r < 0)
		return r;
	r = observe(&w->e, &scope, &w->conf.model);
	if (r < 0)
		return r;
	keep_ours(&w->e, &w->conf.model);
	watch_devices(w);
	buf_clear(&w->text);
	generation_read(w->dir, &w->generation);
	return 0;
}
