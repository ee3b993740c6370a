/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "lib/doc.h"
#include "netsetup/emit/emit.h"
#include "netsetup/hints.h"
#include "netsetup/intent.h"
#include "netsetup/metadata.h"
#include "netsetup/profile.h"

#include <errno.h>
#include <string.h>

static const char gcp_nics[] =
	"[{\"mac\":\"02:00:00:00:01:01\",\"mtu\":1460,"
	"\"ipv6\":[\"2001:db8:10:0:1::1/96\"],"
	"\"gatewayIpv6\":\"fe80::ff:fe00:1\","
	"\"forwardedIpv6s\":[\"2001:db8:20::1\",\"2001:db8:20::2/128\",\"10.0.0.9\"],"
	"\"dnsServers\":[\"169.254.169.254\",\"2001:db8:53::53\"]}]";

/**
 * test_profiles_builtin() - All profiles built in are right
 */
static void test_profiles_builtin(void)
{
	struct buf errors = BUF_INIT;
	size_t i, len;

	for (i = 0; profile_builtin_name(i); i++) {
		const char *name = profile_builtin_name(i);
		const char *text = profile_builtin_text(i, &len);
		struct profile p = { 0 };

		CHECK_INT(name, 0, profile_parse(text, len, &p, &errors));
		CHECK_STR(name, name, p.name);
		CHECK_TRUE(name, p.summary != NULL);
		CHECK_TRUE(name, !p.n_requests || p.endpoints[0]);
		CHECK_STR(name, "", buf_text(&errors));
		profile_release(&p);
	}
	CHECK_TRUE("there are some", i >= 2);
	buf_release(&errors);
}

/**
 * test_metadata_read() - Answers of Google's shape, good and bad
 */
