/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server.h"

#include "lib/cleanup.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/**
 * unit_server() - Serve on [::1] by a process
 * @serve:	What it does with its listening socket; then it ends
 * @i:		For @serve: the case
 * @ret_port:	Gets its port
 *
 * Return: process; -1 after a check has failed
 */
pid_t unit_server(void (*serve)(int listener, size_t i), size_t i,
		  unsigned int *ret_port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
				     .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(sin6);
	pid_t pid = -1;

	if (CHECK_INT("bind", 0,
		      bind(fd, (struct sockaddr *)&sin6, sizeof(sin6))) &&
	    CHECK_INT("listen", 0, listen(fd, 8)) &&
	    CHECK_INT("port", 0,
		      getsockname(fd, (struct sockaddr *)&sin6, &len)))
		pid = fork();
	if (pid == 0) {
		serve(fd, i);
		_exit(0);
	}
	(void)close(fd);
	*ret_port = ntohs(sin6.sin6_port);
	return pid;
}

/**
 * unit_request() - Read a client's request, up to the empty line
 * @fd:		Connection
 * @ret:	Gets it, with a NUL; what is longer is cut off
 *
 * Return: whether it came
 */
bool unit_request(int fd, char ret[static UNIT_REQUEST])
{
	size_t n = 0;

	ret[0] = '\0';
	while (!strstr(ret, "\r\n\r\n") && n < UNIT_REQUEST - 1) {
		ssize_t got = recv(fd, ret + n, UNIT_REQUEST - 1 - n, 0);

		if (got <= 0)
			return false;
		n += (size_t)got;
		ret[n] = '\0';
	}
	return true;
}

/**
 * unit_client() - A client of that server
 * @port:	Its port
 *
 * Return: client, or NULL after a check has failed
 */
struct api *unit_client(unsigned int port)
{
	char path[] = "/tmp/shoot6-unit-XXXXXX";
	_cleanup_(buf_release) struct buf problem = BUF_INIT;
	_cleanup_close_ int fd = mkstemp(path);
	struct api *api = NULL;

	(void)dprintf(fd,
		      "current-context: c\n"
		      "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
		      "clusters: [{name: k, cluster: {server: "
		      "\"http://[::1]:%u/k8s\"}}]\n"
		      "users: [{name: u, user: {token: t}}]\n",
		      port);
	CHECK_INT("kubeconfig", 0, api_open(path, &api, &problem));
	(void)unlink(path);
	return api;
}
