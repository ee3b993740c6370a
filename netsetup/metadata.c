/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/metadata.h"

#include "lib/cleanup.h"
#include "lib/http.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How much later the next endpoint is tried: what a near service needs to answer. */
#define STAGGER_NS (150 * NSEC_PER_MSEC)
/* Longer than the minute after which the service answers without a change. */
#define FIRST_NS   (10 * NSEC_PER_SEC)
#define POLL_NS    (90 * NSEC_PER_SEC)

struct fetch;

struct attempt {
	struct http_call call;
	struct fetch *fetch;
	const char *endpoint;
	struct buf url;
	size_t request; /* index into profile.requests */
	bool started, ended;
};

struct fetch {
	struct loop loop;
	struct http *http;
	const struct profile *profile;
	struct attempt race[PROFILE_MAX]; /* the first request */
	size_t n_race;
	struct attempt rest[PROFILE_MAX]; /* the others */
	const char *winner;
	size_t pending;
	int64_t deadline_ns;
};

/**
 * answers_release() - End answers
 * @a:		Answers
 */
void answers_release(struct answers *a)
{
	size_t i;

	for (i = 0; i < PROFILE_MAX; i++)
		buf_release(&a->body[i]);
}

/**
 * start() - Send one request
 * @f:		Fetch
 * @a:		Attempt, with endpoint and request
 * @when_ns:	Not before
 * @done:	What to call then
 *
 * Return: 0, -EINVAL, -ENOMEM
 */
static int start(struct fetch *f, struct attempt *a, int64_t when_ns,
		 void (*done)(struct http_call *call))
{
	struct http_request q = {
		.headers = f->profile->headers,
		.start_ns = when_ns,
		.deadline_ns = f->deadline_ns,
	};
	int r;

	buf_clear(&a->url);
	buf_printf(&a->url, "%s%s", a->endpoint,
		   f->profile->requests[a->request].path);
	r = buf_error(&a->url);
	if (r < 0)
		return r;
	q.url = buf_text(&a->url);
	a->fetch = f;
	a->call.done = done;
	r = http_start(f->http, &a->call, &q);
	if (r < 0)
		return r;
	a->started = true;
	f->pending++;
	return 0;
}

/**
 * end() - Note that an attempt is over, and the loop with the last of them
 * @a:		Attempt
 */
static void end(struct attempt *a)
{
	a->ended = true;
	if (--a->fetch->pending == 0)
		loop_quit(&a->fetch->loop);
}

/**
 * on_rest() - One of the later requests was answered
 * @call:	Embedded in the attempt
 */
static void on_rest(struct http_call *call)
{
	end(container_of(call, struct attempt, call));
}

/**
 * ask_rest() - Ask the endpoint that answered for all else
 * @f:		Fetch
 */
static void ask_rest(struct fetch *f)
{
	size_t i;

	for (i = 1; i < f->profile->n_requests; i++) {
		f->rest[i].endpoint = f->winner;
		f->rest[i].request = i;
		(void)start(f, &f->rest[i], 0, on_rest);
	}
}

/**
 * on_race() - An endpoint answered the first request, or did not
 * @call:	Embedded in the attempt
 */
static void on_race(struct http_call *call)
{
	struct attempt *a = container_of(call, struct attempt, call);
	struct fetch *f = a->fetch;
	size_t i;

	if (!f->winner && call->r == 0 && call->status == 200) {
		f->winner = a->endpoint;
		ask_rest(f);
		for (i = 0; i < f->n_race; i++) {
			struct attempt *other = &f->race[i];

			if (other == a || !other->started || other->ended)
				continue;
			http_call_release(&other->call);
			end(other);
		}
	}
	end(a);
}

/**
 * run() - Send all requests and wait for their ends
 * @f:		Fetch
 * @endpoint:	The one to ask, or NULL: those of the profile
 *
 * Return: 0, or a negative errno
 */
static int run(struct fetch *f, const char *endpoint)
{
	const char *const one[] = { endpoint, NULL };
	const char *const *list = endpoint ? one : f->profile->endpoints;
	int64_t now = loop_now();
	size_t i;
	int r;

	for (i = 0; i < PROFILE_MAX && list[i]; i++) {
		f->race[i].endpoint = list[i];
		r = start(f, &f->race[i], now + (int64_t)i * STAGGER_NS,
			  on_race);
		if (r < 0)
			return r;
		f->n_race++;
	}
	return f->pending ? loop_run(&f->loop) : -ENOENT;
}

