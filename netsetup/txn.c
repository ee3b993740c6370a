/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/txn.h"

#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define BOOT_SIZE 37 /* a UUID and NUL */

/**
 * read_boot_id() - Number of this boot
 * @id:		Gets it
 *
 * Return: 0 or a negative errno
 */
static int read_boot_id(char id[BOOT_SIZE])
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	int r = buf_read_file(&b, "/proc/sys/kernel/random/boot_id");

	if (r == 0 && b.len < BOOT_SIZE - 1)
		r = -EBADMSG;
	if (r == 0)
		snprintf(id, BOOT_SIZE, "%.36s", b.data);
	return r;
}

/**
 * netns_inode() - Number of this network namespace
 *
 * Return: inode; 0 where /proc does not tell
 */
static uint64_t netns_inode(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) < 0 ? 0 : st.st_ino;
}

/**
 * open_dir() - Folder of this boot and namespace
 * @e:		Engine
 * @make:	Make it where it is missing
 *
 * Return: descriptor, or a negative errno
 */
static int open_dir(struct engine *e, bool make)
{
	char id[BOOT_SIZE], path[512];
	int r = read_boot_id(id), fd;

	if (r < 0)
		return engine_fail(e, r, "boot id: %s", strerror(-r));
	snprintf(path, sizeof(path), "%s/%s-%llu", e->options.state, id,
		 (unsigned long long)netns_inode());
	for (char *p = strchr(path + 1, '/'); make; p = strchr(p + 1, '/')) {
		if (p)
			*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return engine_fail(e, -errno, "state '%s': %s", path,
					   strerror(errno));
		if (!p)
			break;
		*p = '/';
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && make)
		return engine_fail(e, -errno, "state '%s': %s", path,
				   strerror(errno));
	return fd < 0 ? -errno : fd;
}

/**
 * take_lock() - Be the only writer of this state, waiting for another one
 * @t:		Transaction
 * @verb:	What we do, for whoever waits for us
 *
 * Return: 0 or a negative errno
 */
