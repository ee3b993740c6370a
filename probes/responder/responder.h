/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: responder - the far end of the probes: echo, and HTTP that says who we are
 *
 * One thread, one loop. Each service is made on the loop and lives until the program
 * ends. An echo answers as many bytes as it got, never more, and never its own port:
 * it cannot be used as an amplifier nor be set against another one.
 */

#include "lib/addr.h"
#include "lib/loop.h"

struct echo;
struct web_server;

struct web_options {
	const char *name; /* who we are */
	const char *cert, *key; /* PEM; NULL: plain HTTP */
};

must_check int socket_listen(int type, const struct addr *addr, uint16_t port,
			     int *ret_fd);
must_check int echo_udp(struct loop *loop, int fd, uint16_t port);
must_check int echo_tcp(struct loop *loop, int fd);
must_check int web_serve(struct loop *loop, int fd,
			 const struct web_options *options);
