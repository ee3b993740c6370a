/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify: whether the node is as described, and whether that will last
 */
#include "netsetup/session.h"

#include "netsetup/ra.h"
#include "netsetup/show.h"
#include "netsetup/toggle.h"

#include "lib/exitcode.h"
#include "lib/log.h"

/**
 * try_toggle() - What `--toggle` asks for
 * @s:		Session, after session_plan()
 * @out:	Gets the result
 *
 * Return: exit code
 */
static int try_toggle(struct session *s, struct results *out)
{
	_cleanup_(txn_close) struct txn t = TXN_CLOSED;
	int r;

	if (session_is_open(s)) {
		log_error("all.forwarding was not toggled");
		return EXIT_FAILED;
	}
	r = txn_open(&s->e, "verify --toggle", &t);
	if (r < 0)
		return session_open_failed(s, &t, r);
	r = toggle_verify(&t, out);
	if (r == 0)
		return EXIT_OK;
	session_why(s, r, t.stuck ? "" : "; rolled back, nothing changed");
	return t.stuck ? EXIT_STUCK : EXIT_ROLLED_BACK;
}

/**
 * verb_verify() - netsetup verify
 * @config:	Options
 * @n:		Arguments
 * @args:	Arguments
 *
 * Return: exit code
 */
int verb_verify(void *config, int n, char **args)
{
	_cleanup_(session_end) struct session s = { 0 };
	_cleanup_(results_release) struct results results = { 0 };
	_cleanup_(work_release) struct work w = { 0 };
	int code = EXIT_OK;

	if (session_begin(&s, config) < 0)
		return EXIT_USAGE;
	if (session_plan(&s, n, args, &w) < 0)
		return EXIT_USAGE;
	if (!s.config->from && ra_verify(&s.e, &s.conf, &results) < 0)
		return EXIT_USAGE;
	if (s.config->toggle)
		code = try_toggle(&s, &results);
	if (code > EXIT_FAILED)
		return code;
	show_plan(&s.e, &w, s.config->json, &s.seen, &results);
	if (w.plan.n || session_is_open(&s))
		code = EXIT_FAILED;
	for (size_t i = 0; i < results.n; i++) {
		if (results.items[i].verdict != VERDICT_FAIL)
			continue;
		code = EXIT_FAILED;
		log_error("%s", results.items[i].detail);
	}
	if (w.plan.n)
		log_error("the node is not as the document says");
	if (session_reach(&s) < 0)
		code = EXIT_FAILED;
	return code;
}
