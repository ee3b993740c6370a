/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/watch/asker.h"

#include "netsetup/watch/say.h"
#include "netsetup/watch/watch.h"
#include "lib/exitcode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#define ANSWER_MAX (64U << 10) /* bytes of the child's answer */

/**
 * asker_init() - Make one that does not run
 * @a:		Asker
 */
void asker_init(struct asker *a)
{
	*a = (struct asker){ .proc = PROC_INIT, .ended.fd = -1, .said = -1 };
}

/**
 * is_wanted() - Whether anybody is to be asked
 * @w:		Watch
 *
 * Return: true if so
 */
static bool is_wanted(const struct watch *w)
{
	return w->pref64.on && !w->stopping && !w->config->nat64 &&
	       (w->config->provider || w->conf.nat64.rfc7050);
}

/**
 * later() - Ask again
 * @w:		Watch
 * @ns:		From now
 */
static void later(struct watch *w, int64_t ns)
{
	(void)!loop_timer_set(&w->loop, &w->asker.again, loop_now() + ns);
}

/**
 * say_silent() - Say once that no resolver answers
 * @w:		Watch
 * @why:	Why, or NULL
 */
static void say_silent(struct watch *w, const char *why)
{
	struct json *j;

	if (w->asker.silent)
		return;
	w->asker.silent = true;
	j = say_new("no-resolver");
	json_set_string(j, "why", why ?: "no answer");
	say_end(w, LOG_LEVEL_WARNING, j,
		"ipv4only.arpa: %s; asked again, the NAT64 prefix of before is kept for a while",
		why ?: "no answer");
}

/**
 * take_answer() - Make an offer of what resolvers said
 * @w:		Watch
 * @json:	What the child printed
 *
 * Return: when to ask again, ns from now; 0 where nobody has answered
 */
static int64_t take_answer(struct watch *w, const struct json *json)
{
	struct nat64_hint hint = { 0 };
	const struct json *dns64 = json_get(json, "dns64"), *item;
	struct hints *h = &w->pref64.hints;
	size_t n = 0;

	if (nat64_from_json(json_get(json, "rfc7050"), &hint) < 0 || !dns64 ||
	    json_is_null(dns64))
		return 0;
	h->dns64 = json_true(dns64) ? HINT_YES : HINT_NO;
	for (item = json_first(json_get(json, "dns"));
	     item && n < HINTS_DNS_MAX; item = json_next(item))
		if (json_string(item) &&
		    addr_parse6(json_string(item), &h->dns[n]) == 0)
			n++;
	if (n)
		h->n_dns = n;
	pref64_answer(w, hint.source == NAT64_RFC7050 ? &hint : NULL);
	return hint.source == NAT64_RFC7050 ? hint.lifetime_s * NSEC_PER_SEC :
					      BACKOFF_MAX_NS;
}

/**
 * on_ended() - The child has ended
 * @source:	Embedded in the asker
 * @events:	Unused
 * @now:	Time
 */
static void on_ended(struct loop_source *source, uint32_t events, int64_t now)
{
	struct asker *a = container_of(source, struct asker, ended);
	struct watch *w = container_of(a, struct watch, asker);
	_cleanup_(buf_release) struct buf text = { .max = ANSWER_MAX };
	_cleanup_(json_freep) struct json *json = NULL;
	_cleanup_close_ int said = TAKE_FD(a->said);
	int64_t next = 0;
	int status;

	(void)events;
	loop_remove(&w->loop, source);
	(void)!proc_wait(&a->proc, now, &status);
	proc_release(&a->proc);
	if (!is_wanted(w))
		return;
	/* Its exit status says whether there is a prefix, which its answer says better. */
	if (lseek(said, 0, SEEK_SET) == 0 && buf_read_fd(&text, said) == 0 &&
	    json_parse(buf_text(&text), text.len, &json) == 0)
		next = take_answer(w, json);
	if (next) {
		a->silent = false;
		a->backoff_ns = 0;
		later(w, next);
		return;
	}
	say_silent(w, json ? json_get_string(json, "why") : NULL);
	a->backoff_ns = backoff_next(a->backoff_ns);
	later(w, a->backoff_ns);
}

/**
 * ask() - Start the child
 * @w:		Watch
 *
 * Return: 0 or a negative errno
 */
static int ask(struct watch *w)
{
	const char *argv[3 + HINTS_DNS_MAX + 1] = { w->netsetup, "discover",
						    "--json" };
	char texts[HINTS_DNS_MAX][ADDR_STRLEN];
	struct proc_opts opts = PROC_OPTS_INIT;
	const struct hints *h = &w->pref64.hints;
	struct asker *a = &w->asker;
	int r;

	/* Those of an answer of before are not the document's. */
	for (size_t i = 0; i < h->n_dns; i++)
		if (w->config->provider || w->conf.nat64.resolvers)
			argv[3 + i] = addr_format(&h->dns[i], texts[i]);
	a->said = memfd_create("said", MFD_CLOEXEC);
	if (a->said < 0)
		return -errno;
	opts.out = a->said;
	opts.err = PROC_NULL; /* told as an event */
	opts.die_with_parent = true;
	r = proc_spawn(argv, &opts, &a->proc);
	if (r < 0) {
		(void)close(TAKE_FD(a->said));
		return r;
	}
	a->ended =
		(struct loop_source){ .fd = a->proc.pidfd, .ready = on_ended };
	return loop_add(&w->loop, &a->ended, EPOLLIN);
}

/**
 * on_again() - Time to ask
 * @timer:	Embedded in the asker
 * @now:	Unused
 */
static void on_again(struct loop_timer *timer, int64_t now)
{
	struct asker *a = container_of(timer, struct asker, again);
	struct watch *w = container_of(a, struct watch, asker);

	(void)now;
	if (a->proc.pid || !is_wanted(w))
		return;
	if (ask(w) < 0)
		later(w, BACKOFF_MAX_NS);
}

/**
 * asker_close() - End
 * @w:		Watch
 */
void asker_close(struct watch *w)
{
	struct asker *a = &w->asker;

	if (a->proc.pid)
		loop_remove(&w->loop, &a->ended);
	proc_release(&a->proc);
	if (a->said >= 0)
		(void)close(TAKE_FD(a->said));
}

/**
 * asker_sync() - Ask whom the document in use wants asked, and no others
 * @w:		Watch
 */
void asker_sync(struct watch *w)
{
	const struct nat64_offer *o = &w->pref64.table.offers[NAT64_RFC7050];
	struct asker *a = &w->asker;
	int64_t left = 0;

	asker_close(w);
	loop_timer_cancel(&w->loop, &a->again);
	a->again.expired = on_again;
	a->backoff_ns = 0;
	if (!is_wanted(w))
		return;
	/* The provider form's apply has asked itself. */
	if (w->config->provider && o->hint.source)
		left = MAX(o->until_ns - loop_now(), 0);
	later(w, left);
}
