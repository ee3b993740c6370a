/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: uplink - which interface leads to the provider
 *
 * Asked of the kernel of the current network namespace, without privilege. /sys is not
 * used: it shows the namespace it was mounted in.
 */

#include "lib/addr.h"

#include <net/if.h>

must_check int uplink_by_mac(const char *mac, char ret_name[IFNAMSIZ]);
must_check int uplink_by_route(char ret_name[IFNAMSIZ]);
must_check int uplink_address(const char *name, struct addr *ret_address);
must_check int uplink_router(const char *name, struct addr *ret_router,
			     int64_t *ret_lifetime_s);
bool uplink_has_others(const char *name);