/**
 * tell_failures() - One line for each endpoint that did not answer
 * @f:		Fetch
 * @errors:	Lines are appended
 */
static void tell_failures(const struct fetch *f, struct buf *errors)
{
	const struct http_call *call;
	size_t i;

	for (i = 0; i < f->n_race; i++) {
		call = &f->race[i].call;
		if (call->r == 0)
			buf_printf(errors, "metadata '%s': HTTP status %u\n",
				   buf_text(&f->race[i].url), call->status);
		else
			buf_printf(errors, "metadata '%s': %s\n",
				   buf_text(&f->race[i].url),
				   *call->error ? call->error :
						  strerrordesc_np(-call->r));
	}
}

/**
 * take_answers() - Move what was answered out of the calls
 * @f:		Fetch that has a winner
 * @ret:	Answers
 * @errors:	A line per request without an answer
 *
 * Return: 0, -ENODATA
 */
static int take_answers(struct fetch *f, struct answers *ret,
			struct buf *errors)
{
	int r = 0;
	size_t i;

	for (i = 0; i < f->profile->n_requests; i++) {
		struct attempt *a = i ? &f->rest[i] : NULL;
		size_t k;

		for (k = 0; !i && k < f->n_race; k++)
			if (f->race[k].endpoint == f->winner)
				a = &f->race[k];
		if (a->started && a->call.r == 0 && a->call.status == 200) {
			ret->body[i] = a->call.body;
			a->call.body = (struct buf)BUF_INIT;
		} else if (!f->profile->requests[i].optional) {
			buf_printf(errors,
				   "metadata '%s': ", buf_text(&a->url));
			if (a->call.r == 0)
				buf_printf(errors, "HTTP status %u\n",
					   a->call.status);
			else
				buf_printf(errors, "%s\n", a->call.error);
			r = -ENODATA;
		}
	}
	(void)snprintf(ret->endpoint, sizeof(ret->endpoint), "%s", f->winner);
	return r;
}

/**
 * metadata_fetch() - Ask the metadata service
 * @p:		Profile
 * @endpoint:	Base URL instead of the profile's, or NULL
 * @deadline_ns: Absolute
 * @ret_answers: Result; the caller ends it by answers_release()
 * @errors:	A line per address tried and its error
 *
 * Return: 0; -ENODATA where none answered or an answer is missing, or a negative errno
 */
int metadata_fetch(const struct profile *p, const char *endpoint,
		   int64_t deadline_ns, struct answers *ret_answers,
		   struct buf *errors)
{
	struct answers got = { 0 };
	struct fetch f = { .profile = p, .deadline_ns = deadline_ns };
	size_t i;
	int r;

	r = loop_init(&f.loop);
	if (r < 0)
		return r;
	r = http_new(&f.loop, &f.http);
	if (r == 0)
		r = run(&f, endpoint);
	if (r == 0 && !f.winner) {
		tell_failures(&f, errors);
		r = -ENODATA;
	} else if (r == 0) {
		r = take_answers(&f, &got, errors);
	}
	for (i = 0; i < PROFILE_MAX; i++) {
		http_call_release(&f.race[i].call);
		http_call_release(&f.rest[i].call);
		buf_release(&f.race[i].url);
		buf_release(&f.rest[i].url);
	}
	http_free(f.http);
	loop_release(&f.loop);
	if (r < 0) {
		answers_release(&got);
		return r;
	}
	*ret_answers = got;
	return 0;
}

/* A long poll. */
struct poll {
	struct loop *loop;
	struct http_call call;
};

/**
 * on_polled() - An answer, or none in time
 * @call:	Embedded in the poll
 */
static void on_polled(struct http_call *call)
{
	loop_quit(container_of(call, struct poll, call)->loop);
}

/**
 * poll_once() - Ask, and wait for the answer
 * @p:		Poll
 * @h:		Client
 * @profile:	Profile
 * @url:	What is asked
 * @ns:		How long an answer is waited for
 *
 * Return: 0; -EPROTO for a status other than 200, or a negative errno
 */
