/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/kubeconfig.h"

#include "lib/cleanup.h"
#include "lib/doc.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define SECRETS          "/var/run/secrets/kubernetes.io/serviceaccount/"
#define KUBECONFIG_BYTES (1UL << 20)

/**
 * kubeconfig_release() - Free what a kubeconfig holds, its key wiped first
 * @k:		The kubeconfig, zeroed before its first use
 */
void kubeconfig_release(struct kubeconfig *k)
{
	if (k->key.data)
		explicit_bzero(k->key.data, k->key.len);
	free(k->server);
	buf_release(&k->ca);
	buf_release(&k->cert);
	buf_release(&k->key);
	free(k->token);
	free(k->token_file);
	*k = (struct kubeconfig){ 0 };
}

/**
 * decode() - Append the bytes of a base64 text
 * @text:	Base64, white space allowed at its end
 * @out:	Where to
 *
 * Return: 0, -EINVAL for what is no base64, -ENOMEM
 */
static int decode(const char *text, struct buf *out)
{
	size_t len = strcspn(text, " \r\n");
	_cleanup_free_ unsigned char *bytes = malloc(len / 4 * 3 + 4);
	int n;

	if (!bytes)
		return -ENOMEM;
	n = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len);
	if (n < 0)
		return -EINVAL;
	if (len >= 1 && text[len - 1] == '=')
		n--;
	if (len >= 2 && text[len - 2] == '=')
		n--;
	buf_add(out, bytes, (size_t)n);
	return buf_error(out);
}

/**
 * beside() - A path as a kubeconfig means it: relative to its own folder
 * @config:	Path of the kubeconfig
 * @path:	Path in it
 *
 * Return: the path, allocated, or NULL
 */
static char *beside(const char *config, const char *path)
{
	const char *slash = strrchr(config, '/');
	char *joined;

	if (path[0] == '/' || !slash)
		return strdup(path);
	if (asprintf(&joined, "%.*s/%s", (int)(slash - config), config, path) <
	    0)
		return NULL;
	return joined;
}

/* Where the kubeconfig being read is, and where its problems go. */
struct reading {
	const struct doc *doc;
	const char *path;
	struct buf *problem;
};

/**
 * refuse() - Say what is wrong with the kubeconfig
 * @in:		What is being read
 * @node:	Where, or DOC_NONE
 * @text:	What is wrong
 *
 * Return: -EINVAL
 */
static int refuse(const struct reading *in, uint32_t node, const char *text)
{
	buf_printf(in->problem, "kubeconfig '%s'", in->path);
	if (node != DOC_NONE)
		buf_printf(in->problem, " line %u", doc_line(in->doc, node));
	buf_printf(in->problem, ": %s", text);
	return -EINVAL;
}

/**
 * read_pem() - Take "NAME-data" (base64) or the file that "NAME" names
 * @in:		What is being read
 * @node:	The cluster or user
 * @name:	"certificate-authority", "client-certificate" or "client-key"
 * @out:	Gets the PEM; stays empty where neither is given
 *
 * Return: 0, -EINVAL after saying why, -ENOMEM
 */
static int read_pem(const struct reading *in, uint32_t node, const char *name,
		    struct buf *out)
{
	_cleanup_free_ char *path = NULL;
	const char *text;
	char key[64];
	int r;

	(void)snprintf(key, sizeof(key), "%s-data", name);
	text = doc_get_scalar(in->doc, node, key);
	if (text && *text) {
		r = decode(text, out);
		if (r == -EINVAL)
			return refuse(in, doc_get(in->doc, node, key),
				      "is no base64");
		return r;
	}

	text = doc_get_scalar(in->doc, node, name);
	if (!text || !*text)
		return 0;
	path = beside(in->path, text);
	if (!path)
		return -ENOMEM;
	out->max = KUBECONFIG_BYTES;
	r = buf_read_file(out, path);
	if (r < 0) {
		buf_printf(in->problem, "kubeconfig '%s': %s '%s': %s",
			   in->path, name, path, strerror(-r));
		return -EINVAL;
	}
	return 0;
}

/**
 * named() - The entry of a list that has a name
 * @in:		What is being read
 * @list:	"clusters", "users" or "contexts"
 * @part:	Member of the entry that is wanted, e.g. "cluster"
 * @name:	The name looked for
 *
 * Return: the member's node, or DOC_NONE
 */
static uint32_t named(const struct reading *in, const char *list,
		      const char *part, const char *name)
{
	uint32_t all = doc_get(in->doc, doc_root(in->doc), list);
	uint32_t entry;
	const char *has;

	if (all == DOC_NONE || !name)
		return DOC_NONE;
	for (entry = doc_first(in->doc, all); entry != DOC_NONE;
	     entry = doc_next(in->doc, entry)) {
		has = doc_get_scalar(in->doc, entry, "name");
		if (has && strcmp(has, name) == 0)
			return doc_get(in->doc, entry, part);
	}
	return DOC_NONE;
}

/**
 * copy() - Duplicate a member's text, where it is there
 * @in:		What is being read
 * @node:	Its owner
 * @name:	The member
 * @ret:	The copy; untouched where there is none
 *
 * Return: 0 or -ENOMEM
 */
static int copy(const struct reading *in, uint32_t node, const char *name,
		char **ret)
{
	const char *text = doc_get_scalar(in->doc, node, name);
	char *dup;

	if (!text || !*text)
		return 0;
	dup = strdup(text);
	if (!dup)
		return -ENOMEM;
	*ret = dup;
	return 0;
}

/**
 * read_cluster() - Where the server is and who vouches for it
 * @in:		What is being read
 * @node:	The cluster
 * @k:		Gets it
 *
 * Return: 0, -EINVAL after saying why, -ENOMEM
 */
