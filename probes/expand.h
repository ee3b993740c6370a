/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: expand - what the catalogues share: probes of common shape, common judges
 *
 * Functions that add probes return 0 or -ENOMEM, as expand() does.
 */

#include "probes/engine.h"
#include "probes/type/types.h"

must_check int add_local(const struct check *c, struct engine *e,
			 void (*judge)(struct probe *p));
must_check int add_flow(const struct check *c, struct engine *e,
			const struct probe_type *type, const char *variant,
			const struct addr *addr, uint16_t port,
			struct probe **ret);
void probe_peer_node(struct probe *p, const char *node);

bool is_self(const struct engine *e, const struct peer *peer);
bool is_pod(const struct peer *peer);
bool is_same_node(const struct engine *e, const struct peer *peer);
unsigned int path_mtu(const struct engine *e);
/* What the far end of an HTTP answer saw as our address; false: it does not say. */
bool read_client(struct probe *p, char ret_text[ADDR_STRLEN],
		 struct addr *ret_addr);
