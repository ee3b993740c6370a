/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: nl - requests, dumps, batches and events over netlink; the only door to libmnl
 *
 * One struct nl is one socket. Sequence numbers are a counter, replies are matched by
 * them, the kernel's extended-ACK text is kept in .error. Dumps are strict
 * (NETLINK_GET_STRICT_CHK), so that filters in the request's header and attributes count.
 *
 * A batch packs many requests into one datagram; only its last one asks for an
 * acknowledgement. The kernel works off the datagram within sendmsg(), answers each
 * request that failed, and goes on with the rest; each answer is given to the batch's
 * callback with the tag that the request was queued under.
 *
 * The owner ends a socket by nl_close(), a batch by nl_batch_release(). All functions
 * return 0 or a negative errno; nothing is logged.
 */

#include "lib/base.h"

#include <linux/netlink.h>
#include <netinet/in.h>

#define NL_RX_SIZE     (128U << 10) /* bytes; the kernel fills dumps to 32 KiB */
#define NL_BATCH_SIZE  (64U << 10) /* bytes after which a batch is sent */
#define NL_MESSAGE_MAX (16U << 10) /* bytes one request may take */

struct nl;

/* How bytes go out and come in; tests put faults in between. */
struct nl_io {
	ssize_t (*send)(struct nl *nl, const void *data, size_t len);
	ssize_t (*receive)(struct nl *nl, void *data, size_t size, int flags);
};

struct nl_error {
	int error; /* negative errno, 0 none */
	uint32_t seq; /* request that it answers */
	uint32_t offset; /* of the offending attribute in it; 0 unknown */
	char text[160]; /* extended ACK, or "" */
};

struct nl {
	struct mnl_socket *socket;
	const struct nl_io *io;
	void *rx; /* NL_RX_SIZE bytes */
	uint32_t seq; /* of the last request */
	uint64_t n_mutating; /* requests sent that change something */
	struct nl_error error; /* of the last failed request */
};

/* One message of a dump or one event. Return: 0, or a negative errno to stop. */
typedef int nl_message_fn(const struct nlmsghdr *message, void *context);
/* One failed request of a batch. */
typedef void nl_failed_fn(void *context, uint32_t tag,
			  const struct nl_error *error);

must_check int nl_open(struct nl *nl, int protocol);
void nl_close(struct nl *nl);
int nl_fd(const struct nl *nl);
uint32_t nl_port(const struct nl *nl);
must_check int nl_subscribe(struct nl *nl, unsigned int group);
must_check int nl_events(struct nl *nl, nl_message_fn *fn, void *context);

/* Requests. @text lasts until the next failure. */
struct nlmsghdr *nl_request(struct nl *nl, void *buffer, uint16_t type,
			    uint16_t flags);
must_check int nl_dump(struct nl *nl, struct nlmsghdr *request,
		       nl_message_fn *fn, void *context);
must_check int nl_ask(struct nl *nl, struct nlmsghdr *request,
		      nl_message_fn *fn, void *context);

struct nl_batch {
	struct nl *nl;
	char *data; /* NL_BATCH_SIZE + NL_MESSAGE_MAX bytes */
	size_t len; /* finished messages */
	struct nlmsghdr *open; /* the one being built, or NULL */
	uint32_t first_seq; /* of the first message in data */
	uint32_t n; /* messages in data */
	uint32_t *tags; /* of each of them */
	nl_failed_fn *failed;
	void *context;
	int error; /* sticky: what failed in sending or receiving */
};

must_check int nl_batch_init(struct nl_batch *b, struct nl *nl,
			     nl_failed_fn *failed, void *context);
struct nlmsghdr *nl_batch_add(struct nl_batch *b, uint16_t type, uint16_t flags,
			      uint32_t tag);
must_check int nl_batch_flush(struct nl_batch *b);
void nl_batch_release(struct nl_batch *b);

/* Building: the family's fixed header, then attributes. */
void *nl_header(struct nlmsghdr *m, size_t len);
void nl_put(struct nlmsghdr *m, uint16_t type, const void *data, size_t len);
void nl_put_u8(struct nlmsghdr *m, uint16_t type, uint8_t value);
void nl_put_u16(struct nlmsghdr *m, uint16_t type, uint16_t value);
void nl_put_u32(struct nlmsghdr *m, uint16_t type, uint32_t value);
void nl_put_text(struct nlmsghdr *m, uint16_t type, const char *text);
void nl_put_in6(struct nlmsghdr *m, uint16_t type, const struct in6_addr *a);
struct nlattr *nl_nest(struct nlmsghdr *m, uint16_t type);
void nl_nest_end(struct nlmsghdr *m, struct nlattr *nest);

/* Reading: a table of attributes by type; those of wrong size are left out. */
void nl_parse(const struct nlmsghdr *m, size_t header, const struct nlattr **at,
	      uint16_t max);
void nl_parse_nested(const struct nlattr *nest, const struct nlattr **at,
		     uint16_t max);
void nl_parse_range(const void *data, size_t len, const struct nlattr **at,
		    uint16_t max);
const void *nl_data(const struct nlattr *a);
size_t nl_len(const struct nlattr *a);
uint8_t nl_u8(const struct nlattr *a, uint8_t none);
uint16_t nl_u16(const struct nlattr *a, uint16_t none);
uint32_t nl_u32(const struct nlattr *a, uint32_t none);
struct in6_addr nl_in6(const struct nlattr *a);
const char *nl_text(const struct nlattr *a);
