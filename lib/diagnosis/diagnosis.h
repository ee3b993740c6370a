/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: diagnosis - from what the checks saw to the one cause, and what to do
 *
 * diagnose() is a pure function: results in, causes out; no socket, no file, no
 * clock. A probe gives it the results of its vantage, `scenario run` those of
 * all. It names the primary cause, the evidence for it, what it means and what
 * to do, the secondary causes that the primary does not explain, and which
 * failed results are only its consequences: diagnosis_block() turns those into
 * `blocked`.
 *
 * Only VERDICT_FAIL is a reason to name a cause: warn, skip, blocked and
 * unknown never raise one, and all green means CAUSE_NONE. Silence is never a
 * cause while anybody said more; where nothing fits, CAUSE_UNEXPLAINED tells
 * what was seen.
 *
 * What is read of a result: .id, .variant, .verdict, .vantage, .src, .dst,
 * .reason, .detail, .via, .samples, .duration_ns and these facts, all optional;
 * more facts make better sentences:
 *   router		address of the default router (RND-*, RTE-1)
 *   ra_lifetime, accept_ra, forwarding, dev	as they are (RND-*)
 *   prefix		the NAT64 prefix in use (N64-*, DNS-4)
 *   prefix_ra, prefix_dns	the same, by who says so (N64-1)
 *   resolver		the nameserver asked (DNS-*)
 *   name		the name looked up or connected to
 *   vip, endpoint	service address, the endpoint in question (SVC-*)
 *   direct		"pass" or "fail": that endpoint, asked directly (SVC-*)
 *   pod_cidr, peer_node	of the peer (RTE-2, POD-*)
 *   mtu, mtu_ok, mtu_fail	bytes: of the link, largest that passed, smallest
 *			that did not (MTU-*)
 *   clamp		"pass": bulk TCP passes where UDP does not (MTU-3)
 *   hop_limit, image, server, address, offender
 * `netsetup verify` of each node comes as id "CFG-1" from vantage "host:NODE".
 *
 * The owner ends it by diagnosis_release().
 */

#include "lib/diagnosis/cause.h"
#include "lib/result.h"

#define DIAGNOSIS_EVIDENCE  8
#define DIAGNOSIS_SECONDARY 8
#define DIAGNOSIS_TEXT      320

struct finding {
	enum cause cause;
	char sentence
		[DIAGNOSIS_TEXT]; /* the cause's, with its names filled in */
	char means[DIAGNOSIS_TEXT];
	char remedy[DIAGNOSIS_TEXT];
	char node[48]; /* the node it is about; "" the fabric, or several */
	char hop[96]; /* address or member where packets die, or "" */
	char evidence[DIAGNOSIS_EVIDENCE][DIAGNOSIS_TEXT];
	size_t n_evidence;
	char blocked[DIAGNOSIS_TEXT]; /* ids turned to blocked, "N64-3 N64-4" */
};

struct diagnosis {
	struct finding primary; /* .cause CAUSE_NONE: all is well */
	struct finding secondary[DIAGNOSIS_SECONDARY];
	size_t n_secondary;
	/* Per result of the input: 0 not explained, 1 by the primary, 2 and up
	 * by secondary[n - 2]; a result that is the cause's own evidence has
	 * EXPLAINED_RED added. Owned. */
	unsigned char *explained;
	size_t n_explained;
};

#define EXPLAINED_RED 0x80
/* clang-format off */
#define DIAGNOSIS_INIT { .explained = NULL }
/* clang-format on */

must_check int diagnose(const struct results *all, struct diagnosis *ret);
size_t diagnosis_block(const struct diagnosis *d, struct results *all);
void diagnosis_release(struct diagnosis *d);

struct json *diagnosis_to_json(const struct diagnosis *d);
must_check int diagnosis_from_json(const struct json *j, struct diagnosis *ret);
/* "FAIL token  sentence", "seen", "means", "do", "blocked"; nothing if well. Lines are
 * folded at so many columns, 0: not at all. */
void diagnosis_print(const struct diagnosis *d, bool colour, unsigned int width,
		     struct buf *b);
