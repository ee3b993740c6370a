/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: hints - what netsetup learnt about a node, for whoever comes after it
 *
 * Written to hints.json (default /run/netsetup/hints.json) with hints.env beside it,
 * each by an atomic rename and only when its content changes. CNI, kubelet, CoreDNS,
 * the probes and `netsetup emit` read them. A fact that is not known is null there and
 * empty here.
 *
 * struct hints is a plain value: nothing to free.
 */

#include "lib/addr.h"
#include "lib/base.h"
#include "lib/buf.h"

#include <net/if.h>

#define HINTS_PATH          "/run/netsetup/hints.json"
#define HINTS_DNS_MAX       3 /* more are ignored by every resolver library */
#define HINTS_FORWARDED_MAX 32

/* In the order of preference, the best first (RFC 8781 section 6, RFC 7050). */
enum nat64_source {
	NAT64_UNKNOWN,
	NAT64_STATIC, /* the operator said so */
	NAT64_PREF64, /* router advertisement, RFC 8781 */
	NAT64_RFC7050, /* ipv4only.arpa */
	NAT64_METADATA, /* what the provider is known to use */
	NAT64_SOURCE_MAX,
};

enum hint_bool { HINT_UNKNOWN, HINT_NO, HINT_YES };

struct nat64_hint {
	struct prefix prefix; /* family AF_UNSPEC: none known */
	enum nat64_source source;
	int64_t lifetime_s; /* seconds; 0: unknown or for ever */
	struct addr router; /* who announced it */
};

struct hints {
	char node_name[254];
	char provider[32];
	char uplink[IFNAMSIZ];
	struct addr node_ip;
	struct prefix node_prefix; /* what the provider routes to this node */
	struct prefix pod_cidr; /* of this node */
	bool pods_proxied; /* answered for on the uplink; not written */
	struct prefix cluster_cidr; /* of all nodes' pods */
	struct prefix service_cidr;
	struct addr dns_service_ip;
	char cluster_domain[254];
	unsigned int mtu; /* 0: unknown */
	struct addr gateway; /* link-local */
	struct addr dns[HINTS_DNS_MAX];
	size_t n_dns;
	/* Of load balancers; not written: they come and go with services. */
	struct addr forwarded[HINTS_FORWARDED_MAX];
	size_t n_forwarded;
	struct nat64_hint nat64;
	enum hint_bool dns64; /* the node's resolver synthesises */
	struct {
		struct addr router;
		int64_t lifetime_s; /* router lifetime when last seen */
	} ra;
};

#define HINTS_INIT \
	{          \
		0  \
	}

must_check int hints_print(const struct hints *h, struct buf *b);
must_check int hints_print_env(const struct hints *h, struct buf *b);
must_check int hints_parse(const char *text, size_t len,
			   struct hints *ret_hints);
must_check int hints_read(const char *path, struct hints *ret_hints);
must_check int hints_replace(char *path, const struct buf *text, bool *changed);
must_check int hints_write(const struct hints *h, const char *root,
			   const char *path, bool *ret_changed);
struct json;
void nat64_to_json(struct json *root, const char *name,
		   const struct nat64_hint *hint);
must_check int nat64_from_json(const struct json *j,
			       struct nat64_hint *ret_hint);
const char *nat64_source_name(enum nat64_source source);
