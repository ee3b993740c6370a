/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/provider.h"

#include "lib/log.h"
#include "lib/loop.h"
#include "netsetup/intent.h"
#include "netsetup/nat64.h"
#include "netsetup/uplink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_NS (10 * NSEC_PER_SEC)

struct provider {
	struct provider_request req;
	struct profile profile;
	struct nat64 *nat64;
	int64_t deadline_ns;
};

/**
 * provider_new() - Begin
 * @req:	What the user wants; its strings must outlive the provider
 * @ret_provider: Result; the caller ends it by provider_free()
 *
 * Return: 0, -ENOMEM
 */
int provider_new(const struct provider_request *req,
		 struct provider **ret_provider)
{
	struct provider *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->req = *req;
	p->deadline_ns = loop_now() + (req->deadline_ns ?: DEADLINE_NS);
	/* Routers may take a while to answer: ask them first. A failure here is
	 * no reason to stop, there are other ways to learn the prefix. */
	if (!req->offline && !req->nat64)
		(void)!nat64_listen(true, &p->nat64);
	*ret_provider = p;
	return 0;
}

/**
 * provider_free() - End
 * @p:		Provider, or NULL
 */
void provider_free(struct provider *p)
{
	if (!p)
		return;
	nat64_free(p->nat64);
	profile_release(&p->profile);
	free(p);
}

/**
 * find_uplink() - Decide which interface leads to the provider
 * @s:		Shoot
 * @f:		Facts
 * @ret_name:	Its name
 * @errors:	One line where there is none
 */
static void find_uplink(const struct shoot *s, const struct facts *f,
			char ret_name[IFNAMSIZ], struct buf *errors)
{
	int r;

	if (*s->uplink) {
		(void)snprintf(ret_name, IFNAMSIZ, "%s", s->uplink);
		if (!if_nametoindex(ret_name))
			buf_printf(errors, "uplink '%s': no such interface\n",
				   ret_name);
		return;
	}
	if (*f->mac) {
		r = uplink_by_mac(f->mac, ret_name);
		if (r < 0)
			buf_printf(errors,
				   "metadata: mac '%s': no interface "
				   "has it\n",
				   f->mac);
		return;
	}
	r = uplink_by_route(ret_name);
	if (r < 0)
		buf_printf(errors, "uplink: metadata names none, and there is "
				   "no IPv6 default route to tell it by\n");
}

/**
 * complete() - Fill in what neither metadata nor shoot had to say
 * @p:		Provider
 * @uplink:	Interface, or ""
 * @s:		Shoot
 * @f:		Facts
 */
static void complete(const struct provider *p, const char *uplink,
		     const struct shoot *s, struct facts *f)
{
	if (p->req.node_name)
		(void)snprintf(f->name, sizeof(f->name), "%s",
			       p->req.node_name);
	else if (!*f->name && gethostname(f->name, sizeof(f->name)) < 0)
		f->name[0] = '\0';
	f->name[sizeof(f->name) - 1] = '\0';
	if (*uplink && !addr_is_set(&f->address) &&
	    !addr_is_set(&s->node_address) && !p->profile.n_requests)
		(void)!uplink_address(uplink, &f->address);
}

/**
 * gather() - Read metadata and shoot; all problems of both are put down
 * @p:		Provider
 * @f:		Facts
 * @s:		Shoot
 * @errors:	A line per problem
 */
static void gather(struct provider *p, struct facts *f, struct shoot *s,
		   struct buf *errors)
{
	_cleanup_(buf_release) struct buf warnings = BUF_INIT;
	struct answers answers = { 0 };
	const char *line, *end;

	if (!p->req.shoot)
		buf_puts(errors, "provider form: --shoot FILE is missing\n");
	else
		(void)!shoot_read(p->req.shoot, p->profile.pods_from_node, s,
				  errors, &warnings);
	for (line = buf_text(&warnings); (end = strchr(line, '\n'));
	     line = end + 1)
		log_warning("%.*s", (int)(end - line), line);

	if (!p->profile.n_requests)
		return;
	if (metadata_fetch(&p->profile, p->req.metadata, p->deadline_ns,
			   &answers, errors) < 0)
		return;
	log_debug("metadata: '%s' answered", answers.endpoint);
	(void)!metadata_read(&p->profile, &answers, f, errors);
	answers_release(&answers);
}

/**
 * provider_document() - Make the document of this node
 * @p:		Provider
 * @ret_document_json: Document is appended
 * @ret_hints:	What it was made of
 * @errors:	A line per problem, all of them
 *
 * Return: 0; -EINVAL where @errors has lines, -ENOMEM
 */
int provider_document(struct provider *p, struct buf *ret_document_json,
		      struct hints *ret_hints, struct buf *errors)
{
	char uplink[IFNAMSIZ] = "";
	struct hints h = HINTS_INIT;
	struct facts f = { 0 };
	struct shoot s = { 0 };
	int r;

	r = profile_load(p->req.provider, p->req.profiles, &p->profile, errors);
	if (r < 0)
		return r;
	gather(p, &f, &s, errors);
	if (errors->len)
		return -EINVAL;
	find_uplink(&s, &f, uplink, errors);
	complete(p, uplink, &s, &f);
	r = intent_make(&p->profile, &f, &s, uplink, &h, errors);
	if (errors->len || r < 0)
		return r < 0 ? r : -EINVAL;
	if (p->req.nat64) {
		if (nat64_parse(p->req.nat64, &h.nat64.prefix) < 0) {
			buf_printf(errors, "nat64 '%s': " NAT64_NO_PREFIX "\n",
				   p->req.nat64);
			return -EINVAL;
		}
		h.nat64.source = NAT64_STATIC;
	}
	r = intent_document(&p->profile, &h, p->req.dad, ret_document_json);
	if (r < 0)
		return r;
	*ret_hints = h;
	return 0;
}

/**
 * provider_wait() - Wait until the provider's metadata changes
 * @p:		Provider
 * @armed:	Called once the present state is known: later changes are noticed
 * @errors:	A line per problem
 *
 * Return: 0; -EOPNOTSUPP where the provider cannot tell, or a negative errno
 */
int provider_wait(struct provider *p, void (*armed)(void), struct buf *errors)
{
	int r = profile_load(p->req.provider, p->req.profiles, &p->profile,
			     errors);

	return r < 0 ? r :
		       metadata_wait(&p->profile, p->req.metadata, armed,
				     errors);
}

/**
 * provider_finish() - Look for NAT64, now that the node has its address
 * @p:		Provider
 * @hints:	Those of provider_document(); completed
 * @warnings:	A line per doubt
 *
 * Return: 0; that nothing was found is no failure
 */
int provider_finish(struct provider *p, struct hints *hints,
		    struct buf *warnings)
{
	int r = 0;

	if (hints->nat64.source != NAT64_STATIC)
		r = nat64_discover(p->nat64, p->deadline_ns, hints, warnings);
	if (uplink_router(hints->uplink, &hints->ra.router,
			  &hints->ra.lifetime_s) == 0 &&
	    !addr_is_set(&hints->gateway))
		hints->gateway = hints->ra.router;
	return r;
}
