/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/nl/nl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The smallest request with a family header is longer than this. */
#define NL_BATCH_COUNT (NL_BATCH_SIZE / 20)

/**
 * nl_batch_init() - Make an empty batch
 * @b:		Batch
 * @nl:		Socket that it goes out by
 * @failed:	Called for each request that the kernel refused
 * @context:	For @failed
 *
 * Return: 0; -ENOMEM
 */
int nl_batch_init(struct nl_batch *b, struct nl *nl, nl_failed_fn *failed,
		  void *context)
{
	*b = (struct nl_batch){ .nl = nl,
				.failed = failed,
				.context = context };
	b->data = malloc(NL_BATCH_SIZE + NL_MESSAGE_MAX);
	b->tags = malloc(NL_BATCH_COUNT * sizeof(*b->tags));
	if (!b->data || !b->tags) {
		nl_batch_release(b);
		return -ENOMEM;
	}
	return 0;
}

/**
 * nl_batch_release() - End a batch; what was not flushed is dropped
 * @b:		Batch
 */
void nl_batch_release(struct nl_batch *b)
{
	free(b->data);
	free(b->tags);
	b->data = NULL;
	b->tags = NULL;
}

/**
 * close_open() - Count the message that was being built as finished
 * @b:		Batch
 */
static void close_open(struct nl_batch *b)
{
	if (!b->open)
		return;
	b->len += NLMSG_ALIGN(b->open->nlmsg_len);
}

/**
 * nl_batch_add() - Start the next request of a batch
 * @b:		Batch; sent first where it is full, errors stick in .error
 * @type:	RTM_*
 * @flags:	NLM_F_* beside NLM_F_REQUEST
 * @tag:	What .failed is told where the kernel refuses it
 *
 * Return: the message, to be filled before the next call; up to NL_MESSAGE_MAX bytes
 */
struct nlmsghdr *nl_batch_add(struct nl_batch *b, uint16_t type, uint16_t flags,
			      uint32_t tag)
{
	close_open(b);
	if (b->len >= NL_BATCH_SIZE || b->n == NL_BATCH_COUNT) {
		b->open = NULL;
		if (nl_batch_flush(b) < 0) {
			/* Sticky; the caller learns it at its own flush. */
			b->len = 0;
			b->n = 0;
		}
	}
	b->open = nl_request(b->nl, b->data + b->len, type, flags);
	if (b->n == 0)
		b->first_seq = b->open->nlmsg_seq;
	b->tags[b->n++] = tag;
	return b->open;
}

/* State of reading the answers to one batch. */
struct answers {
	struct nl_batch *batch;
	uint32_t last_seq;
	bool complete;
};

/**
 * one_answer() - One error or acknowledgement
 * @m:		Message
 * @context:	struct answers
 *
 * Return: 0
 */
static int one_answer(const struct nlmsghdr *m, void *context)
{
	struct answers *a = context;
	struct nl_batch *b = a->batch;
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(m);
	uint32_t index = m->nlmsg_seq - b->first_seq;
	struct nl_error error = { .seq = m->nlmsg_seq };
	const struct nlattr *at;

	if (m->nlmsg_type != NLMSG_ERROR || index >= b->n ||
	    mnl_nlmsg_get_payload_len(m) < sizeof(*e))
		return 0;
	if (m->nlmsg_seq == a->last_seq)
		a->complete = true;
	if (e->error == 0)
		return 0;
	error.error = e->error;
	if ((m->nlmsg_flags & NLM_F_ACK_TLVS) &&
	    (m->nlmsg_flags & NLM_F_CAPPED))
		mnl_attr_for_each (at, m, sizeof(*e)) {
			if (mnl_attr_get_type(at) == NLMSGERR_ATTR_MSG)
				snprintf(error.text, sizeof(error.text), "%.*s",
					 (int)mnl_attr_get_payload_len(at),
					 mnl_attr_get_str(at));
			else if (mnl_attr_get_type(at) == NLMSGERR_ATTR_OFFS)
				error.offset = nl_u32(at, 0);
		}
	b->nl->error = error;
	b->failed(b->context, b->tags[index], &error);
	return 0;
}

/**
 * nl_batch_flush() - Send what is queued and read the answers
 * @b:		Batch; empty afterwards
 *
 * The kernel has worked the datagram off when sendmsg() returns, so that all answers
 * are there to be read without waiting; if the last one is missing, the receive
 * buffer was too small for the errors and nobody knows what failed.
 *
 * Return: 0, also where the kernel refused requests (.failed was told); -ENOBUFS where
 *	   answers got lost, or what the socket said. Sticky
 */
int nl_batch_flush(struct nl_batch *b)
{
	struct answers a = { .batch = b };
	struct nlmsghdr *last = NULL;
	int r;

	close_open(b);
	b->open = NULL;
	if (b->error || b->n == 0)
		return b->error;
	for (size_t at = 0; at < b->len; at += NLMSG_ALIGN(last->nlmsg_len))
		last = (struct nlmsghdr *)(b->data + at);
	last->nlmsg_flags |= NLM_F_ACK;
	a.last_seq = last->nlmsg_seq;
	b->nl->n_mutating += b->n;
	do
		r = b->nl->io->send(b->nl, b->data, b->len) < 0 ? -errno : 0;
	while (r == -EINTR);
	if (r == 0)
		r = nl_events(b->nl, one_answer, &a);
	if (r == 0 && !a.complete)
		r = -ENOBUFS;
	b->len = 0;
	b->n = 0;
	b->error = r;
	return r;
}
