/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: nat64 - which prefix leads to IPv4, and who says so
 *
 * Four sources, the best first: the operator, PREF64 of a router advertisement (RFC
 * 8781; by RTNLGRP_ND_USEROPT, without privilege), ipv4only.arpa (RFC 7050, all prefix
 * lengths), and what the provider is known to use. A better source replaces a worse one
 * at once; a worse one a better only when that has expired.
 *
 * nat64_read_option() and nat64_read_answer() are pure. struct nat64 is ended by
 * nat64_free().
 */

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "netsetup/hints.h"

struct nat64;

#define NAT64_NO_PREFIX \
	"not a prefix that NAT64 can use (RFC 6052: /32, /40, /48, /56, /64 or /96)"

bool nat64_usable(const struct prefix *p);
must_check int nat64_parse(const char *text, struct prefix *ret_prefix);
must_check int nat64_read_option(const uint8_t *option, size_t len,
				 struct nat64_hint *ret_hint);
must_check int nat64_read_answer(const struct addr *answer,
				 struct prefix *ret_prefix);
bool nat64_better(const struct nat64_hint *now, bool expired,
		  const struct nat64_hint *next);

struct nlmsghdr;
void nat64_solicit(void);
must_check int nat64_read_message(const struct nlmsghdr *m, struct addr *router,
				  const uint8_t **ret_option, size_t *ret_len);

must_check int nat64_listen(bool asks, struct nat64 **ret_nat64);
void nat64_free(struct nat64 *n);
DEFINE_CLEANUP(struct nat64 *, nat64_free)
must_check int nat64_discover(struct nat64 *n, int64_t deadline_ns,
			      struct hints *hints, struct buf *warnings);
struct nat64_hint nat64_said(const struct nat64 *n, enum nat64_source source);
int nat64_failure(const struct nat64 *n);
