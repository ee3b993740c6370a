/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/live/api-private.h"

#include "lib/doc.h"
#include "lib/loop.h"

#include <errno.h>
#include <string.h>

#define API_BYTES      (64UL << 20) /* of an answer */
#define API_CONNECT_MS 5000L
#define API_MANAGER    "shoot6" /* field manager of what we apply */

/**
 * api_free() - Close the connection and forget the identity
 * @api:	The client or NULL
 */
void api_free(struct api *api)
{
	if (!api)
		return;
	if (api->easy)
		curl_easy_cleanup(api->easy);
	if (api->multi)
		(void)curl_multi_cleanup(api->multi);
	kubeconfig_release(&api->config);
	buf_release(&api->error);
	free(api);
}

/**
 * api_open() - A client for the server of a kubeconfig
 * @kubeconfig:	Its path; NULL or "": what KUBECONFIG names, else the pod's own
 * @ret_api:	The client; end it by api_free(). Nothing is sent yet
 * @ret_problem: Gets one line where the kubeconfig cannot be used
 *
 * Return: 0, -EINVAL with a problem, -ENOMEM
 */
int api_open(const char *kubeconfig, struct api **ret_api,
	     struct buf *ret_problem)
{
	_cleanup_(api_freep) struct api *api = calloc(1, sizeof(*api));
	int r;

	if (!api)
		return -ENOMEM;
	api->cancel_fd = -1;
	if (!kubeconfig || !*kubeconfig)
		kubeconfig = getenv("KUBECONFIG");
	r = kubeconfig && *kubeconfig ?
		    kubeconfig_read(kubeconfig, &api->config, ret_problem) :
		    kubeconfig_in_cluster(&api->config, ret_problem);
	if (r < 0)
		return r;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return -ENOMEM;
	api->multi = curl_multi_init();
	api->easy = curl_easy_init();
	if (!api->multi || !api->easy)
		return -ENOMEM;
	*ret_api = TAKE_PTR(api);
	return 0;
}

/**
 * api_server() - The server's URL
 * @api:	The client
 *
 * Return: text that lives as long as the client
 */
const char *api_server(const struct api *api)
{
	return api->config.server;
}

/**
 * api_ca() - The authority that the server must prove itself by
 * @api:	The client
 *
 * Return: PEM that lives as long as the client; NULL where the kubeconfig has none
 */
const char *api_ca(const struct api *api)
{
	return api->config.ca.data;
}

/**
 * api_error() - Why the last call failed
 * @api:	The client
 *
 * Return: one line, until the next call
 */
const char *api_error(const struct api *api)
{
	return buf_text(&api->error);
}

/**
 * api_cancel_by() - End requests early
 * @api:	The client
 * @fd:		Readable when they are to end, e.g. a signalfd; -1: never
 */
void api_cancel_by(struct api *api, int fd)
{
	api->cancel_fd = fd;
}

/**
 * api_socket_by() - Make sockets elsewhere, e.g. in another network namespace
 * @api:	The client
 * @open:	As socket(), or a negative errno; NULL: socket() itself
 * @arg:	For @open
 */
void api_socket_by(struct api *api, api_socket_fn *open, void *arg)
{
	api->open = open;
	api->open_arg = arg;
}

/**
 * open_socket() - Make a socket (libcurl's callback)
 * @arg:	The client
 * @purpose:	Not used
 * @address:	Where it will connect to
 *
 * Return: descriptor, or CURL_SOCKET_BAD
 */
static curl_socket_t open_socket(void *arg, curlsocktype purpose,
				 struct curl_sockaddr *address)
{
	struct api *api = arg;
	int fd = api->open(api->open_arg, address->family, address->socktype,
			   address->protocol);

