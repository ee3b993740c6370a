/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs that change the node: apply, adopt, confirm, undo, recover
 */
#include "netsetup/session.h"

#include "netsetup/confirm.h"
#include "netsetup/show.h"
#include "netsetup/verb_discover.h"
#include "lib/exitcode.h"
#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * write_hints() - Complete and write the hints
 * @s:		Session
 */
static void write_hints(struct session *s)
{
	_cleanup_(buf_release) struct buf warnings = BUF_INIT;
	bool changed;
	int r = s->provider ?
			provider_finish(s->provider, &s->hints, &warnings) :
			discover_document(s, &warnings);

	if (warnings.len)
		session_print(LOG_LEVEL_WARNING, warnings.data);
	if (r == 0)
		r = hints_write(
			&s->hints, s->config->root ? s->config->root : "",
			s->config->hints ? s->config->hints : HINTS_PATH,
			&changed);
	if (r < 0)
		log_warning("hints: %s", strerror(-r));
}

/**
 * report_applied() - What an apply did
 * @s:		Session
 * @w:		Work
 * @within:	Seconds in which it must be confirmed; 0: it need not
 */
static void report_applied(const struct session *s, const struct work *w,
			   int64_t within)
{
	if (s->config->json) {
		printf("{\"version\":1,\"add\":%zu,\"change\":%zu,\"remove\":%zu,\"confirm_within_s\":%lld,\"mutating\":%llu,\"mutating_messages\":%llu}\n",
		       w->plan.n_op[OP_ADD], w->plan.n_op[OP_CHANGE],
		       w->plan.n_op[OP_REMOVE], (long long)within,
		       (unsigned long long)engine_mutations(&s->e),
		       (unsigned long long)s->e.nl.n_mutating);
		return;
	}
	if (w->plan.n == 0)
		printf("nothing to do: all is as described, 0 mutating messages sent\n");
	else
		printf("applied: %zu added, %zu changed, %zu removed\n",
		       w->plan.n_op[OP_ADD], w->plan.n_op[OP_CHANGE],
		       w->plan.n_op[OP_REMOVE]);
	if (within)
		printf("'netsetup confirm' within %lld s keeps it, otherwise it is taken back\n",
		       (long long)within);
}

#define TAKEN_BACK "took back the transaction that was open"

/**
 * say_result() - What a verb without a plan did
 * @s:		Session
 * @word:	For programs
 * @text:	For people
 */
static void say_result(const struct session *s, const char *word,
		       const char *text)
{
	if (s->config->json)
		printf("{\"version\":1,\"result\":\"%s\"}\n", word);
	else
		puts(text);
}

/**
 * start_timer() - Have a transaction taken back that nobody confirms
 * @s:		Session
 * @t:		Transaction
 *
 * Return: seconds until then; 0 where it need not be confirmed
 */
static int64_t start_timer(const struct session *s, const struct txn *t)
{
	int r;

	if (!t->deadline)
		return 0;
	r = confirm_detach(&s->e.options, t);
	if (r < 0)
		log_warning(
			"timer: %s; 'netsetup recover' takes it back when time is up",
			strerror(-r));
	return t->confirm_ns / 1000000000;
}

/**
 * check_reach() - The checks of `--check`, before the commit
 * @e:		Engine
 * @context:	struct session
 *
 * Return: 0, or a negative errno
 */
static int check_reach(struct engine *e, void *context)
{
	_cleanup_(buf_release) struct buf why = BUF_INIT;
	const struct session *s = context;
	int r = reach_run(&s->reach, &why);

	return r < 0 ? engine_fail(e, r, "%s", buf_text(&why)) : 0;
}

/**
 * tools_found() - Whether the programs are there that a plan is to run
 * @s:		Session
 * @w:		Plan
 *
 * Return: true; false after a line for each that is missing
 */
static bool tools_found(const struct session *s, const struct work *w)
{
	bool found = true;

	for (size_t i = 0; i < w->plan.n; i++) {
		const struct step *step = &w->plan.steps[i];
		const struct unit *unit = step_want(step, &w->want);

		if (step->kind != KIND_UNIT || unit_found(s->e.strings, unit))
			continue;
		log_error("unit '%s': missing program '%s'; nothing changed",
			  strings_get(s->e.strings, unit->name),
			  strings_get(s->e.strings, unit->restart));
		found = false;
	}
	return found;
}

/**
 * apply_locked() - Plan and do
 * @s:		Session; its document is read
 * @flags:	enum engine_flags
 * @verb:	For the lock
 *
 * Return: exit code
 */
static int apply_locked(struct session *s, unsigned int flags, const char *verb)
{
	_cleanup_(txn_close) struct txn t =
		s->is_reserved ? s->txn : TXN_CLOSED;
	_cleanup_(work_release) struct work w = { 0 };
	int r;

	s->is_reserved = false;
	r = txn_open(&s->e, verb, &t);
	if (r < 0)
		return session_open_failed(s, &t, r);
	if (t.recovered) {
		log_info("took back a transaction that %s",
			 t.unconfirmed ? "nobody had confirmed" :
					 "was left open");
		s->e.early = NULL; /* what it lists has changed since */
	}
	r = engine_plan(&s->e, &s->conf, flags, &w);
	if (r < 0) {
		session_why(s, r, "; nothing changed");
		return EXIT_USAGE;
	}
	if (!tools_found(s, &w))
		return EXIT_USAGE;
	if (s->config->verbose)
		show_plan_lines(&w);
	t.confirm_ns = s->config->confirm;
	t.check = s->reach.text ? check_reach : NULL;
	t.check_context = s;
	r = txn_apply(&t, &w, 0);
	if (r < 0) {
		session_why(s, r,
			    t.stuck ? "" : "; rolled back, nothing changed");
		return t.stuck ? EXIT_STUCK : EXIT_ROLLED_BACK;
	}
	report_applied(s, &w, start_timer(s, &t));
	/* With nothing to do there was nothing to take back, either. */
	if (w.plan.n == 0 && session_reach(s) < 0)
		return EXIT_FAILED;
	return EXIT_OK;
}

