/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: api-stream - streams into a pod: exec and port-forward
 *
 * WebSocket (RFC 6455) with the subprotocols of Kubernetes, in which the first byte of a
 * message is the number of its channel: of exec v5.channel.k8s.io (1.30 and later), or
 * v4.channel.k8s.io; of port-forward v4.channel.k8s.io. libcurl connects, for TLS and
 * the identity of the kubeconfig; opening and frames are scenarios/live/ws.h.
 *
 * A stream belongs to its client and is ended by api_stream_free() before it. Calls return
 * what those of api.h return, end at the deadline given to api_stream_open() and by
 * api_cancel_by(); why one failed is in api_error().
 */

#include "scenarios/live/api.h"

struct api_stream;

/* Channels of exec. */
#define API_STDOUT 1U
#define API_STDERR 2U
#define API_STATUS 3U /* a Status object, when the command has ended */

/* @protocols: separated by ", ", the best first. */
must_check int api_stream_open(struct api *api, const char *path,
			       const char *protocols, int64_t deadline_ns,
			       struct api_stream **ret);
must_check int api_stream_send(struct api_stream *s, unsigned int channel,
			       const char *data, size_t len);
/* One message, or a part of one. Return: 0; -EPIPE at the end, ... */
must_check int api_stream_receive(struct api_stream *s,
				  unsigned int *ret_channel,
				  struct buf *ret_data);
void api_stream_free(struct api_stream *s);
DEFINE_CLEANUP(struct api_stream *, api_stream_free)
