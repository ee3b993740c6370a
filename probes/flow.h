/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: flow - pieces that several types share: UDP sockets that keep ICMPv6 errors
 *
 * A sidecar is a UDP flow beside a TCP one to the same place. On virtual links an ICMPv6
 * error reaches connect() only with its first retransmission, a second later; the
 * sidecar has it after one round trip. What it says explains a failure and never makes
 * one: a policy may treat UDP differently.
 *
 * An ask is one DNS question to one server, with retries, over UDP or TCP.
 *
 * All descriptors are watched by the probe; *_stop() closes them.
 */

#include "probes/probe.h"

#include <sys/epoll.h>

struct sidecar {
	int fd; /* -1: none */
	struct evidence seen;
};

struct ask {
	int fd;
	uint16_t id, qtype;
	const char *name;
	bool tcp;
	uint8_t query[512];
	size_t query_len;
	uint8_t answer[DNS_MESSAGE + 2];
	uint8_t *large; /* instead of it, once TCP brings more; or NULL */
	size_t answer_len;
	struct evidence seen;
};

must_check int flow_open(struct probe *p, int type, const struct addr *to,
			 uint16_t port, int *ret_fd);
void sidecar_start(struct probe *p, struct sidecar *s);
bool sidecar_ready(struct probe *p, struct sidecar *s, int fd);
void sidecar_stop(struct probe *p, struct sidecar *s);

must_check int ask_start(struct probe *p, struct ask *a,
			 const struct addr *server, const char *name,
			 uint16_t qtype, bool tcp);
void ask_again(struct probe *p, struct ask *a);
must_check int ask_ready(struct probe *p, struct ask *a, uint32_t events);
void ask_stop(struct probe *p, struct ask *a);
enum reason ask_reason(const struct dns_answer *answer);

#define ASK_RETRY (600 * NSEC_PER_MSEC)
