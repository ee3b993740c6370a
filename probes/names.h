/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: names - what the cluster's DNS says of a service beside its address
 *
 * Asked of services whose targets name their port (port_name), and of headless ones:
 * those of a real cluster.
 * Functions return 0 or -ENOMEM, as expand() does.
 */

#include "probes/expand.h"

#define PTR_NAME 80 /* bytes of an address as a name below ip6.arpa */

must_check int expand_records(const struct check *c, struct engine *e);
must_check int add_short_name(const struct check *c, struct engine *e,
			      const struct service *s,
			      void (*judge)(struct probe *p));
