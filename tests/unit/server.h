/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: server - a server of a unit test's own on [::1], and a client of the API for it
 *
 * The server is a process, which the test waits for; it ends after what it was given to
 * do. The client asks below "/k8s", by a token.
 */

#include "scenarios/live/api.h"
#include "tests/unit/unit.h"

#include <sys/types.h>

/* Process, or -1 after a check has failed. */
pid_t unit_server(void (*serve)(int listener, size_t i), size_t i,
		  unsigned int *ret_port);
/* The head of a client's request, terminated; false where it ends before. */
#define UNIT_REQUEST 4096
bool unit_request(int fd, char ret[static UNIT_REQUEST]);
/* NULL after a check has failed. */
struct api *unit_client(unsigned int port);