	(void)purpose;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/**
 * take_bytes() - Receive part of an answer (libcurl's write callback)
 * @data:	Bytes
 * @one:	1
 * @len:	How many
 * @arg:	The request
 *
 * A watch's lines are handed out as they are complete, while the server says 200.
 *
 * Return: @len, or another number to end the transfer
 */
static size_t take_bytes(char *data, size_t one, size_t len, void *arg)
{
	struct request *req = arg;
	char *start, *end;

	buf_add(&req->answer, data, len * one);
	if (buf_error(&req->answer) < 0)
		return 0;
	if (!req->line || !req->answer.data)
		return len;

	start = req->answer.data;
	while (!req->line_result && (end = strchr(start, '\n'))) {
		*end = '\0';
		req->line_result =
			req->line(req->arg, start, (size_t)(end - start));
		start = end + 1;
	}
	req->answer.len -= (size_t)(start - req->answer.data);
	memmove(req->answer.data, start, req->answer.len + 1);
	return req->line_result ? 0 : len;
}

/**
 * set_blob() - Hand PEM text to libcurl, where there is any
 * @easy:	Transfer
 * @option:	Which option
 * @pem:	The text; stays the caller's
 */
static void set_blob(CURL *easy, CURLoption option, const struct buf *pem)
{
	struct curl_blob blob = { pem->data, pem->len, CURL_BLOB_NOCOPY };

	if (pem->data)
		curl_easy_setopt(easy, option, &blob);
}

/**
 * api_bearer() - The token for this request
 * @api:	The client
 * @ret:	Gets the header's text, allocated; NULL where there is no token
 *
 * A token file is read each time: the kubelet swaps it before the token expires.
 *
 * Return: 0, -ENOMEM, or errno of the file
 */
int api_bearer(struct api *api, char **ret)
{
	_cleanup_(buf_release) struct buf file = BUF_INIT;
	const char *token = api->config.token;
	int r;

	if (api->config.token_file) {
		file.max = 1UL << 16;
		r = buf_read_file(&file, api->config.token_file);
		if (r < 0) {
			buf_printf(&api->error, "token file '%s': %s",
				   api->config.token_file, strerror(-r));
			return r;
		}
		token = buf_text(&file);
	}
	*ret = NULL;
	if (token && asprintf(ret, "Authorization: Bearer %.*s",
			      (int)strcspn(token, "\r\n"), token) < 0)
		return -ENOMEM;
	return 0;
}

/**
 * api_set_up() - Tell libcurl where to, and who we are
 * @api:	The client
 * @easy:	Transfer, new or reset
 * @url:	Its URL
 */
void api_set_up(struct api *api, CURL *easy, const char *url)
{
	const struct kubeconfig *config = &api->config;

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, API_CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, api->detail);
	if (api->open) {
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, api);
	}
	set_blob(easy, CURLOPT_CAINFO_BLOB, &config->ca);
	set_blob(easy, CURLOPT_SSLCERT_BLOB, &config->cert);
	set_blob(easy, CURLOPT_SSLKEY_BLOB, &config->key);
	if (config->insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

/**
 * set_request() - Tell libcurl what a request is
 * @easy:	Transfer, set up
 * @req:	The request
 * @headers:	Its headers
 */
static void set_request(CURL *easy, struct request *req,
			struct curl_slist *headers)
{
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, req->method);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, req);
	if (req->body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, req->body);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)strlen(req->body));
	}
}

/* What libcurl's words for a failed transfer mean to the caller. */
static const struct {
	CURLcode code;
	int error;
	const char *text;
} transfer_errors[] = {
	{ CURLE_COULDNT_CONNECT, -ECONNREFUSED, "cannot connect" },
	{ CURLE_COULDNT_RESOLVE_HOST, -EHOSTUNREACH, "no such host" },
	{ CURLE_PEER_FAILED_VERIFICATION, -EKEYREJECTED,
	  "the server does not prove who it is" },
	{ CURLE_SSL_CONNECT_ERROR, -EKEYREJECTED, "TLS failed" },
	{ CURLE_SSL_CERTPROBLEM, -EKEYREJECTED, "client certificate" },
	{ CURLE_SSL_CACERT_BADFILE, -EKEYREJECTED, "certificate authority" },
	{ CURLE_URL_MALFORMAT, -EINVAL, "malformed URL" },
	{ CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT, "timed out" },
	{ CURLE_GOT_NOTHING, -ECONNRESET, "closed without an answer" },
	{ CURLE_RECV_ERROR, -ECONNRESET, "connection lost" },
	{ CURLE_SEND_ERROR, -ECONNRESET, "connection lost" },
	{ CURLE_PARTIAL_FILE, -ECONNRESET, "connection lost" },
	{ CURLE_UNSUPPORTED_PROTOCOL, -EINVAL, "unsupported protocol" },
};

/**
 * api_transfer_failed() - Say why there was no answer
 * @api:	The client
 * @code:	What libcurl says
 *
 * Return: a negative errno
 */