static int poll_once(struct poll *p, struct http *h,
		     const struct profile *profile, const char *url, int64_t ns)
{
	const struct http_request q = {
		.url = url,
		.headers = profile->headers,
		.deadline_ns = loop_now() + ns,
	};
	int r;

	http_call_release(&p->call);
	p->call = (struct http_call){ .done = on_polled };
	r = http_start(h, &p->call, &q);
	p->loop->quit = false;
	if (r == 0)
		r = loop_run(p->loop);
	if (r == 0)
		r = p->call.r;
	return r == 0 && p->call.status != 200 ? -EPROTO : r;
}

/**
 * poll_change() - Ask again and again until the answer is another one
 * @p:		Poll
 * @h:		Client
 * @profile:	Profile
 * @endpoint:	Base URL
 * @armed:	Called once the present state is known: later changes are noticed
 *
 * Return: 0 where something has changed; -EOPNOTSUPP where answers have no ETag, or a
 *	   negative errno
 */
static int poll_change(struct poll *p, struct http *h,
		       const struct profile *profile, const char *endpoint,
		       void (*armed)(void))
{
	const struct profile_request *q = &profile->requests[0];
	_cleanup_(buf_release) struct buf url = BUF_INIT;
	char etag[sizeof(p->call.etag)];
	int r;

	buf_printf(&url, "%s%s", endpoint, q->path);
	r = buf_error(&url) ?:
			      poll_once(p, h, profile, buf_text(&url), FIRST_NS);
	if (r == 0 && !*p->call.etag)
		r = -EOPNOTSUPP;
	if (r < 0)
		return r;
	memcpy(etag, p->call.etag, sizeof(etag));
	armed();
	buf_printf(&url, "%s%s", q->wait, etag);
	do
		r = buf_error(&url) ?:
			    poll_once(p, h, profile, buf_text(&url), POLL_NS);
	while (r == -ETIMEDOUT || (r == 0 && strcmp(etag, p->call.etag) == 0));
	return r;
}

/**
 * metadata_wait() - Wait until the metadata changes
 * @p:		Profile
 * @endpoint:	Base URL instead of the profile's, or NULL
 * @armed:	Called once the present state is known
 * @errors:	A line per endpoint that does not answer
 *
 * Return: 0 where something has changed; -EOPNOTSUPP where the provider cannot tell,
 *	   -ENODATA where nobody answers
 */
int metadata_wait(const struct profile *p, const char *endpoint,
		  void (*armed)(void), struct buf *errors)
{
	const char *const one[] = { endpoint, NULL };
	const char *const *list = endpoint ? one : p->endpoints;
	struct loop loop;
	struct poll poll = { .loop = &loop };
	struct http *h = NULL;
	int r;

	if (!p->n_requests || !p->requests[0].wait)
		return -EOPNOTSUPP;
	r = loop_init(&loop);
	if (r < 0)
		return r;
	r = http_new(&loop, &h);
	if (r == 0)
		r = -ENODATA;
	for (size_t i = 0; h && i < PROFILE_MAX && list[i]; i++) {
		r = poll_change(&poll, h, p, list[i], armed);
		if (r == 0 || r == -EOPNOTSUPP)
			break;
		buf_printf(errors, "metadata '%s': %s\n", list[i],
			   *poll.call.error ? poll.call.error :
					      strerrordesc_np(-r));
		r = -ENODATA;
	}
	http_call_release(&poll.call);
	http_free(h);
	loop_release(&loop);
	return r;
}

/* The answers as trees, while facts are read from them. */
struct reader {
	const struct profile *profile;
	struct doc docs[PROFILE_MAX];
	char text[PROFILE_MAX][256]; /* answers that are no JSON */
	struct buf *errors;
};

/* A value somewhere in the answers. */
struct value {
	const struct doc *doc;
	uint32_t node;
	const char *text; /* of a scalar, else NULL */
};

/**
 * walk() - Follow a path inside one answer
 * @d:		Answer
 * @path:	"0.ipv6.0", "" for all of it
 *
 * Return: node, or DOC_NONE
 */
static uint32_t walk(const struct doc *d, const char *path)
{
	uint32_t node = doc_root(d), child;
	char key[64], *end;
	unsigned long i;
	size_t n;

	while (node && *path) {
		n = strcspn(path, ".");
		if (n >= sizeof(key))
			return DOC_NONE;
		memcpy(key, path, n);
		key[n] = '\0';
		path += n + (path[n] == '.');
		if (doc_type(d, node) != DOC_ARRAY) {
			node = doc_get(d, node, key);
			continue;
		}
		i = strtoul(key, &end, 10);
		if (*end || end == key)
			return DOC_NONE;
		child = doc_first(d, node);
		while (child && i--)
			child = doc_next(d, child);
		node = child;
	}
	return node;
}

