/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cleanup.h"
#include "scenarios/live/kubeconfig.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CONFIG(cluster, user)                                     \
	"current-context: c\n"                                    \
	"contexts: [{name: c, context: {cluster: k, user: u}}]\n" \
	"clusters:\n- name: k\n  cluster: {" cluster "}\n"        \
	"users:\n- name: u\n  user: {" user "}\n"
#define SERVER "server: \"https://[2001:db8::1]:6443/\""

static const struct {
	const char *what, *text;
	int r;
	const char *problem; /* part of the line */
	const char *token, *ca;
} cases[] = {
	{ "token", CONFIG(SERVER, "token: abc"), 0, "", "abc", NULL },
	{ "authority inline",
	  CONFIG(SERVER ", certificate-authority-data: aGVsbG8=", ""), 0, "",
	  NULL, "hello" },
	{ "no base64", CONFIG(SERVER ", certificate-authority-data: '*'", ""),
	  -EINVAL, "is no base64", NULL, NULL },
	{ "exec plugin", CONFIG(SERVER, "exec: {command: aws}"), -EINVAL,
	  "line 8: exec plugins are not run", NULL, NULL },
	{ "proxy", CONFIG(SERVER ", proxy-url: \"http://x\"", ""), -EINVAL,
	  "'proxy-url' is not supported", NULL, NULL },
	{ "no server", CONFIG("", ""), -EINVAL, "the cluster has no server",
	  NULL, NULL },
	{ "missing file", CONFIG(SERVER, "client-key: nowhere.pem"), -EINVAL,
	  "client-key '/tmp/nowhere.pem': No such file", NULL, NULL },
	{ "no context", "{}", -EINVAL, "no current-context", NULL, NULL },
	{ "another context", "current-context: x\ncontexts: []\n", -EINVAL,
	  "there is no such context", NULL, NULL },
	{ "no document", "{", -EINVAL, ": 1:2: ", NULL, NULL },
};

/**
 * test_read() - What is read of each, or why not
 */
static void test_read(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[] = "/tmp/kubeconfig-XXXXXX";
		_cleanup_(buf_release) struct buf problem = BUF_INIT;
		struct kubeconfig k = { 0 };
		size_t len = strlen(cases[i].text);
		int fd = mkstemp(path);

		CHECK_INT(cases[i].what, len, write(fd, cases[i].text, len));
		(void)close(fd);
		CHECK_INT(cases[i].what, cases[i].r,
			  kubeconfig_read(path, &k, &problem));
		CHECK_HAS(cases[i].what, cases[i].problem, buf_text(&problem));
		if (cases[i].r == 0)
			CHECK_STR(cases[i].what, "https://[2001:db8::1]:6443",
				  k.server);
		if (cases[i].token)
			CHECK_STR(cases[i].what, cases[i].token, k.token);
		if (cases[i].ca)
			CHECK_STR(cases[i].what, cases[i].ca, buf_text(&k.ca));
		kubeconfig_release(&k);
		(void)unlink(path);
	}
}

UNIT_SUITE(kubeconfig, { "read", test_read });
