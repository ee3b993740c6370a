/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/txn.h"

#include "netsetup/note.h"
#include "netsetup/state.h"

#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

/**
 * add_addresses() - Add the addresses of a set
 * @from:	Set
 * @to:		Gets those that it does not hold, sorted
 *
 * Return: 0; -ENOMEM
 */
static int add_addresses(const struct model *from, struct model *to)
{
	const struct table *t = &from->tables[KIND_ADDRESS];
	int r = 0;

	for (size_t i = 0; i < t->n && r == 0; i++) {
		const struct address *a =
			MODEL_AT(from, KIND_ADDRESS, address, i);

		if (model_find(to, KIND_ADDRESS, a))
			continue;
		r = model_put(to, KIND_ADDRESS, a);
		(void)model_sort(to, KIND_ADDRESS);
	}
	return r;
}

/**
 * own_addresses() - Take a transaction's addresses for ours while it lasts
 * @e:		Engine
 * @j:		Journal
 *
 * Where the kernel keeps no owner of addresses, what the transaction has put is
 * known by its journal alone.
 *
 * Return: 0; -ENOMEM
 */
static int own_addresses(struct engine *e, const struct journal *j)
{
	int r = add_addresses(&j->sets[JOURNAL_OWNED_KEYS], &e->owned_keys);

	return r < 0 ? r :
		       add_addresses(&j->sets[JOURNAL_PRIOR_KEYS],
				     &e->owned_keys);
}

/**
 * disown_addresses() - The other way, when all of it was taken back
 * @e:		Engine
 * @j:		Journal
 *
 * Return: 0; -ENOMEM
 */
static int disown_addresses(struct engine *e, const struct journal *j)
{
	e->owned_keys.tables[KIND_ADDRESS].n = 0;
	return add_addresses(&j->sets[JOURNAL_PRIOR_KEYS], &e->owned_keys);
}

/**
 * say_gone() - Say what cannot be put back
 * @w:		Work
 */