static int take_lock(struct txn *t, const char *verb)
{
	char who[128] = "";

	t->lock = openat(t->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (t->lock < 0)
		return engine_fail(t->e, -errno, "lock: %s", strerror(errno));
	if (flock(t->lock, LOCK_EX | LOCK_NB) < 0) {
		ssize_t n = pread(t->lock, who, sizeof(who) - 1, 0);

		who[n > 0 ? n : 0] = '\0';
		log_info("waiting for %s", who[0] ? who : "another netsetup");
		if (flock(t->lock, LOCK_EX) < 0)
			return engine_fail(t->e, -errno, "lock: held by %s",
					   who);
	}
	snprintf(who, sizeof(who), "'netsetup %s', process %d", verb, getpid());
	if (ftruncate(t->lock, 0) < 0 ||
	    pwrite(t->lock, who, strlen(who), 0) < 0)
		return engine_fail(t->e, -errno, "lock: %s", strerror(errno));
	return 0;
}

/**
 * converge() - Bring touched objects to their images
 * @t:		Transaction
 * @j:		Journal
 *
 * Return: 0 or a negative errno
 */
static int converge(struct txn *t, const struct journal *j)
{
	_cleanup_(work_release) struct work w = { 0 };
	int r = engine_plan_images(t->e, &j->sets[JOURNAL_BEFORE],
				   &j->sets[JOURNAL_KEYS], &w);

	if (r == 0)
		r = engine_execute(t->e, &w);
	return r < 0 ? r : files_clean(t->e, &j->sets[JOURNAL_KEYS]);
}

/**
 * take_back() - Undo an open transaction and end it
 * @t:		Transaction
 * @j:		Its journal
 *
 * Once more where the first try met something that was still going on.
 *
 * Return: 0 or a negative errno (.stuck)
 */
static int take_back(struct txn *t, const struct journal *j)
{
	_cleanup_(buf_release) struct buf first = t->e->why;
	int r = -EAGAIN;

	t->e->why = (struct buf)BUF_INIT;
	for (int i = 0; i < 3 && r < 0; i++) {
		buf_clear(&t->e->why);
		r = converge(t, j);
	}
	engine_point(t->e);
	if (r == 0 && unlinkat(t->dir, "journal", 0) < 0)
		r = -errno;
	if (r == 0)
		(void)fsync(t->dir);
	engine_point(t->e);
	t->stuck = r < 0;
	if (r < 0 && first.len) {
		buf_printf(&first, "; could not take it back: %s",
			   buf_text(&t->e->why));
	}
	if (first.len) {
		buf_release(&t->e->why);
		t->e->why = first;
		first = (struct buf)BUF_INIT;
	}
	return r;
}

/**
 * load_owned() - Learn which untagged objects are ours
 * @e:		Engine
 * @dir:	Folder of the state
 *
 * Return: 0 or a negative errno
 */
static int load_owned(struct engine *e, int dir)
{
	_cleanup_(journal_release) struct journal j = { 0 };
	int r = journal_read(&j, e->strings, dir, "last");

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return engine_fail(
			e, r, "state 'last': %s",
			r == -EPROTONOSUPPORT ?
				"written by another version of netsetup" :
				"damaged");
	model_release(&e->owned);
	model_release(&e->owned_keys);
	e->owned = j.sets[JOURNAL_OWNED];
	e->owned_keys = j.sets[JOURNAL_OWNED_KEYS];
	model_init(&j.sets[JOURNAL_OWNED], e->strings);
	model_init(&j.sets[JOURNAL_OWNED_KEYS], e->strings);
	return 0;
}

/**
 * recover() - Take back what a killed transaction left
 * @t:		Transaction, locked
 *
 * Return: 0 or a negative errno
 */
static int recover(struct txn *t)
{
	_cleanup_(journal_release) struct journal j = { 0 };
	int r = journal_read(&j, t->e->strings, t->dir, "journal");

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return engine_fail(
			t->e, r, "journal: %s",
			r == -EPROTONOSUPPORT ?
				"written by another version of netsetup" :
				"damaged");
	r = take_back(t, &j);
	t->recovered = r == 0;
	return r;
}

/**
 * txn_open() - Become the only writer, and take back what was left half done
 * @e:		Engine
 * @verb:	What for
 * @ret:	Transaction; the caller ends it by txn_close()
 *
 * Return: 0 or a negative errno
 */
int txn_open(struct engine *e, const char *verb, struct txn *ret)
{
	struct txn t = { .e = e, .dir = -1, .lock = -1 };
	int r;

	t.dir = open_dir(e, true);
	r = t.dir < 0 ? t.dir : take_lock(&t, verb);
	if (r == 0)
		r = load_owned(e, t.dir);
	if (r == 0)
		r = recover(&t);
	*ret = t;
	return r;
}

/**
 * txn_peek() - For verbs that only read: what is ours, and whether a transaction is open
 * @e:		Engine
 * @ret_is_open: Whether one is
 *
 * Return: 0 or a negative errno
 */
int txn_peek(struct engine *e, bool *ret_is_open)
{
	_cleanup_close_ int dir = open_dir(e, false);

	*ret_is_open = false;
	if (dir < 0) /* never applied here, or not ours to read */
		return 0;
	*ret_is_open = faccessat(dir, "journal", F_OK, 0) == 0;
	return load_owned(e, dir);
}

/**
 * txn_close() - Give the lock back
 * @t:		Transaction
 */
void txn_close(struct txn *t)
{
	if (t->lock >= 0)
		(void)close(t->lock);
	if (t->dir >= 0)
		(void)close(t->dir);
	t->lock = t->dir = -1;
}

/**
 * is_untagged() - Whether the kernel keeps no owner for a kind
 * @e:		Engine
 * @kind:	Kind
 *
 * Return: true if it does not
 */
static bool is_untagged(const struct engine *e, enum kind_id kind)
{
	if (kind == KIND_ADDRESS)
		return !(e->caps & CAP_IFA_PROTO);
	return kinds[kind]->protocol == 0;
}

/**
 * note_step() - Write one step's images into a journal
 * @t:		Transaction
 * @j:		Journal
 * @want:	After, or NULL
 * @have:	Before, or NULL
 * @kind:	Kind
 *
 * Return: 0; -ENOMEM
 */
static int note_step(const struct txn *t, struct journal *j, const void *want,
		     const void *have, enum kind_id kind)
{
	const struct kind *k = kinds[kind];
	union {
		struct link link;
		char bytes[256];
	} image;
	int r = model_put(&j->sets[JOURNAL_KEYS], kind, want ? want : have);

	if (r == 0 && have) {
		memcpy(image.bytes, have, k->size);
		if (k->image)
			k->image(want, have, image.bytes);
		r = model_put(&j->sets[JOURNAL_BEFORE], kind, image.bytes);
	}
	if (r < 0 || !want || !is_untagged(t->e, kind) ||
	    (kind == KIND_LINK && ((const struct link *)want)->kind) ||
	    model_find(&t->e->owned_keys, kind, want))
		return r;
	r = model_put(&j->sets[JOURNAL_OWNED_KEYS], kind, want);
	if (r == 0 && have)
		r = model_put(&j->sets[JOURNAL_OWNED], kind, image.bytes);
	return r;
}

/**
 * note_owned() - Carry over what stays ours, without what is given back
 * @t:		Transaction
 * @w:		Work
 * @j:		Journal
 *
 * An object is given back when what is wanted is what it held before it was ours.
 *
 * Return: 0; -ENOMEM
 */
static int note_owned(const struct txn *t, const struct work *w,
		      struct journal *j)
{
	int r = 0;

	for (size_t k = 0; k < KIND_MAX && r == 0; k++) {
		const struct table *t_keys = &t->e->owned_keys.tables[k];
		size_t size = kinds[k]->size;

		for (size_t i = 0; i < t_keys->n && r == 0; i++) {
			const char *key = t_keys->items + i * size;
			const void *want = model_find(&w->want, k, key);
			const void *old = model_find(&t->e->owned, k, key);

			r = model_put(&j->sets[JOURNAL_PRIOR_KEYS], k, key);
			if (r == 0 && old)
				r = model_put(&j->sets[JOURNAL_PRIOR], k, old);
			if (!want || (old && memcmp(want, old, size) == 0))
				continue;
			if (r == 0)
				r = model_put(&j->sets[JOURNAL_OWNED_KEYS], k,
					      key);
			if (r == 0 && old)
				r = model_put(&j->sets[JOURNAL_OWNED], k, old);
		}
	}
	return r;
}

/**
 * is_second() - Whether a step is the second one of its link, whose images are noted
 * @p:		Plan
 * @at:		Place of the step
 *
 * Return: true if it is
 */
static bool is_second(const struct plan *p, size_t at)
{
	const struct step *s = &p->steps[at];

	for (size_t i = 0; s->stage == STAGE_LINK_UP && i < at; i++)
		if (p->steps[i].kind == KIND_LINK &&
		    p->steps[i].want == s->want)
			return true;
	return false;
}

/**
 * fill_journal() - All that taking back will need
 * @t:		Transaction
 * @w:		Work
 * @j:		Empty journal
 *
 * Return: 0 or a negative errno
 */
static int fill_journal(const struct txn *t, const struct work *w,
			struct journal *j)
{
	int r = read_boot_id(j->header.boot);

	j->header.netns = netns_inode();
	j->header.pid = (uint32_t)getpid();
	if (r == 0)
		r = note_owned(t, w, j);
	for (size_t i = 0; i < w->plan.n && r == 0; i++) {
		const struct step *s = &w->plan.steps[i];

		if (s->kind == KIND_UNIT || is_second(&w->plan, i))
			continue;
		r = note_step(t, j, step_want(s, &w->want),
			      step_have(s, &w->have), s->kind);
	}
	for (size_t i = 0; i < JOURNAL_SETS && r == 0; i++)
		(void)model_sort_all(&j->sets[i]);
	return r;
}

/**
 * check_result() - Whether the node is now as planned
 * @t:		Transaction
 * @w:		Work that was done
 * @j:		Its journal
 *
 * Return: 0; -EIO where something differs, or what reading said
 */
static int check_result(struct txn *t, const struct work *w,
			const struct journal *j)
{
	_cleanup_(plan_release) struct plan plan = { 0 };
	_cleanup_(model_release) struct model have;
	struct scope scope = { .keys = &j->sets[JOURNAL_KEYS] };
	struct plan_input in = {
		.want = &w->want,
		.have = &have,
		.scope = &j->sets[JOURNAL_KEYS],
	};
	struct conflict conflict;
	int r;

	model_init(&have, t->e->strings);
	r = observe(t->e, &scope, &have);
	if (r == 0)
		r = plan_compute(&in, &conflict, &plan);
	for (size_t i = 0; i < plan.n && r == 0; i++) {
		const struct step *s = &plan.steps[i];
		const struct sysctl *side = step_have(s, &have);
		_cleanup_(buf_release) struct buf what = BUF_INIT;

		/* Consequences of conf/all are where the kernel put them. */
		if (s->op == OP_SIDE || s->op == OP_RUN ||
		    (s->kind == KIND_SYSCTL && side && !s->want))
			continue;
		object_describe(kinds[s->kind], t->e->strings,
				s->want ? step_want(s, &w->want) : side, &what);
		r = engine_fail(
			t->e, -EIO,
			"%s '%s': the kernel took it, but it is not so afterwards",
			kinds[s->kind]->name, buf_text(&what));
	}
	return r;
}

/**
 * commit() - The journal becomes the last committed transaction
 * @t:		Transaction
 *
 * Return: 0 or a negative errno
 */
static int commit(struct txn *t)
{
	if (renameat(t->dir, "journal", t->dir, "last") < 0)
		return engine_fail(t->e, -errno, "journal: %s",
				   strerror(errno));
	(void)fsync(t->dir);
	engine_point(t->e);
	return 0;
}

/**
 * run_units() - Once more after taking back: their inputs are the old ones again
 * @t:		Transaction
 * @w:		Work whose units may have been run
 */
static void run_units(struct txn *t, const struct work *w)
{
	for (size_t i = 0; i < w->plan.n; i++) {
		const struct step *s = &w->plan.steps[i];
		struct change c = { .op = OP_RUN, .stage = STAGE_UNIT };

		if (s->op != OP_RUN)
			continue;
		c.want = step_want(s, &w->want);
		(void)kind_unit.execute(t->e, &c);
	}
}

/**
 * txn_apply() - Do a plan, or nothing of it
 * @t:		Transaction
 * @w:		Work
 * @flags:	enum journal_flags
 *
 * Return: 0; a negative errno: all is as it was, or .stuck is set
 */
int txn_apply(struct txn *t, struct work *w, unsigned int flags)
{
	_cleanup_(journal_release) struct journal j = { 0 };
	int r;

	if (w->plan.n == 0)
		return 0;
	journal_init(&j, t->e->strings);
	j.header.flags = flags;
	r = fill_journal(t, w, &j);
	engine_point(t->e);
	if (r == 0)
		r = journal_write(&j, t->dir, "journal");
	if (r < 0)
		return engine_fail(t->e, r, "journal: %s", strerror(-r));
	engine_point(t->e);
	r = engine_execute(t->e, w);
	if (r == 0)
		r = check_result(t, w, &j);
	engine_point(t->e);
	if (r == 0)
		r = commit(t);
	if (r == 0)
		return load_owned(t->e, t->dir);
	(void)take_back(t, &j);
	run_units(t, w);
	return r;
}

/**
 * txn_undo() - Bring back what the last committed transaction changed
 * @t:		Transaction
 *
 * Itself a transaction: killed half way, it is as if it had not begun.
 *
 * Return: 0; -ENODATA where there is nothing to undo, or a negative errno
 */
int txn_undo(struct txn *t)
{
	_cleanup_(journal_release) struct journal last = { 0 };
	_cleanup_(journal_release) struct journal j;
	_cleanup_(work_release) struct work w = { 0 };
	int r = journal_read(&last, t->e->strings, t->dir, "last");

	journal_init(&j, t->e->strings);
	if (r == -ENOENT || (r == 0 && last.header.flags & JOURNAL_UNDO))
		return -ENODATA;
	if (r == 0)
		r = engine_plan_images(t->e, &last.sets[JOURNAL_BEFORE],
				       &last.sets[JOURNAL_KEYS], &w);
	if (r == 0)
		r = fill_journal(t, &w, &j);
	if (r < 0)
		return engine_fail(t->e, r, "undo: %s", strerror(-r));
	/* Ours is what was ours before the transaction that is undone. */
	for (size_t i = 0; i < 2; i++) {
		struct model swap = j.sets[JOURNAL_OWNED + i];

		j.sets[JOURNAL_OWNED + i] = last.sets[JOURNAL_PRIOR + i];
		last.sets[JOURNAL_PRIOR + i] = swap;
	}
	j.header.flags = JOURNAL_UNDO;
	r = journal_write(&j, t->dir, "journal");
	if (r < 0)
		return engine_fail(t->e, r, "journal: %s", strerror(-r));
	engine_point(t->e);
	r = engine_execute(t->e, &w);
	engine_point(t->e);
	if (r == 0)
		r = commit(t);
	if (r == 0)
		return 0;
	(void)take_back(t, &j);
	return r;
}
