/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/reach.h"

#include "netsetup/reach_kind.h"

#include "lib/cleanup.h"
#include "lib/loop.h"
#include "lib/nl/nl.h"
#include "lib/opt.h"
#include "lib/proc.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define CHECK_NS   (10 * NSEC_PER_SEC) /* for one of the set */
#define COMMAND_NS (60 * NSEC_PER_SEC) /* for a command */
#define AGAIN_MS   500 /* where no event says that it is worth another try */
#define WORDS_MAX  32

static const struct reach_kind *const reach_kinds[] = {
	&reach_gateway,
	&reach_dns64,
	&reach_nat64,
	&reach_api,
};

/**
 * find_kind() - Check by its name
 * @text:	Name, perhaps with "=TARGET" behind it
 * @len:	Bytes of it
 *
 * Return: check, or NULL
 */
static const struct reach_kind *find_kind(const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	size_t n = equals ? (size_t)(equals - text) : len;

	for (size_t i = 0; i < ARRAY_SIZE(reach_kinds); i++)
		if (strlen(reach_kinds[i]->name) == n &&
		    strncmp(reach_kinds[i]->name, text, n) == 0)
			return reach_kinds[i];
	return NULL;
}

/**
 * check_command() - Whether a command can be run at all, before anything is changed
 * @text:	Command with its arguments
 * @why:	Says that it cannot, and which check may have been meant
 *
 * Return: 0; -EINVAL
 */
static int check_command(const char *text, struct buf *why)
{
	const char *known[ARRAY_SIZE(reach_kinds)];
	char program[256], hint[OPT_HINT];

	text += strspn(text, " ");
	snprintf(program, sizeof(program), "%.*s", (int)strcspn(text, " "),
		 text);
	if (!*program) {
		buf_puts(why, "is empty");
		return -EINVAL;
	}
	if (proc_found(program))
		return 0;
	program[strcspn(program, ",=")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		known[i] = reach_kinds[i]->name;
	buf_printf(why, "'%s' is neither a check nor a program%s", program,
		   opt_hint(program, known, ARRAY_SIZE(known), hint));
	return -EINVAL;
}

/**
 * reach_parse() - Read what `--check` was given
 * @text:	"gateway,dns64,api=[2001:db8::1]:443", or a command with its arguments
 * @hints:	What is known of DNS and NAT64; may be filled later
 * @ret:	Result
 * @why:	Says what is wrong
 *
 * It is a list where its first name is one of ours; words of a command are parted by spaces.
 *
 * Return: 0; -EINVAL
 */
int reach_parse(const char *text, const struct hints *hints, struct reach *ret,
		struct buf *why)
{
	struct reach r = { .text = text, .hints = hints };

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, ",");
		const struct reach_kind *k = find_kind(p, len);
		const char *target = memchr(p, '=', len);

		if (!k && r.n == 0)
			break; /* a command */
		if (!k || r.n == REACH_MAX) {
			buf_printf(why, "'%.*s' is not a check", (int)len, p);
			return -EINVAL;
		}
		if (target)
			snprintf(r.items[r.n].target, sizeof(r.items[0].target),
				 "%.*s", (int)(p + len - target - 1),
				 target + 1);
		if (!target && k->needs_target) {
			buf_printf(why, "'%s' needs a target: %s=%s", k->name,
				   k->name, k->target);
			return -EINVAL;
		}
		r.items[r.n++].kind = k;
		p += len + (p[len] == ',');
	}
	if (r.n == 0 && check_command(text, why) < 0)
		return -EINVAL;
	*ret = r;
	return 0;
}

/**
 * run_command() - A command as check
 * @r:		Checks
 * @why:	Says how it failed
 *
 * Return: 0; -EHOSTUNREACH where it says no, or what running it said
 */
static int run_command(const struct reach *r, struct buf *why)
{
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	struct proc_opts opts = PROC_OPTS_INIT;
	const char *argv[WORDS_MAX + 1] = { NULL };
	char *rest, *word;
	size_t n = 0;
	int status, code;

	buf_puts(&words, r->text);
	code = buf_error(&words);
	for (rest = words.data;
	     code == 0 && n < WORDS_MAX && (word = strsep(&rest, " "));)
		if (*word)
			argv[n++] = word;
	if (code == 0)
		code = n ? 0 : -EINVAL;
	opts.out = 2; /* standard output is for our results */
	if (code == 0)
		code = proc_run(argv, &opts, NULL,
				loop_now() + (r->deadline_ns ? r->deadline_ns :
							       COMMAND_NS),
				NULL, NULL, &status);
	if (code < 0) {
		buf_printf(why, "%s", strerror(-code));
		return code;
	}
	code = proc_exit_code(status);
	if (code)
		buf_printf(why, "exit status %d", code);
	return code ? -EHOSTUNREACH : 0;
}

/**
 * ignore_event() - Take an event as a hint to try again
 * @m:		Unused
 * @context:	Unused
 *
 * Return: 0
 */
static int ignore_event(const struct nlmsghdr *m, void *context)
{
	(void)m;
	(void)context;
	return 0;
}

/**
 * run_one() - One check, until it succeeds or its time is up
 * @r:		Checks
 * @index:	Which one
 * @events:	Subscribed socket
 * @why:	Says why the last try failed
 *
 * Return: 0, or a negative errno
 */
static int run_one(const struct reach *r, size_t index, struct nl *events,
		   struct buf *why)
{
	int64_t deadline =
		loop_now() + (r->deadline_ns ? r->deadline_ns : CHECK_NS);
	struct pollfd p = { .fd = nl_fd(events), .events = POLLIN };

	for (;;) {
		int result;

		buf_clear(why);
		result = r->items[index].kind->run(r->items[index].target,
						   r->hints, deadline, why);
		/* A try without time would but hide why the others failed. */
		if (result == 0 || result == -EINVAL ||
		    loop_now() + 2 * AGAIN_MS * NSEC_PER_MSEC >= deadline)
			return result;
		if (poll(&p, 1, AGAIN_MS) > 0 &&
		    nl_events(events, ignore_event, NULL) < 0)
			continue; /* lost ones are hints, too */
	}
}

/**
 * reach_run() - Run all checks of a list
 * @r:		Checks
 * @why:	Names the one that failed, and why
 *
 * Return: 0; a negative errno for the first that failed
 */
int reach_run(const struct reach *r, struct buf *why)
{
	static const unsigned int groups[] = { RTNLGRP_IPV6_ROUTE,
					       RTNLGRP_IPV6_IFADDR,
					       RTNLGRP_NEIGH };
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	struct nl events;
	int result;

	if (r->n == 0) {
		result = run_command(r, &words);
		if (result < 0)
			buf_printf(why, "check '%s': %s", r->text,
				   buf_text(&words));
		return result;
	}
	result = nl_open(&events, NETLINK_ROUTE);
	for (size_t i = 0; i < ARRAY_SIZE(groups) && result == 0; i++)
		result = nl_subscribe(&events, groups[i]);
	for (size_t i = 0; i < r->n && result == 0; i++) {
		result = run_one(r, i, &events, &words);
		if (result < 0)
			buf_printf(why, "check '%s': %s",
				   r->items[i].kind->name, buf_text(&words));
	}
	nl_close(&events);
	return result;
}
