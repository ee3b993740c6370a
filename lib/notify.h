/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: notify - tell the service manager how we are: sd_notify(3) without libsystemd
 *
 * The protocol is one datagram of "KEY=value" lines to the socket $NOTIFY_SOCKET names.
 * Owns nothing, blocks never, and does nothing where no manager asked.
 */

#include "lib/base.h"

must_check int notify_send(const char *format, ...) printf_like(1, 2);
int64_t notify_watchdog_ns(void);