static void say_gone(const struct work *w)
{
	if (w->n_gone)
		log_warning(
			"%zu objects are not put back: their interfaces are gone",
			w->n_gone);
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
	size_t n_run;
	int r = own_addresses(t->e, j);

	if (r == 0)
		r = engine_plan_images(t->e, &j->sets[JOURNAL_BEFORE],
				       &j->sets[JOURNAL_KEYS], &w);
	if (r < 0)
		return r;
	say_gone(&w);
	/* A unit that does not start is no reason to leave the rest half way. */
	n_run = plan_take_runs(&w.plan);
	r = files_clean(t->e, &j->sets[JOURNAL_KEYS]);
	if (r == 0)
		r = engine_execute(t->e, &w);
	for (size_t i = 0; i < n_run && r == 0; i++) {
		struct change c = { .op = OP_RUN, .stage = STAGE_UNIT };

		c.want = step_want(&w.plan.steps[w.plan.n + i], &w.want);
		(void)kind_unit.execute(t->e, &c);
	}
	return r;
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
	if (r == 0 && t->lock >= 0) /* not of a former boot */
		r = disown_addresses(t->e, j);
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
 * take_owned() - Take from a journal which untagged objects are ours
 * @e:		Engine
 * @j:		Journal; the sets are moved out of it
 */
static void take_owned(struct engine *e, struct journal *j)
{
	model_release(&e->owned);
	model_release(&e->owned_keys);
	e->owned = j->sets[JOURNAL_OWNED];
	e->owned_keys = j->sets[JOURNAL_OWNED_KEYS];
	model_init(&j->sets[JOURNAL_OWNED], e->strings);
	model_init(&j->sets[JOURNAL_OWNED_KEYS], e->strings);
}

/**
 * load_owned() - Learn which untagged objects are ours
 * @e:		Engine
 * @dir:	Folder of the state
 * @name:	"last", or "journal" of a transaction that awaits confirmation
 *
 * Return: 0 or a negative errno
 */
static int load_owned(struct engine *e, int dir, const char *name)
{
	_cleanup_(journal_release) struct journal j = { 0 };
	int r = journal_read_sets(&j, e->strings, dir, name,
				  1U << JOURNAL_OWNED |
					  1U << JOURNAL_OWNED_KEYS);

	if (r == -EPROTONOSUPPORT && strcmp(name, "last") == 0) {
		log_warning(
			"state 'last': written by another version of netsetup; what it knew of our files and sysctls is lost");
		r = -ENOENT;
	}
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return engine_fail(
			e, r, "state '%s': %s", name,
			r == -EPROTONOSUPPORT ?
				"written by another version of netsetup" :
				"damaged");
	take_owned(e, &j);
	return 0;
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
 * seconds_left() - Time that a transaction still waits for confirmation
 * @j:		Journal of this boot
 *
 * Return: seconds, rounded up; 0 where it does not wait, or no longer
 */
static int64_t seconds_left(const struct journal *j)
{
	int64_t left = j->header.deadline - state_clock();

	if (!(j->header.flags & JOURNAL_CONFIRM) || left <= 0)
		return 0;
	return (left + 999999999) / 1000000000;
}

/**
 * read_open() - Journal of the open transaction
 * @t:		Transaction
 * @j:		Filled; the caller ends it by journal_release(), also after a failure
 *
 * Return: 0; -ENOENT where none is open, or a negative errno
 */
static int read_open(struct txn *t, struct journal *j)
{
	int r = journal_read(j, t->e->strings, t->dir, "journal");

	if (r == 0 || r == -ENOENT)
		return r;
	return engine_fail(t->e, r, "journal: %s",
			   r == -EPROTONOSUPPORT ?
				   "written by another version of netsetup" :
				   "damaged");
}

/**
 * recover() - Take back what a killed transaction left, or one that nobody confirmed
 * @t:		Transaction, locked
 *
 * Return: 0; -EINPROGRESS where one still awaits confirmation, or a negative errno
 */
static int recover(struct txn *t)
{
	_cleanup_(journal_release) struct journal j = { 0 };
	int r = read_open(t, &j);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	t->awaits_s = seconds_left(&j);
	if (t->awaits_s > 0)
		return engine_fail(
			t->e, -EINPROGRESS,
			"a transaction awaits confirmation for %lld s more: 'netsetup confirm' keeps it, 'netsetup undo' takes it back",
			(long long)t->awaits_s);
	t->unconfirmed = j.header.flags & JOURNAL_CONFIRM;
	r = take_back(t, &j);
	t->recovered = r == 0;
	return r;
}

/**
 * keep_files() - Leave nothing but files in a set of another boot
 * @m:		Objects
 */
static void keep_files(struct model *m)
{
	for (size_t k = 0; k < KIND_MAX; k++)
		if (k != KIND_FILE)
			m->tables[k].n = 0;
}

/**
 * add_files() - Take over the files of a set
 * @from:	Set of another boot
 * @to:		Gets those that it does not hold, sorted
 *
 * Return: 0; -ENOMEM
 */
static int add_files(const struct model *from, struct model *to)
{
	const struct table *t = &from->tables[KIND_FILE];
	int r = 0;

	for (size_t i = 0; i < t->n && r == 0; i++) {
		const struct file *f = MODEL_AT(from, KIND_FILE, file, i);

		if (!model_find(to, KIND_FILE, f))
			r = model_put(to, KIND_FILE, f);
		(void)model_sort(to, KIND_FILE);
	}
	return r;
}

/**
 * visit_old() - Recover the files of a former boot, and learn which are ours
 * @e:		Engine
 * @dir:	Its folder
 * @ours:	It is of a namespace with our number
 * @context:	struct txn
 *
 * What the kernel held is gone; files that a power cut caught half way are brought back.
 *
 * Return: 0 or a negative errno
 */
static int visit_old(struct engine *e, int dir, bool ours, void *context)
{
	_cleanup_(journal_release) struct journal open = { 0 }, last = { 0 };
	struct txn *t = context;
	struct txn old = { .e = e, .dir = dir, .lock = -1 };
	int r;

	if (flock(dir, LOCK_EX) < 0)
		return -errno;
	r = journal_read(&open, e->strings, dir, "journal");
	if (r == 0) {
		keep_files(&open.sets[JOURNAL_BEFORE]);
		keep_files(&open.sets[JOURNAL_KEYS]);
		r = take_back(&old, &open);
		t->recovered |= r == 0;
		t->stuck |= old.stuck;
		if (r < 0)
			return r;
	} else if (r != -ENOENT) {
		log_warning("journal of a former boot: damaged, left alone");
		(void)renameat(dir, "journal", dir, "damaged");
	}
	if (!ours || journal_read(&last, e->strings, dir, "last") < 0)
		return 0;
	r = add_files(&last.sets[JOURNAL_OWNED], &e->owned);
	return r < 0 ? r :
		       add_files(&last.sets[JOURNAL_OWNED_KEYS],
				 &e->owned_keys);
}

/**
 * move_in() - Begin the state of this boot where the last boot's ended
 * @t:		Transaction, locked
 *
 * Return: 0 or a negative errno
 */
static int move_in(struct txn *t)
{
	_cleanup_(journal_release) struct journal j = { 0 };
	struct engine *e = t->e;
	bool is_new = faccessat(t->dir, "last", F_OK, 0) < 0;
	int r = state_each_old(e, visit_old, t);

	if (r == 0 && is_new && e->owned_keys.tables[KIND_FILE].n) {
		journal_init(&j, e->strings);
		j.header.flags = JOURNAL_UNDO;
		r = state_boot_id(j.header.boot);
		if (r == 0)
			r = add_files(&e->owned, &j.sets[JOURNAL_OWNED]);
		if (r == 0)
			r = add_files(&e->owned_keys,
				      &j.sets[JOURNAL_OWNED_KEYS]);
		if (r == 0)
			r = journal_write(&j, t->dir, "last");
	}
	if (r == 0)
		state_drop_old(e);
	return r < 0 ? engine_fail(e, r, "state of a former boot: %s",
				   strerror(-r)) :
		       0;
}

/**
 * txn_reserve() - Take the lock if that makes nobody wait, and do nothing yet
 * @e:		Engine
 * @verb:	What for
 * @t:		Closed transaction; .lock is set, for txn_open()
 *
 * Nothing is made where nothing was ever applied.
 *
 * Return: true where the lock is ours
 */
bool txn_reserve(struct engine *e, const char *verb, struct txn *t)
{
	_cleanup_close_ int dir = state_open(e, false);
	int lock = dir < 0 ? dir : state_lock(e, dir, verb, false);

	/* txn_open() tries again, and says what is wrong. */
	buf_clear(&e->why);
	if (lock < 0)
		return false;
	t->dir = TAKE_FD(dir);
	t->lock = lock;
	return true;
}

/**
 * txn_open() - Become the only writer, and take back what was left half done
 * @e:		Engine
 * @verb:	What for
 * @ret:	Closed transaction, or reserved; the caller ends it by txn_close()
 *
 * Return: 0; -EINPROGRESS where a transaction awaits confirmation (nothing but
 *	   txn_confirm() and txn_undo() may follow), or a negative errno
 */
int txn_open(struct engine *e, const char *verb, struct txn *ret)
{
	struct txn t = { .e = e, .dir = ret->dir, .lock = ret->lock };
	int r = 0;

	if (t.dir < 0) {
		t.dir = state_open(e, true);
		r = t.dir < 0 ? t.dir : 0;
	}
	if (r == 0 && t.lock < 0) {
		t.lock = state_lock(e, t.dir, verb, true);
		r = t.lock < 0 ? t.lock : 0;
	}
	if (r == 0)
		r = load_owned(e, t.dir, "last");
	if (r == 0)
		r = recover(&t);
	if (r == 0)
		r = move_in(&t);
	*ret = t;
	return r;
}

/**
 * has_journal() - Whether a former boot left a transaction open
 * @e:		Unused
 * @dir:	Its folder
 * @ours:	Unused
 * @context:	bool, set where it did
 *
 * Return: 0
 */
static int has_journal(struct engine *e, int dir, bool ours, void *context)
{
	bool *found = context;

	(void)e;
	(void)ours;
	*found |= faccessat(dir, "journal", F_OK, 0) == 0;
	return 0;
}

/**
 * txn_peek() - For verbs that only read: what is ours, and whether a transaction is open
 * @e:		Engine
 * @ret:	What is found
 *
 * Return: 0 or a negative errno
 */
int txn_peek(struct engine *e, struct txn_seen *ret)
{
	_cleanup_(journal_release) struct journal j = { 0 };
	_cleanup_close_ int dir = state_open(e, false);
	int r;

	*ret = (struct txn_seen){ 0 };
	r = state_each_old(e, has_journal, &ret->is_open);
	if (r < 0)
		return r;
	if (dir < 0) /* never applied here, or not ours to read */
		return 0;
	r = journal_read(&j, e->strings, dir, "journal");
	if (r == 0)
		ret->awaits_s = seconds_left(&j);
	ret->is_open |= r != -ENOENT && !ret->awaits_s;
	return load_owned(e, dir, ret->awaits_s ? "journal" : "last");
}

/**
 * txn_confirm() - Keep a transaction that awaits confirmation
 * @t:		Transaction; txn_open() said -EINPROGRESS
 *
 * Return: 0 or a negative errno
 */
int txn_confirm(struct txn *t)
{
	int r = commit(t);

	if (r == 0)
		t->awaits_s = 0;
	return r < 0 ? r : load_owned(t->e, t->dir, "last");
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
	struct scope scope = { .keys = &j->sets[JOURNAL_KEYS],
			       .touched = &j->sets[JOURNAL_KEYS] };
	struct plan_input in = {
		.want = &w->want,
		.have = &have,
		.scope = &j->sets[JOURNAL_KEYS],
	};
	struct conflict conflict;
	int r;

	model_init(&have, t->e->strings);
	r = own_addresses(t->e, j);
	if (r == 0)
		r = observe(t->e, &scope, &have);
	if (r == 0)
		r = plan_compute(&in, &conflict, &plan);
	for (size_t i = 0; i < plan.n && r == 0; i++) {
		const struct step *s = &plan.steps[i];
		const struct sysctl *side = step_have(s, &have);
		const struct file *f = step_have(s, &have);
		_cleanup_(buf_release) struct buf what = BUF_INIT;

		/* Consequences of conf/all are where the kernel put them. */
		if (s->op == OP_SIDE || s->op == OP_RUN ||
		    (s->kind == KIND_SYSCTL && side && !s->want))
			continue;
		/* A folder that others use has to stay. */
		if (s->kind == KIND_FILE && f && S_ISDIR(f->mode))
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
 * await() - Let an applied transaction wait for its confirmation
 * @t:		Transaction
 * @j:		Its journal
 *
 * Return: 0 or a negative errno
 */
static int await(struct txn *t, struct journal *j)
{
	int r;

	j->header.flags |= JOURNAL_CONFIRM;
	j->header.deadline = state_clock() + t->confirm_ns;
	if (getrandom(&j->header.id, sizeof(j->header.id), 0) < 0)
		return engine_fail(t->e, -errno, "getrandom: %s",
				   strerror(errno));
	r = journal_write(j, t->dir, "journal");
	if (r < 0)
		return engine_fail(t->e, r, "journal: %s", strerror(-r));
	engine_point(t->e);
	t->deadline = j->header.deadline;
	t->id = j->header.id;
	take_owned(t->e, j);
	return 0;
}

/**
 * txn_apply() - Do a plan, or nothing of it
 * @t:		Transaction; .check and .confirm_ns are heeded
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
	r = note_fill(t->e, w, &j);
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
	if (r == 0 && t->check)
		r = t->check(t->e, t->check_context);
	if (r == 0 && t->confirm_ns) {
		r = await(t, &j);
		if (r == 0)
			return 0;
	} else if (r == 0) {
		r = commit(t);
		if (r == 0) {
			take_owned(t->e, &j);
			return 0;
		}
	}
	(void)take_back(t, &j);
	return r;
}

/**
 * txn_undo() - Bring back what the last committed transaction changed
 * @t:		Transaction
 *
 * Itself a transaction: killed half way, it is as if it had not begun. One that awaits
 * confirmation is taken back instead.
 *
 * Return: 0; -ENODATA where there is nothing to undo, or a negative errno
 */
int txn_undo(struct txn *t)
{
	_cleanup_(journal_release) struct journal last = { 0 };
	_cleanup_(journal_release) struct journal j;
	_cleanup_(work_release) struct work w = { 0 };
	int r;

	journal_init(&j, t->e->strings);
	if (t->awaits_s) {
		buf_clear(&t->e->why);
		r = read_open(t, &last);
		if (r == 0)
			r = take_back(t, &last);
		t->recovered = r == 0;
		return r;
	}
	r = journal_read(&last, t->e->strings, t->dir, "last");
	if (r == -ENOENT || (r == 0 && last.header.flags & JOURNAL_UNDO))
		return -ENODATA;
	if (r == 0)
		r = engine_plan_images(t->e, &last.sets[JOURNAL_BEFORE],
				       &last.sets[JOURNAL_KEYS], &w);
	if (r == 0)
		r = note_fill(t->e, &w, &j);
	if (r == 0)
		say_gone(&w);
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