/**
 * apply_verb() - netsetup apply, netsetup adopt
 * @config:	Options
 * @n:		Arguments
 * @args:	Arguments
 * @flags:	enum engine_flags
 * @verb:	"apply" or "adopt"
 *
 * Return: exit code
 */
static int apply_verb(void *config, int n, char **args, unsigned int flags,
		      const char *verb)
{
	_cleanup_(session_end) struct session s = { 0 };
	bool watched = getenv("NETSETUP_WATCH") != NULL;
	int code;

	if (session_begin(&s, config) < 0)
		return EXIT_USAGE;
	s.locks = verb;
	s.plans = true;
	if (session_read(&s, n, args) < 0)
		return EXIT_USAGE;
	if (s.conf.responders.n && !watched)
		log_warning(
			"proxies of whole prefixes are answered for by 'netsetup watch' alone");
	code = apply_locked(&s, flags, verb);
	/* The document form's hints are watch's own, once it watches. */
	if (code == EXIT_OK &&
	    (s.provider || (s.conf.nat64.stated && !watched)))
		write_hints(&s);
	return code;
}

/**
 * run_apply() - netsetup apply
 * @config:	Options
 * @n:		Arguments
 * @args:	Arguments
 *
 * Return: exit code
 */
int verb_apply(void *config, int n, char **args)
{
	return apply_verb(config, n, args, 0, "apply");
}

/**
 * run_adopt() - netsetup adopt
 * @config:	Options
 * @n:		Arguments
 * @args:	Arguments
 *
 * Return: exit code
 */
int verb_adopt(void *config, int n, char **args)
{
	return apply_verb(config, n, args, PLAN_ADOPT, "adopt");
}

/**
 * run_undo() - netsetup undo
 * @config:	Options
 * @n:		Arguments
 * @args:	Unused
 *
 * Return: exit code
 */
int verb_undo(void *config, int n, char **args)
{
	_cleanup_(session_end) struct session s = { 0 };
	_cleanup_(txn_close) struct txn t = TXN_CLOSED;
	int r;

	(void)args;
	if (n || session_begin(&s, config) < 0)
		return EXIT_USAGE;
	r = txn_open(&s.e, "undo", &t);
	if ((r == 0 && !t.recovered) || r == -EINPROGRESS)
		r = txn_undo(&t);
	if (r == -ENODATA) {
		say_result(&s, "nothing", "nothing to undo");
		return EXIT_OK;
	}
	if (r < 0) {
		session_why(&s, r, "");
		return t.stuck ? EXIT_STUCK : EXIT_ROLLED_BACK;
	}
	say_result(&s, t.recovered ? "taken-back" : "undone",
		   t.recovered ? TAKEN_BACK : "undone");
	return EXIT_OK;
}

/**
 * verb_confirm() - netsetup confirm
 * @config:	Options
 * @n:		Arguments
 * @args:	Unused
 *
 * Return: exit code; 1 where it comes too late, or nothing awaits it
 */
int verb_confirm(void *config, int n, char **args)
{
	_cleanup_(session_end) struct session s = { 0 };
	_cleanup_(txn_close) struct txn t = TXN_CLOSED;
	int r;

	(void)args;
	if (n || session_begin(&s, config) < 0)
		return EXIT_USAGE;
	r = txn_open(&s.e, "confirm", &t);
	if (r == 0) {
		log_error("%s",
			  t.recovered ?
				  "too late: the transaction was taken back" :
				  "no transaction awaits confirmation");
		return EXIT_FAILED;
	}
	if (r == -EINPROGRESS)
		r = txn_confirm(&t);
	if (r < 0) {
		session_why(&s, r, "");
		return t.stuck ? EXIT_STUCK : EXIT_USAGE;
	}
	say_result(&s, "confirmed", "confirmed");
	return EXIT_OK;
}

/**
 * verb_recover() - netsetup recover
 * @config:	Options
 * @n:		Arguments
 * @args:	Unused
 *
 * Return: exit code
 */
int verb_recover(void *config, int n, char **args)
{
	_cleanup_(session_end) struct session s = { 0 };
	_cleanup_(txn_close) struct txn t = TXN_CLOSED;
	int r;

	(void)args;
	if (n || session_begin(&s, config) < 0)
		return EXIT_USAGE;
	r = txn_open(&s.e, "recover", &t);
	if (r < 0)
		return session_open_failed(&s, &t, r);
	say_result(&s, t.recovered ? "taken-back" : "nothing",
		   t.recovered ? TAKEN_BACK : "no transaction is open");
	return EXIT_OK;
}
