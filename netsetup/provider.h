/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: provider - profile, metadata and shoot become a netsetup document
 *
 * provider_new() begins to listen for what routers say (and solicits, where it may).
 * provider_document() asks the metadata service, reads the shoot and makes the document
 * that a user could have written by hand; it changes nothing. After it was applied,
 * provider_finish() looks for NAT64, which needs the node's address and routes, and
 * completes the hints.
 *
 * Problems are collected, not printed: one line each in @errors, without the program's
 * name, all of them, so that a user mends them in one go.
 *
 * The caller ends it by provider_free(); the request's strings must outlive it.
 */

#include "lib/base.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "netsetup/hints.h"

struct provider;

struct provider_request {
	const char *provider; /* name of a profile, "gcp" */
	const char *shoot; /* path of the shoot file, "-": stdin */
	const char *node_name; /* NULL: from metadata, else host name */
	const char *metadata; /* base URL instead of the profile's */
	const char *nat64; /* prefix by the operator, or NULL */
	const char *profiles; /* folder of own profiles, or NULL */
	const char *dad; /* "wait", "optimistic", "skip", or NULL */
	int64_t deadline_ns; /* for all of it; 0: the default, 10 s */
	bool offline; /* plan: send nothing but metadata requests */
};

must_check int provider_new(const struct provider_request *req,
			    struct provider **ret_provider);
void provider_free(struct provider *p);
DEFINE_CLEANUP(struct provider *, provider_free)

must_check int provider_document(struct provider *p,
				 struct buf *ret_document_json,
				 struct hints *ret_hints, struct buf *errors);
must_check int provider_wait(struct provider *p, void (*armed)(void),
			     struct buf *errors);
must_check int provider_finish(struct provider *p, struct hints *hints,
			       struct buf *warnings);
