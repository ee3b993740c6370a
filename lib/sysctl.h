/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: sysctl - kernel parameters below /proc/sys, of the caller's network namespace
 *
 * Keys are in slash form ("net/ipv6/conf/eth0.1/accept_ra"), because names of links
 * hold dots. A key never leaves /proc/sys: "..", a leading slash and empty parts are
 * -EINVAL.
 */

#include "lib/base.h"
#include "lib/buf.h"

must_check int sysctl_check_key(const char *key);
must_check int sysctl_read(const char *key, struct buf *ret_value);
must_check int sysctl_write(const char *key, const char *value);
