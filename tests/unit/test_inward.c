/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reaching into pods, with a server of ours on [::1] that answers 401 whatever the way.
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

static const struct {
	const char *what;
	const char *own; /* to a question that no kubelet is asked */
	int r;
	const char *wanted; /* "variant reason " of each result */
} cases[] = {
	{ "a kubelet does not know the API server",
	  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
	  0,
	  "logs unauthorized exec unauthorized port-forward unauthorized "
	  "proxy unauthorized service unauthorized " },
	{ "the API server does not know the run any more",
	  "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	  -EACCES, "" },
};

/**
 * answer() - Answer one client's one request
 * @fd:		Connection
 * @i:		Case
 */
static void answer(int fd, size_t i)
{
	static const char refused[] = "HTTP/1.1 401 Unauthorized\r\n"
				      "Connection: close\r\n"
				      "Content-Length: 12\r\n\r\n"
				      "Unauthorized";
	char request[4096] = "";
	const char *text;
	size_t n = 0;
	ssize_t got;

	while (!strstr(request, "\r\n\r\n") && n < sizeof(request) - 1) {
		got = recv(fd, request + n, sizeof(request) - 1 - n, 0);
		if (got <= 0)
			return;
		n += (size_t)got;
		request[n] = '\0';
	}
	text = strstr(request, "/pods?limit=1 ") ? cases[i].own : refused;
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
 * test_identity() - Whose 401 it is
 */
static void test_identity(void)
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

UNIT_SUITE(inward, { "whose 401 it is", test_identity });
