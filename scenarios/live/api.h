/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: api - a small client of the Kubernetes API
 *
 * Opened from a kubeconfig (client certificates inline or in files, token, tokenFile;
 * exec plugins are refused by name) or, inside a pod, from the ServiceAccount's files.
 * One connection is kept and used again; a request ends at its deadline or when the
 * descriptor given to api_cancel_by() becomes readable (-ECANCELED), so that Ctrl-C is
 * an event like any other.
 *
 * A failed call says why in api_error(), which tells apart what cannot be connected to,
 * what does not prove who it is, 401 (unknown identity), 403 (identity known, not
 * allowed), 404 and the rest. The text belongs to the client and lives until the next call.
 * Return values: -ECONNREFUSED and the like for connecting, -EHOSTUNREACH for a name
 * without address, -EKEYREJECTED for TLS, -EACCES for 401, -EPERM for 403, -ENOENT for
 * 404, -EEXIST for 409, -EINVAL for 400 and 422, -EIO for other answers, -ETIMEDOUT.
 */

#include "lib/base.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"

struct api;

must_check int api_open(const char *kubeconfig, struct api **ret_api,
			struct buf *ret_problem);
void api_free(struct api *api);
DEFINE_CLEANUP(struct api *, api_free)

const char *api_server(const struct api *api);
/* Host without brackets, and port, of an https server. */
must_check int api_where(const struct api *api, char ret_host[254],
			 unsigned int *ret_port);
/* The authority it is proved by, PEM; NULL: the machine's, or none. */
const char *api_ca(const struct api *api);
const char *api_error(const struct api *api);
void api_cancel_by(struct api *api, int fd);
/* Sockets are made by @open instead of socket(): a descriptor, or an errno. */
typedef int api_socket_fn(void *arg, int family, int type, int protocol);
void api_socket_by(struct api *api, api_socket_fn *open, void *arg);

must_check int api_get(struct api *api, const char *path, int64_t deadline_ns,
		       struct json **ret_json);
must_check int api_get_text(struct api *api, const char *path,
			    int64_t deadline_ns, struct buf *ret_text);
/* Server-side apply of one object in YAML or JSON, to what its kind and name say. */
must_check int api_apply(struct api *api, const char *text,
			 int64_t deadline_ns);
must_check int api_patch(struct api *api, const char *path, const char *json,
			 int64_t deadline_ns);
must_check int api_post(struct api *api, const char *path, const char *json,
			int64_t deadline_ns, struct json **ret_json);
/* Gone already is success. */
must_check int api_delete(struct api *api, const char *path,
			  int64_t deadline_ns);

/* What happened to one object: "ADDED", "MODIFIED", "DELETED".
 * Return: 1 when what was waited for is there, 0 to go on, or a negative errno */
typedef int api_seen_fn(void *arg, const char *event,
			const struct json *object);
/* Lists, then watches @path from there, until @seen returns other than 0. */
must_check int api_watch(struct api *api, const char *path, int64_t deadline_ns,
			 api_seen_fn *seen, void *arg);
must_check int api_watch_gone(struct api *api, const char *path,
			      int64_t deadline_ns);
