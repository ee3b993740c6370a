/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: verb_discover - learn of NAT64 what routers and resolvers say
 *
 * Nothing is kept between calls. What a resolver does not answer is no failure of
 * discover_document(); the verb says it.
 */

#include "lib/buf.h"

struct session;

must_check int discover_document(struct session *s, struct buf *warnings);
int verb_discover(void *config, int n, char **args);