static void test_metadata_read(void)
{
	static const struct {
		const char *nics, *error; /* NULL: none */
	} cases[] = {
		{ gcp_nics, NULL },
		{ "[{\"ipv6\":[]}]", NULL },
		{ "[]", NULL },
		{ "[{", "1:3: expected a key" },
		{ "<html>", "1:1: not JSON" },
		{ "[{\"ipv6\":[\"10.0.0.1\"]}]", "address '10.0.0.1'" },
		{ "[{\"ipv6\":[{}]}]", NULL },
		{ "[{\"mtu\":99}]", "mtu '99': not an MTU" },
		{ "[{\"mtu\":\"1460x\"}]", "mtu '1460x'" },
		{ "[{\"mac\":\"x\"}]", "mac 'x': not a MAC address" },
		{ "[{\"gatewayIpv6\":\"10.0.0.1\"}]", "gateway '10.0.0.1'" },
		{ "[{\"forwardedIpv6s\":[\"x\"]}]",
		  "forwarded 'x': not an address" },
	};
	struct buf errors = BUF_INIT;
	struct profile p = { 0 };

	if (!CHECK_INT("gcp", 0, profile_load("gcp", NULL, &p, &errors)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct answers a = { 0 };
		struct facts f = { 0 };

		buf_clear(&errors);
		buf_puts(&a.body[0], cases[i].nics);
		buf_puts(&a.body[1], "node1\n");
		CHECK_INT(cases[i].nics, cases[i].error ? -EINVAL : 0,
			  metadata_read(&p, &a, &f, &errors));
		CHECK_HAS(cases[i].nics, cases[i].error ? cases[i].error : "",
			  buf_text(&errors));
		if (i == 0) {
			CHECK_STR("address", "2001:db8:10:0:1::1",
				  ADDR_TEXT(&f.address));
			CHECK_STR("prefix", "2001:db8:10:0:1::/96",
				  PREFIX_TEXT(&f.prefix));
			CHECK_INT("mtu", 1460, f.mtu);
			CHECK_INT("dns", 1, f.n_dns);
			CHECK_INT("forwarded", 2, f.n_forwarded);
			CHECK_STR("name", "node1", f.name);
		}
		answers_release(&a);
	}
	profile_release(&p);
	buf_release(&errors);
}

/**
 * gcp_hints() - What the intent is for a node of Google's
 * @p:		Profile
 * @services:	Services of the shoot
 * @ret_hints:	Result
 * @errors:	Lines
 *
 * Return: as intent_make()
 */
static int gcp_hints(const struct profile *p, const char *services,
		     struct hints *ret_hints, struct buf *errors)
{
	struct shoot s = { .domain = "cluster.local" };
	struct answers a = { 0 };
	struct facts f = { 0 };
	int r;

	buf_puts(&a.body[0], gcp_nics);
	buf_puts(&a.body[1], "node1");
	r = metadata_read(p, &a, &f, errors);
	if (r == 0)
		r = prefix_parse6(services, &s.services);
	answers_release(&a);
	return r < 0 ? r : intent_make(p, &f, &s, "eth0", ret_hints, errors);
}

/**
 * test_intent_document() - The document of a node, and hints of it
 */
static void test_intent_document(void)
{
	static const char *const want[] = {
		"\"2001:db8:10:0:1::1/128\"",
		"\"2001:db8:20::2/128\"",
		"\"local\":	true",
		"\"skip\"",
		"\"2001:db8:10:0:1::/112\"",
		"\"unreachable\"",
		"\"2001:db8:96::/112\"",
		"\"fe80::ff:fe00:1\"",
		"\"uplinks\"",
		"accept_ra_rt_info_max_plen",
	};
	struct buf errors = BUF_INIT, text = BUF_INIT, again = BUF_INIT;
	struct hints h = HINTS_INIT, read = HINTS_INIT;
	struct profile p = { 0 };

	if (!CHECK_INT("gcp", 0, profile_load("gcp", NULL, &p, &errors)))
		return;
	CHECK_INT("intent", 0, gcp_hints(&p, "2001:db8:96::/112", &h, &errors));
	CHECK_STR("no problem", "", buf_text(&errors));
	CHECK_INT("document", 0, intent_document(&p, &h, NULL, &text));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		CHECK_HAS("document", want[i], buf_text(&text));
	CHECK_TRUE("the prefix is nowhere", !strstr(buf_text(&text), "::/96"));
	CHECK_TRUE("the provider routes pods",
		   !strstr(buf_text(&text), "proxies"));
	CHECK_STR("DNS", "2001:db8:96::a", ADDR_TEXT(&h.dns_service_ip));

	buf_clear(&text);
	h.pods_proxied = true;
	CHECK_INT("document", 0, intent_document(&p, &h, NULL, &text));
	CHECK_HAS("pods are answered for", "\"proxies\"", buf_text(&text));
	CHECK_HAS("by prefix", "\"prefix\":	\"2001:db8:10:0:1::/112\"",
		  buf_text(&text));

	h.nat64.lifetime_s = 1800;
	h.nat64.source = NAT64_PREF64;
	h.dns64 = HINT_YES;
	buf_clear(&text);
	CHECK_INT("print", 0, hints_print(&h, &text));
	CHECK_INT("parse", 0, hints_parse(text.data, text.len, &read));
	CHECK_INT("print again", 0, hints_print(&read, &again));
	CHECK_STR("round trip", buf_text(&text), buf_text(&again));

	CHECK_INT("services among pods", -EINVAL,
		  gcp_hints(&p, "2001:db8:10:0:1::/116", &h, &errors));
	CHECK_HAS("services among pods", "overlap services", buf_text(&errors));
	profile_release(&p);
	buf_release(&errors);
	buf_release(&text);
	buf_release(&again);
}

/**
 * test_emit() - Each format says what it misses, and prints what is well-formed
 */
static void test_emit(void)
{
	struct buf errors = BUF_INIT, out = BUF_INIT;
	struct emit_args args = { .errors = &errors };
	struct hints h = HINTS_INIT, none = HINTS_INIT;
	struct profile p = { 0 };
	struct doc d = DOC_INIT;

	if (!CHECK_INT("gcp", 0, profile_load("gcp", NULL, &p, &errors)) ||
	    !CHECK_INT("intent", 0,
		       gcp_hints(&p, "2001:db8:96::/112", &h, &errors)))
		return;
	for (size_t i = 0; emit_formats[i]; i++) {
		const char *name = emit_formats[i]->name;

		buf_clear(&out);
		buf_clear(&errors);
		CHECK_INT(name, 0, emit_print(name, &h, &args, &out));
		CHECK_TRUE(name, out.len > 0);
		CHECK_STR(name, "", buf_text(&errors));
		buf_clear(&out);
		if (emit_print(name, &none, &args, &out) == -ENODATA)
			CHECK_HAS(name, "emit ", buf_text(&errors));
	}
	buf_clear(&out);
	CHECK_INT("cni", 0, emit_print("cni", &h, &args, &out));
	CHECK_INT("cni is JSON", 0, doc_read(&d, out.data, out.len));
	CHECK_HAS("range", "2001:db8:10:0:1::10", buf_text(&out));
	doc_release(&d);
	args.type = "tpt";
	CHECK_INT("type", -EINVAL, emit_print("cni", &h, &args, &out));
	CHECK_HAS("type", "did you mean 'ptp'?", buf_text(&errors));
	CHECK_INT("format", -EINVAL, emit_print("cin", &h, &args, &out));
	CHECK_HAS("format", "did you mean 'cni'?", buf_text(&errors));
	profile_release(&p);
	buf_release(&errors);
	buf_release(&out);
}

UNIT_SUITE(provider, { "profiles", test_profiles_builtin },
	   { "metadata", test_metadata_read },
	   { "document", test_intent_document }, { "emit", test_emit });