int api_transfer_failed(struct api *api, CURLcode code)
{
	for (size_t i = 0; i < ARRAY_SIZE(transfer_errors); i++) {
		if (transfer_errors[i].code != code)
			continue;
		buf_printf(&api->error, "%s: %s%s%s", api->config.server,
			   transfer_errors[i].text, api->detail[0] ? ": " : "",
			   api->detail);
		return transfer_errors[i].error;
	}
	buf_printf(&api->error, "%s: %s", api->config.server,
		   api->detail[0] ? api->detail : curl_easy_strerror(code));
	return -EIO;
}

/* What the server's refusals mean to the caller. */
static const struct {
	long status;
	int error;
	const char *text;
} statuses[] = {
	{ 400, -EINVAL, "400, malformed request" },
	{ 401, -EACCES, "401, the server does not know this identity" },
	{ 403, -EPERM, "403, this identity may not" },
	{ 404, -ENOENT, "404, no such object" },
	{ 409, -EEXIST, "409, conflict" },
	{ 410, -ESTALE, "410, too old" },
	{ 422, -EINVAL, "422, invalid object" },
	{ 429, -EAGAIN, "429, too many requests" },
	{ 500, -EIO, "500" },
	{ 503, -EAGAIN, "503, not ready" },
};

/**
 * api_answer_failed() - Say why the server refused
 * @api:	The client
 * @req:	The request, answered
 *
 * Return: a negative errno
 */
int api_answer_failed(struct api *api, const struct request *req)
{
	_cleanup_(json_freep) struct json *json = NULL;
	const char *message = NULL;
	const char *text = NULL;
	int error = -EIO;

	if (req->answer.data &&
	    json_parse(req->answer.data, req->answer.len, &json) == 0)
		message = json_get_string(json, "message");
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		if (statuses[i].status == req->status) {
			text = statuses[i].text;
			error = statuses[i].error;
		}
	}
	buf_printf(&api->error, "%s %s: ", req->method, req->path);
	if (text)
		buf_puts(&api->error, text);
	else
		buf_printf(&api->error, "status %ld", req->status);
	if (message)
		buf_printf(&api->error, ": %s", message);
	else if (!json && req->answer.len) /* of something in between */
		buf_printf(&api->error, ": %.*s",
			   (int)MIN(strcspn(req->answer.data, "\r\n"), 200UL),
			   req->answer.data);
	return error;
}

/**
 * api_drive() - Run the transfer to its end, its deadline or the user's wish
 * @api:	The client, its transfer set up
 * @req:	The request
 * @ret_code:	What libcurl says at the end
 *
 * Return: 0, -ETIMEDOUT, -ECANCELED, -EIO
 */
