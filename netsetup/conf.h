/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: conf - a document becomes a desired model
 *
 * conf_read() collects all problems, one line each with line and column, so that a user
 * mends them in one go. Intents (uplinks, forwarding, AnyIP, optimistic DAD, proxies)
 * become the objects that they mean. The caller ends it by conf_release().
 */

#include "netsetup/engine.h"

struct conf {
	struct model model; /* sorted */
	uint32_t uplinks; /* words */
	uint32_t ra_intent; /* words: those whose accept_ra nobody states */
	bool forwarding;
	/* struct proxy: prefixes that `watch` answers for; no object of the kernel */
	struct table responders;
};

must_check int conf_read(struct strings *s, unsigned int caps, const char *name,
			 const char *text, size_t len, struct conf *ret_conf,
			 struct buf *errors);
must_check int conf_read_state(struct strings *s, const char *path,
			       struct model *ret_state, struct buf *errors);
void conf_release(struct conf *c);
struct json *conf_schema(void);
