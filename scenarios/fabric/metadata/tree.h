/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: tree - a metadata service's answers, from data
 *
 * A configuration is one JSON object: which headers a request must have, how keys are
 * written in paths, and a tree of values for each instance. tree_answer() is a pure
 * function from a request to an answer; the server around it knows sockets only. What
 * differs between clouds is data:
 *
 *	{"headers": [{"name": "Metadata-Flavor", "value": "Google"}],
 *	 "refuse": ["X-Forwarded-For"], "free": ["/"],
 *	 "answer": {"Metadata-Flavor": "Google"},
 *	 "keys": "kebab", "verbatim": ["attributes"],
 *	 "instances": [{"name": "node1", "interface": "n1",
 *			"addresses": ["2001:db8:10:0:1::1"], "tree": {...}}]}
 *
 * With "kebab", the key "gatewayIpv6" of the JSON form is "gateway-ipv6" in a path, but
 * not in its first part and not below a key of "verbatim". The configuration owns all
 * JSON; an answer is the caller's.
 */

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/json.h"

struct tree_request {
	const char *method; /* "GET", "HEAD"; others are refused */
	const char *path; /* decoded, begins with '/' */
	bool recursive; /* ?recursive=true */
	const char *alt; /* ?alt=json|text, or NULL */
	/* Value of a header of the request, or NULL. */
	const char *(*header)(void *arg, const char *name);
	void *arg;
};

struct tree_answer {
	unsigned int status; /* HTTP */
	const char *type; /* Content-Type */
	struct buf body; /* or, with 301, the new path */
};

const struct json *tree_instance(const struct json *config,
				 const char *interface,
				 const struct addr *client);
must_check int tree_answer(const struct json *config,
			   const struct json *instance,
			   const struct tree_request *request,
			   struct tree_answer *ret);
