/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: client - what the commands of scenario do with a lab that is up
 *
 * A client finds the holder by the control socket alone: who listens there is the
 * holder (SO_PEERCRED), and as long as it listens it lives.
 */

#include "lib/json.h"
#include "lib/proc.h"

struct client_lab {
	int fd; /* control socket */
	struct proc holder; /* not our child */
};

#define CLIENT_LAB_INIT                       \
	{                                     \
		.fd = -1, .holder = PROC_INIT \
	}

must_check int client_open(const char *name, struct client_lab *ret);
void client_close(struct client_lab *c);
/* {name, pid, engine, members[], links[]}, process ids as the caller sees them. */
must_check int client_status(struct client_lab *c, struct json **ret);
/* @fn is given each {"step"} and {"fail"}; returns what the holder made of it. */
must_check int client_request(struct client_lab *c, const char *op,
			      const char *key, const char *value,
			      void (*fn)(const struct json *m, void *arg),
			      void *arg);
/* For proc_opts.run: runs a program in a member, as the caller's own. */
struct client_exec {
	int pidfd; /* of the member's init */
	bool rootless;
	bool cgroup; /* of its own */
	const char *const *argv;
};

must_check int client_member(struct client_lab *c, const char *member,
			     struct client_exec *ret);
int client_exec(void *arg); /* exit status */
/* Kills the holder, waits until all of the lab has ended. */
must_check int client_kill(struct client_lab *c);