/**
 * find() - Find the value that one path names
 * @rd:		Reader
 * @path:	"REQUEST.a.0.b"
 * @ret:	Value
 *
 * Return: whether it is there and not empty
 */
static bool find(const struct reader *rd, const char *path, struct value *ret)
{
	size_t n = strcspn(path, "."), i;
	const struct profile_request *q;
	struct value v = { 0 };

	for (i = 0; i < rd->profile->n_requests; i++) {
		q = &rd->profile->requests[i];
		if (strlen(q->name) != n || strncmp(q->name, path, n) != 0)
			continue;
		v.doc = &rd->docs[i];
		if (!q->json) {
			v.text = rd->text[i];
		} else {
			v.node = walk(v.doc, path + n + (path[n] == '.'));
			if (doc_type(v.doc, v.node) != DOC_NULL)
				v.text = doc_scalar(v.doc, v.node);
		}
		if ((!v.text || !*v.text) && !doc_count(v.doc, v.node))
			return false;
		*ret = v;
		return true;
	}
	return false;
}

/**
 * lookup() - Find a fact by the profile's paths, the first that is there
 * @rd:		Reader
 * @fact:	Fact
 * @ret:	Value
 *
 * Return: whether there is one
 */
static bool lookup(const struct reader *rd, enum fact fact, struct value *ret)
{
	const struct doc *d = &rd->profile->doc;
	uint32_t paths = rd->profile->facts[fact], item;
	const char *path = doc_scalar(d, paths);

	if (path)
		return find(rd, path, ret);
	for (item = doc_first(d, paths); item; item = doc_next(d, item)) {
		path = doc_scalar(d, item);
		if (path && find(rd, path, ret))
			return true;
	}
	return false;
}

/**
 * bad() - Put down a fact that cannot be used
 * @rd:		Reader
 * @fact:	Fact
 * @v:		Its value
 * @why:	Words
 */
static void bad(const struct reader *rd, enum fact fact, const struct value *v,
		const char *why)
{
	buf_printf(rd->errors, "metadata: %s '%.80s': %s\n", fact_names[fact],
		   v->text ?: "", why);
}

/**
 * read_address() - Read the node's address and prefix
 * @rd:		Reader
 * @f:		Facts
 */
static void read_address(const struct reader *rd, struct facts *f)
{
	struct value v, length;
	struct prefix p;
	char *end;

	if (lookup(rd, FACT_ADDRESS, &v)) {
		if (!v.text || prefix_parse_host(v.text, &p) < 0 ||
		    p.addr.family != AF_INET6) {
			bad(rd, FACT_ADDRESS, &v, "not an IPv6 address");
			return;
		}
		f->address = p.addr;
		if (lookup(rd, FACT_LENGTH, &length) && length.text) {
			p.len = (uint8_t)strtoul(length.text, &end, 10);
			if (*end || p.len == 0 || p.len > 128) {
				bad(rd, FACT_LENGTH, &length,
				    "not a prefix length");
				return;
			}
		}
		f->prefix = prefix_of(&p.addr, p.len);
	}
	if (lookup(rd, FACT_PREFIX, &v) &&
	    (!v.text || prefix_parse6(v.text, &f->prefix) < 0))
		bad(rd, FACT_PREFIX, &v, "not an IPv6 prefix");
}

/**
 * read_dns() - Read the resolvers; those of IPv4 are of no use here
 * @rd:		Reader
 * @f:		Facts
 */
static void read_dns(const struct reader *rd, struct facts *f)
{
	uint32_t item;
	struct value v;

	if (!lookup(rd, FACT_DNS, &v))
		return;
	if (v.text && addr_parse6(v.text, &f->dns[0]) == 0)
		f->n_dns = 1;
	for (item = doc_first(v.doc, v.node); item && f->n_dns < HINTS_DNS_MAX;
	     item = doc_next(v.doc, item)) {
		const char *text = doc_scalar(v.doc, item);

		if (text && addr_parse6(text, &f->dns[f->n_dns]) == 0)
			f->n_dns++;
	}
}

