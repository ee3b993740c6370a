/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reaching into pods, with a server of ours on [::1] that answers what a table says.
 */
#include "scenarios/live/live-private.h"

#include "lib/cleanup.h"
#include "tests/unit/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAYS(status, len, text)                        \
	"HTTP/1.1 " status "\r\nConnection: close\r\n" \
	"Content-Length: " #len "\r\n\r\n" text
#define UNKNOWN SAYS("401 Unauthorized", 12, "Unauthorized")

static const struct {
	const char *what;
	const char *own; /* to a question that no kubelet is asked */
	const char *log, *rest; /* to those that one is */
	int r;
	const char *wanted; /* "variant reason " of each result */
} cases[] = {
	{ "a kubelet does not know the API server", SAYS("200 OK", 2, "{}"),
	  UNKNOWN, UNKNOWN, 0,
	  "logs unauthorized exec unauthorized port-forward unauthorized "
	  "proxy unauthorized service unauthorized " },
	{ "the API server does not know the run any more", UNKNOWN, UNKNOWN,
	  UNKNOWN, -EACCES, "" },
	{ "a kubelet whose runtime does not answer", SAYS("200 OK", 2, "{}"),
	  SAYS("200 OK", 44,
	       "unable to retrieve container logs for x://1"
	       "\n"),
	  SAYS("500 Error", 34, "rpc error: Unavailable: dial unix "), 0,
	  "logs runtime-down exec runtime-down port-forward runtime-down "
	  "proxy runtime-down service runtime-down " },
};

/**
 * answer() - Answer one client's one request
 * @fd:		Connection
 * @i:		Case
 */
static void answer(int fd, size_t i)
{
	char request[UNIT_REQUEST];
	const char *text;

	if (!unit_request(fd, request))
		return;
	text = strstr(request, "/pods?limit=1 ") ? cases[i].own :
	       strstr(request, "/log?")          ? cases[i].log :
						   cases[i].rest;
	(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_WR);
	while (recv(fd, request, sizeof(request), 0) > 0)
		;
}

/**
 * serve() - Answer clients, one after the other, until killed
 * @listener:	Socket
 * @i:		Case
 */
static void serve(int listener, size_t i)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		answer(fd, i);
		(void)close(fd);
	}
}

/**
 * test_ways() - What is made of the answers
 */
static void test_ways(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world_node node = { .name = "n",
					   .responder = "2001:db8::1",
					   .responder_name = "responder-a" };
		struct report report = { .name = "" };
		struct live live = { .report = &report,
				     .world = { .nodes = &node, .n_nodes = 1 },
				     .space = "t" };
		_cleanup_(buf_release) struct buf got = BUF_INIT;
		unsigned int port;
		pid_t pid = unit_server(serve, i, &port);

		if (pid < 0)
			return;
		live.api = unit_client(port);
		CHECK_INT(cases[i].what, cases[i].r, live_look_inward(&live));
		for (size_t k = 0; k < report.results.n; k++)
			buf_printf(&got, "%s %s ",
				   report.results.items[k].variant,
				   report.results.items[k].reason);
		CHECK_STR(cases[i].what, cases[i].wanted, buf_text(&got));
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		api_free(live.api);
		results_release(&report.results);
	}
}

UNIT_SUITE(inward, { "answers", test_ways });
