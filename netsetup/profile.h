/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: profile - what is particular about a provider, as data
 *
 * A profile is a JSON file of netsetup/profiles, built into the program, or of a folder
 * of the user's own: where metadata is asked, by which headers, where each fact lies in
 * the answers, and what netsetup should make of them. No code knows a provider's name.
 *
 * All texts lie in the profile's document; the owner ends it by profile_release().
 */

#include "lib/addr.h"
#include "lib/base.h"
#include "lib/buf.h"
#include "lib/doc.h"

#define PROFILE_MAX 8 /* endpoints, headers, requests */

/* Facts that metadata may hold. */
enum fact {
	FACT_MAC, /* of the uplink */
	FACT_ADDRESS, /* "2001:db8::1", or with the node's prefix "/96" */
	FACT_LENGTH, /* of the node's prefix, where it is not in the address */
	FACT_PREFIX, /* of the node, where it does not hold the address */
	FACT_GATEWAY,
	FACT_MTU,
	FACT_DNS,
	FACT_FORWARDED, /* addresses of load balancers that are sent to the node */
	FACT_NAME, /* of the node */
	FACT_MAX,
};

struct profile_request {
	const char *name; /* first part of the paths of facts */
	const char *path; /* below an endpoint */
	bool json; /* else text */
	const char *
		wait; /* long poll: put behind .path, before the ETag; or NULL */
	bool optional;
};

struct profile {
	struct doc doc;
	const char *name, *summary;
	const char *endpoints[PROFILE_MAX + 1]; /* end in NULL */
	const char *headers[PROFILE_MAX + 1];
	struct profile_request requests[PROFILE_MAX];
	size_t n_requests;
	uint32_t facts[FACT_MAX]; /* path, or array of them, in .doc */
	const char *dad;
	bool ra; /* the default route comes by RA */
	bool default_route; /* nobody announces one: by the gateway */
	unsigned int mtu; /* 0: metadata's, or left alone */
	struct addr gateway; /* where metadata has none */
	uint32_t dns; /* array in .doc, where metadata has none */
	uint32_t sysctls; /* of the uplink, in .doc */
	bool pods_from_node; /* else from the shoot */
	bool pods_proxy; /* the provider asks for each of them on the link */
	unsigned int pods_length; /* of a node's pods; 0: the whole prefix */
	struct prefix nat64; /* what the provider is known to use */
};

extern const char *const fact_names[FACT_MAX];

must_check int profile_parse(const char *text, size_t len,
			     struct profile *ret_profile, struct buf *errors);
must_check int profile_load(const char *name, const char *folder,
			    struct profile *ret_profile, struct buf *errors);
void profile_release(struct profile *p);
/* Names of the profiles built in: profile_builtin_name(0), ...; NULL at the end. */
const char *profile_builtin_name(size_t index);
const char *profile_builtin_text(size_t index, size_t *ret_len);
