/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: api-private - what the files of the Kubernetes client share
 *
 * For scenarios/live/api*.c alone; everybody else sees api.h.
 */

#include "scenarios/live/api.h"

#include "scenarios/live/kubeconfig.h"

#include <curl/curl.h>

struct api {
	struct kubeconfig config;
	CURLM *multi;
	CURL *easy;
	int cancel_fd; /* readable: give up; -1: none */
	api_socket_fn *open; /* NULL: socket() */
	void *open_arg;
	char detail[CURL_ERROR_SIZE];
	struct buf error; /* what api_error() says */
};

/* One request, and where its answer goes. */
struct request {
	const char *method;
	const char *path;
	const char *type; /* content type of the body, or NULL */
	const char *body;
	int64_t deadline_ns;

	struct buf answer;
	long status;
	/* For a watch: called for each line, until it returns other than 0. */
	int (*line)(void *arg, const char *text, size_t len);
	void *arg;
	int line_result;
};

must_check int api_request(struct api *api, struct request *req);

/* What one is made of. */
void api_set_up(struct api *api, CURL *easy, const char *url);
must_check int api_bearer(struct api *api, char **ret);
must_check int api_drive(struct api *api, const struct request *req,
			 CURLcode *ret_code);
/* Say why in .error. */
must_check int api_transfer_failed(struct api *api, CURLcode code);
must_check int api_answer_failed(struct api *api, const struct request *req);
