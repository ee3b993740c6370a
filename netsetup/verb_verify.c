/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify: whether the node is as described, and whether that will last
 */
#include "netsetup/session.h"

#include "netsetup/ra.h"
#include "netsetup/show.h"

#include "lib/exitcode.h"
#include "lib/log.h"

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