int api_drive(struct api *api, const struct request *req, CURLcode *ret_code)
{
	struct curl_waitfd extra = { .fd = api->cancel_fd,
				     .events = CURL_WAIT_POLLIN };
	unsigned int n_extra = api->cancel_fd >= 0;
	int running = 1, left;
	CURLMsg *message;
	int64_t rest;

	while (running) {
		if (curl_multi_perform(api->multi, &running))
			return -EIO;
		if (!running)
			break;
		rest = (req->deadline_ns - loop_now()) / NSEC_PER_MSEC;
		if (rest <= 0) {
			buf_printf(&api->error, "%s %s: timed out", req->method,
				   req->path);
			return -ETIMEDOUT;
		}
		extra.revents = 0;
		if (curl_multi_poll(api->multi, n_extra ? &extra : NULL,
				    n_extra, (int)MIN(rest, (int64_t)60000),
				    NULL))
			return -EIO;
		if (extra.revents) {
			buf_puts(&api->error, "interrupted");
			return -ECANCELED;
		}
	}
	*ret_code = CURLE_OK;
	while ((message = curl_multi_info_read(api->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			*ret_code = message->data.result;
	return 0;
}

/**
 * headers_for() - The headers of a request
 * @api:	The client
 * @req:	The request
 * @ret:	The list; end it by curl_slist_free_all()
 *
 * Return: 0, -ENOMEM, or errno of the token's file
 */
static int headers_for(struct api *api, const struct request *req,
		       struct curl_slist **ret)
{
	_cleanup_free_ char *authorization = NULL;
	struct curl_slist *list = NULL;
	char type[96];
	int r;

	r = api_bearer(api, &authorization);
	if (r < 0)
		return r;
	list = curl_slist_append(NULL, "Accept: application/json, */*");
	list = curl_slist_append(list, "Expect:");
	if (authorization)
		list = curl_slist_append(list, authorization);
	if (req->type) {
		(void)snprintf(type, sizeof(type), "Content-Type: %s",
			       req->type);
		list = curl_slist_append(list, type);
	}
	if (!list)
		return -ENOMEM;
	*ret = list;
	return 0;
}

/**
 * api_request() - Send one request, receive its answer
 * @api:	The client
 * @req:	The request; its .answer is to be released by the caller
 *
 * Return: 0 for an answer of the 2xx kind (or a watch that was ended by its reader), or
 *	   what scenarios/live/api.h lists
 */
int api_request(struct api *api, struct request *req)
{
	_cleanup_free_ char *url = NULL;
	struct curl_slist *headers = NULL;
	CURLcode code = CURLE_OK;
	int r;

	buf_clear(&api->error);
	api->detail[0] = '\0';
	req->answer.max = API_BYTES;
	if (asprintf(&url, "%s%s", api->config.server, req->path) < 0)
		return -ENOMEM;
	r = headers_for(api, req, &headers);
	if (r < 0)
		return r;

	curl_easy_reset(api->easy);
	api_set_up(api, api->easy, url);
	set_request(api->easy, req, headers);
	curl_multi_add_handle(api->multi, api->easy);
	r = api_drive(api, req, &code);
	curl_easy_getinfo(api->easy, CURLINFO_RESPONSE_CODE, &req->status);
	curl_multi_remove_handle(api->multi, api->easy);
	curl_slist_free_all(headers);
	if (r < 0)
		return r;
	if (req->line_result)
		return 0;
	if (code != CURLE_OK)
		return api_transfer_failed(api, code);
	if (req->status < 200 || req->status > 299)
		return api_answer_failed(api, req);
	return 0;
}

/**
 * api_get_text() - Read what lies at a path
 * @api:	The client
 * @path:	Path with its query, "/api/v1/nodes"
 * @deadline_ns: When to give up, of loop_now()
 * @ret_text:	Gets it
 *
 * Return: 0, or see api.h
 */
int api_get_text(struct api *api, const char *path, int64_t deadline_ns,
		 struct buf *ret_text)
{
	struct request req = { .method = "GET",
			       .path = path,
			       .deadline_ns = deadline_ns };
	int r = api_request(api, &req);

	if (r == 0) {
		buf_add(ret_text, buf_text(&req.answer), req.answer.len);
		r = buf_error(ret_text);
	}
	buf_release(&req.answer);
	return r;
}

/**
 * parse_answer() - An answer as JSON
 * @api:	The client
 * @req:	The request, answered
 * @ret_json:	Gets it, json_free()
 *
 * Return: 0, or -EBADMSG after saying so
 */
static int parse_answer(struct api *api, const struct request *req,
			struct json **ret_json)
{
	int r = json_parse(buf_text(&req->answer), req->answer.len, ret_json);

	if (r < 0)
		buf_printf(&api->error, "%s %s: the answer is no JSON",
			   req->method, req->path);
	return r < 0 ? -EBADMSG : 0;
}

/**
 * api_get() - Read an object or a list
 * @api:	The client
 * @path:	Path with its query
 * @deadline_ns: When to give up
 * @ret_json:	Gets it; json_free()
 *
 * Return: 0, -EBADMSG, or see api.h
 */
int api_get(struct api *api, const char *path, int64_t deadline_ns,
	    struct json **ret_json)
{
	struct request req = { .method = "GET",
			       .path = path,
			       .deadline_ns = deadline_ns };
	int r = api_request(api, &req);

	if (r == 0)
		r = parse_answer(api, &req, ret_json);
	buf_release(&req.answer);
	return r;
}

/**
 * api_post() - Create an object, or ask something that is made by POST
 * @api:	The client
 * @path:	The collection
 * @json:	The object
 * @deadline_ns: When to give up
 * @ret_json:	Gets the answer, or NULL
 *
 * Return: 0, or see api.h
 */
int api_post(struct api *api, const char *path, const char *json,
	     int64_t deadline_ns, struct json **ret_json)
{
	struct request req = { .method = "POST",
			       .path = path,
			       .body = json,
			       .type = "application/json",
			       .deadline_ns = deadline_ns };
	int r = api_request(api, &req);

	if (r == 0 && ret_json)
		r = parse_answer(api, &req, ret_json);
	buf_release(&req.answer);
	return r;
}

/**
 * api_patch() - Merge-patch an object
 * @api:	The client
 * @path:	The object, or its "/status"
 * @json:	What changes (RFC 7386)
 * @deadline_ns: When to give up
 *
 * Return: 0, or see api.h
 */
int api_patch(struct api *api, const char *path, const char *json,
	      int64_t deadline_ns)
{
	struct request req = { .method = "PATCH",
			       .path = path,
			       .body = json,
			       .type = "application/merge-patch+json",
			       .deadline_ns = deadline_ns };
	int r = api_request(api, &req);

	buf_release(&req.answer);
	return r;
}

/**
 * api_delete() - Delete an object; what it owns goes after it
 * @api:	The client
 * @path:	The object
 * @deadline_ns: When to give up
 *
 * Return: 0, also where it is gone, or see api.h
 */
int api_delete(struct api *api, const char *path, int64_t deadline_ns)
{
	struct request req = { .method = "DELETE",
			       .path = path,
			       .type = "application/json",
			       .body = "{\"propagationPolicy\":\"Background\"}",
			       .deadline_ns = deadline_ns };
	int r = api_request(api, &req);

	buf_release(&req.answer);
	return r == -ENOENT ? 0 : r;
}

/* Kinds we apply, and where they live. */
static const struct {
	const char *kind;
	const char *group; /* path before "namespaces/..." */
	const char *plural;
	bool namespaced;
} kinds[] = {
	{ "Namespace", "/api/v1", "namespaces", false },
	{ "Node", "/api/v1", "nodes", false },
	{ "Pod", "/api/v1", "pods", true },
	{ "Service", "/api/v1", "services", true },
	{ "ConfigMap", "/api/v1", "configmaps", true },
	{ "ServiceAccount", "/api/v1", "serviceaccounts", true },
	{ "Deployment", "/apis/apps/v1", "deployments", true },
	{ "DaemonSet", "/apis/apps/v1", "daemonsets", true },
	{ "Job", "/apis/batch/v1", "jobs", true },
	{ "EndpointSlice", "/apis/discovery.k8s.io/v1", "endpointslices",
	  true },
	{ "Role", "/apis/rbac.authorization.k8s.io/v1", "roles", true },
	{ "RoleBinding", "/apis/rbac.authorization.k8s.io/v1", "rolebindings",
	  true },
	{ "ClusterRole", "/apis/rbac.authorization.k8s.io/v1", "clusterroles",
	  false },
	{ "ClusterRoleBinding", "/apis/rbac.authorization.k8s.io/v1",
	  "clusterrolebindings", false },
};

/**
 * apply_path() - Where an object belongs
 * @api:	The client, for its error
 * @text:	The object, YAML or JSON
 * @ret:	Path with the query of a server-side apply
 *
 * Return: 0, -EINVAL after saying why, -ENOMEM
 */
static int apply_path(struct api *api, const char *text, struct buf *ret)
{
	_cleanup_(doc_release) struct doc doc = DOC_INIT;
	const char *kind, *name, *space;
	size_t i;

	buf_clear(&api->error);
	if (doc_read(&doc, text, strlen(text)) < 0) {
		buf_printf(&api->error, "manifest: %s", doc.error);
		return -EINVAL;
	}
	kind = doc_get_scalar(&doc, doc_root(&doc), "kind");
	name = doc_get_scalar(&doc, doc_root(&doc), "metadata.name");
	space = doc_get_scalar(&doc, doc_root(&doc), "metadata.namespace");
	for (i = 0; kind && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			break;
	if (!kind || !name || i == ARRAY_SIZE(kinds) ||
	    (kinds[i].namespaced && !space)) {
		buf_printf(&api->error,
			   "manifest: kind '%s', name '%s': "
			   "cannot tell where it belongs",
			   kind ? kind : "", name ? name : "");
		return -EINVAL;
	}
	buf_printf(ret, "%s/", kinds[i].group);
	if (kinds[i].namespaced)
		buf_printf(ret, "namespaces/%s/", space);
	buf_printf(ret, "%s/%s?fieldManager=" API_MANAGER "&force=true",
		   kinds[i].plural, name);
	return buf_error(ret);
}

/**
 * api_apply() - Server-side apply of one object
 * @api:	The client
 * @text:	The object in YAML or JSON, with its namespace
 * @deadline_ns: When to give up
 *
 * Return: 0, -EINVAL for what is no object we know, or see api.h
 */
int api_apply(struct api *api, const char *text, int64_t deadline_ns)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	struct request req = { .method = "PATCH",
			       .body = text,
			       .type = "application/apply-patch+yaml",
			       .deadline_ns = deadline_ns };
	int r;

	r = apply_path(api, text, &path);
	if (r < 0)
		return r;
	req.path = path.data;
	r = api_request(api, &req);
	buf_release(&req.answer);
	return r;
}