/**
 * read_forwarded() - Read the addresses of load balancers; those of IPv4 are left out
 * @rd:		Reader
 * @f:		Facts
 */
static void read_forwarded(const struct reader *rd, struct facts *f)
{
	uint32_t item;
	struct value v;

	if (!lookup(rd, FACT_FORWARDED, &v))
		return;
	for (item = doc_first(v.doc, v.node); item;
	     item = doc_next(v.doc, item)) {
		struct value one = { .text = doc_scalar(v.doc, item) };
		struct prefix p;

		if (!one.text || prefix_parse_host(one.text, &p) < 0)
			bad(rd, FACT_FORWARDED, &one, "not an address");
		else if (f->n_forwarded == HINTS_FORWARDED_MAX)
			bad(rd, FACT_FORWARDED, &one, "too many");
		else if (p.addr.family == AF_INET6)
			f->forwarded[f->n_forwarded++] = p.addr;
	}
}

/**
 * read_rest() - Read the facts that are one word each
 * @rd:		Reader
 * @f:		Facts
 */
static void read_rest(const struct reader *rd, struct facts *f)
{
	unsigned long mtu;
	struct value v;
	char *end;

	if (lookup(rd, FACT_MAC, &v) && v.text) {
		if (strlen(v.text) != 17)
			bad(rd, FACT_MAC, &v, "not a MAC address");
		else
			memcpy(f->mac, v.text, 18);
	}
	if (lookup(rd, FACT_GATEWAY, &v) &&
	    (!v.text || addr_parse6(v.text, &f->gateway) < 0))
		bad(rd, FACT_GATEWAY, &v, "not an IPv6 address");
	if (lookup(rd, FACT_MTU, &v)) {
		mtu = v.text ? strtoul(v.text, &end, 10) : 0;
		if (!v.text || *end || mtu < 1280 || mtu > 65535)
			bad(rd, FACT_MTU, &v,
			    "not an MTU that IPv6 can use (1280..65535)");
		else
			f->mtu = (unsigned int)mtu;
	}
	if (lookup(rd, FACT_NAME, &v) && v.text)
		(void)snprintf(f->name, sizeof(f->name), "%s", v.text);
}

/**
 * read_bodies() - Make trees of the answers
 * @rd:		Reader
 * @a:		Answers
 *
 * Return: 0, -EINVAL, -ENOMEM
 */
static int read_bodies(struct reader *rd, const struct answers *a)
{
	const struct profile_request *q;
	const char *text;
	size_t i, len;
	int r = 0;

	for (i = 0; i < rd->profile->n_requests; i++) {
		q = &rd->profile->requests[i];
		text = buf_text(&a->body[i]);
		len = a->body[i].len;
		if (!len)
			continue;
		if (!q->json) {
			while (len && isspace((unsigned char)text[len - 1]))
				len--;
			len = MIN(len, sizeof(rd->text[i]) - 1);
			memcpy(rd->text[i], text, len);
		} else if (*text != '{' && *text != '[') {
			buf_printf(rd->errors, "metadata '%s': 1:1: not JSON\n",
				   q->path);
			r = -EINVAL;
		} else if (doc_read(&rd->docs[i], text, len) < 0) {
			buf_printf(rd->errors, "metadata '%s': %s\n", q->path,
				   rd->docs[i].error);
			r = -EINVAL;
		}
	}
	return r;
}

/**
 * metadata_read() - Read the facts out of the answers; pure
 * @p:		Profile: where each fact lies
 * @a:		Answers
 * @ret_facts:	Facts
 * @errors:	A line per problem
 *
 * Return: 0, -EINVAL
 */
int metadata_read(const struct profile *p, const struct answers *a,
		  struct facts *ret_facts, struct buf *errors)
{
	_cleanup_free_ struct reader *rd = calloc(1, sizeof(*rd));
	size_t before = errors->len, i;
	struct facts f = { 0 };

	if (!rd)
		return -ENOMEM;
	rd->profile = p;
	rd->errors = errors;
	if (read_bodies(rd, a) == 0) {
		read_address(rd, &f);
		read_dns(rd, &f);
		read_forwarded(rd, &f);
		read_rest(rd, &f);
	}
	for (i = 0; i < PROFILE_MAX; i++)
		doc_release(&rd->docs[i]);
	if (errors->len != before)
		return -EINVAL;
	*ret_facts = f;
	return 0;
}