static int read_cluster(const struct reading *in, uint32_t node,
			struct kubeconfig *k)
{
	static const char *const refused[] = { "proxy-url", "tls-server-name" };
	const char *insecure;
	uint32_t found;
	size_t len;
	int r;

	r = copy(in, node, "server", &k->server);
	if (r < 0)
		return r;
	if (!k->server)
		return refuse(in, node, "the cluster has no server");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		found = doc_get(in->doc, node, refused[i]);
		if (found == DOC_NONE)
			continue;
		buf_printf(in->problem,
			   "kubeconfig '%s' line %u: '%s' is not "
			   "supported",
			   in->path, doc_line(in->doc, found), refused[i]);
		return -EINVAL;
	}
	for (len = strlen(k->server); len && k->server[len - 1] == '/'; len--)
		k->server[len - 1] = '\0';

	insecure = doc_get_scalar(in->doc, node, "insecure-skip-tls-verify");
	k->insecure = insecure && strcmp(insecure, "true") == 0;
	return read_pem(in, node, "certificate-authority", &k->ca);
}

/**
 * read_user() - Who we are
 * @in:		What is being read
 * @node:	The user
 * @k:		Gets it
 *
 * Return: 0, -EINVAL after saying why, -ENOMEM
 */
static int read_user(const struct reading *in, uint32_t node,
		     struct kubeconfig *k)
{
	static const struct {
		const char *key, *text;
	} refused[] = {
		{ "exec", "exec plugins are not run: put a token or a client "
			  "certificate in, e.g. by 'kubectl create token'" },
		{ "auth-provider", "auth-provider plugins are not supported: "
				   "put a token or a client certificate in" },
		{ "username", "basic authentication went away with "
			      "Kubernetes 1.19" },
	};
	_cleanup_free_ char *file = NULL;
	uint32_t found;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		found = doc_get(in->doc, node, refused[i].key);
		if (found != DOC_NONE)
			return refuse(in, found, refused[i].text);
	}

	r = copy(in, node, "token", &k->token);
	if (r < 0)
		return r;
	r = copy(in, node, "tokenFile", &file);
	if (r < 0)
		return r;
	if (file) {
		k->token_file = beside(in->path, file);
		if (!k->token_file)
			return -ENOMEM;
	}
	r = read_pem(in, node, "client-certificate", &k->cert);
	if (r < 0)
		return r;
	return read_pem(in, node, "client-key", &k->key);
}

/**
 * read_current() - Read cluster and user of the current context
 * @in:		What is being read
 * @k:		Gets them
 *
 * Return: 0, -EINVAL after saying why, -ENOMEM
 */
static int read_current(const struct reading *in, struct kubeconfig *k)
{
	uint32_t root = doc_root(in->doc);
	const char *name = doc_get_scalar(in->doc, root, "current-context");
	uint32_t context, cluster, user;
	int r;

	if (!name || !*name)
		return refuse(in, DOC_NONE, "no current-context");
	context = named(in, "contexts", "context", name);
	if (context == DOC_NONE)
		return refuse(in, doc_get(in->doc, root, "current-context"),
			      "there is no such context");
	cluster = named(in, "clusters", "cluster",
			doc_get_scalar(in->doc, context, "cluster"));
	if (cluster == DOC_NONE)
		return refuse(in, context, "its cluster is not there");
	user = named(in, "users", "user",
		     doc_get_scalar(in->doc, context, "user"));
	if (user == DOC_NONE)
		return refuse(in, context, "its user is not there");

	r = read_cluster(in, cluster, k);
	if (r < 0)
		return r;
	return read_user(in, user, k);
}

/**
 * kubeconfig_read() - Read the current context of a kubeconfig
 * @path:	The file
 * @ret:	Gets it; end it by kubeconfig_release()
 * @problem:	Gets one line where it cannot be used
 *
 * Return: 0, -EINVAL with a problem, -ENOMEM
 */
int kubeconfig_read(const char *path, struct kubeconfig *ret,
		    struct buf *problem)
{
	_cleanup_(doc_release) struct doc doc = DOC_INIT;
	struct kubeconfig k = { 0 };
	struct reading in = { &doc, path, problem };
	int r;

	r = doc_read_file(&doc, path);
	if (r < 0)
		return refuse(&in, DOC_NONE,
			      doc.error[0] ? doc.error : strerror(-r));
	r = read_current(&in, &k);
	if (r < 0) {
		kubeconfig_release(&k);
		return r;
	}
	*ret = k;
	return 0;
}

/**
 * kubeconfig_in_cluster() - What a pod's own ServiceAccount says
 * @ret:	Gets it; end it by kubeconfig_release()
 * @problem:	Gets one line where this is no pod
 *
 * Return: 0, -EINVAL with a problem, -ENOMEM
 */
int kubeconfig_in_cluster(struct kubeconfig *ret, struct buf *problem)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	struct kubeconfig k = { 0 };
	bool six;
	int r;

	if (!host || !port) {
		buf_puts(problem, "no kubeconfig: give --kubeconfig or set "
				  "KUBECONFIG");
		return -EINVAL;
	}
	r = buf_read_file(&k.ca, SECRETS "ca.crt");
	if (r < 0) {
		buf_printf(problem, "'%s': %s", SECRETS "ca.crt", strerror(-r));
		return -EINVAL;
	}
	six = strchr(host, ':') != NULL;
	k.token_file = strdup(SECRETS "token");
	if (!k.token_file ||
	    asprintf(&k.server, "https://%s%s%s:%s", six ? "[" : "", host,
		     six ? "]" : "", port) < 0) {
		kubeconfig_release(&k);
		return -ENOMEM;
	}
	*ret = k;
	return 0;
}
