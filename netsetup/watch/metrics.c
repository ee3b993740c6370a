/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/watch/metrics.h"

#include "netsetup/watch/say.h"
#include "netsetup/watch/watch.h"
#include "lib/addr.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS       8 /* at a time; more wait in the kernel's queue */
#define REQUEST_MAX   2048
#define CLIENT_NS     (5 * NSEC_PER_SEC)
#define WRITE_EACH_NS (1 * NSEC_PER_SEC)

struct client {
	struct metrics *owner;
	struct loop_source source; /* fd -1: free */
	struct loop_timer patience;
	char request[REQUEST_MAX];
	size_t len;
};

struct metrics {
	struct watch *w;
	const char *file; /* or NULL */
	struct loop_timer write;
	struct loop_source listener; /* fd -1: none */
	struct client clients[CLIENTS];
};

/* One plain counter or gauge. */
struct row {
	const char *name, *type, *help;
	size_t offset; /* of a uint64_t in struct counters */
};

#define ROW(field_) .offset = offsetof(struct counters, field_)

static const struct row rows[] = {
	{ "repair_failures_total", "counter",
	  "objects that could not be put back at once", ROW(failures) },
	{ "fights_total", "counter",
	  "objects left alone because somebody else fights for them",
	  ROW(fights) },
	{ "resyncs_total", "counter", "times that the kernel dropped events",
	  ROW(resyncs) },
	{ "audits_total", "counter", "times that everything was compared",
	  ROW(audits) },
	{ "applies_total", "counter", "documents applied", ROW(applies) },
	{ "rollbacks_total", "counter", "documents taken back",
	  ROW(rollbacks) },
	{ "broken_documents_total", "counter",
	  "documents refused or unreadable", ROW(broken) },
	{ "superseded_total", "counter",
	  "transactions of other netsetup processes taken over",
	  ROW(superseded) },
	{ "recoveries_total", "counter", "killed transactions taken back",
	  ROW(recovered) },
	{ "neighbour_answers_total", "counter",
	  "neighbour solicitations answered for prefixes", ROW(answers) },
	{ "pref64_changes_total", "counter", "changes of the NAT64 prefix",
	  ROW(pref64_changes) },
};

/**
 * head() - HELP and TYPE of a metric
 * @out:	Text
 * @name:	Without its prefix
 * @type:	"counter", "gauge"
 * @help:	One sentence
 */
static void head(struct buf *out, const char *name, const char *type,
		 const char *help)
{
	buf_printf(out, "# HELP netsetup_%s %s\n# TYPE netsetup_%s %s\n", name,
		   help, name, type);
}

/* Where the lifetimes of routers go. */
struct routers {
	struct watch *w;
	struct buf *out;
};

/**
 * print_router() - How long a router's advertisement still holds
 * @m:		A route of protocol RA
 * @context:	struct routers
 *
 * Return: 0
 */
static int print_router(const struct nlmsghdr *m, void *context)
{
	const struct routers *rs = context;
	const struct rtmsg *rt = NLMSG_DATA(m);
	const struct nlattr *at[RTA_CACHEINFO + 1];
	struct rta_cacheinfo ci;
	struct in6_addr via;
	struct addr a;

	if (m->nlmsg_type != RTM_NEWROUTE || rt->rtm_dst_len ||
	    rt->rtm_protocol != RTPROT_RA)
		return 0;
	nl_parse(m, sizeof(*rt), at, RTA_CACHEINFO);
	if (!at[RTA_CACHEINFO] || nl_len(at[RTA_CACHEINFO]) < sizeof(ci))
		return 0;
	memcpy(&ci, nl_data(at[RTA_CACHEINFO]), sizeof(ci));
	via = nl_in6(at[RTA_GATEWAY]);
	a = addr_from_in6(&via);
	buf_printf(
		rs->out,
		"netsetup_ra_router_lifetime_seconds{dev=\"%s\",router=\"%s\"} %d\n",
		strings_get(
			rs->w->e.strings,
			device_name(&rs->w->e, (int)nl_u32(at[RTA_OIF], 0))),
		ADDR_TEXT(&a), ci.rta_expires / (int)sysconf(_SC_CLK_TCK));
	return 0;
}

/**
 * print_routers() - Lifetimes of all routers
 * @w:		Watch
 * @out:	Text
 */
static void print_routers(struct watch *w, struct buf *out)
{
	struct routers rs = { w, out };
	char buffer[256];
	struct nlmsghdr *m = nl_request(&w->e.nl, buffer, RTM_GETROUTE, 0);
	struct rtmsg *rt = nl_header(m, sizeof(*rt));

	rt->rtm_family = AF_INET6;
	rt->rtm_protocol = RTPROT_RA;
	rt->rtm_table = RT_TABLE_MAIN;
	head(out, "ra_router_lifetime_seconds", "gauge",
	     "how long a router's advertisement still holds");
	/* One that changed meanwhile is shown at the next look. */
	(void)!nl_dump(&w->e.nl, m, print_router, &rs);
}

/**
 * metrics_print() - All of them
 * @w:		Watch
 * @out:	Text
 */
void metrics_print(struct watch *w, struct buf *out)
{
	const struct counters *c = &w->counters;

	head(out, "objects", "gauge", "objects that are kept");
	buf_printf(out, "netsetup_objects %zu\n", model_count(&w->want));
	head(out, "drift", "gauge", "objects that are not as they should be");
	buf_printf(out, "netsetup_drift %zu\n", c->drift);
	head(out, "repairs_total", "counter", "objects put back");
	for (size_t k = 0; k < KIND_MAX; k++)
		if (k != KIND_UNIT)
			buf_printf(out,
				   "netsetup_repairs_total{kind=\"%s\"} %llu\n",
				   kinds[k]->name,
				   (unsigned long long)c->repairs[k]);
	head(out, "repair_seconds_total", "counter",
	     "from the event to the kernel's word, of all repairs");
	buf_printf(out, "netsetup_repair_seconds_total %.6f\n", c->repair_s);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value;

		memcpy(&value, (const char *)c + rows[i].offset, sizeof(value));
		head(out, rows[i].name, rows[i].type, rows[i].help);
		buf_printf(out, "netsetup_%s %llu\n", rows[i].name,
			   (unsigned long long)value);
	}
	head(out, "dad_seconds", "gauge",
	     "the last duplicate address detection of an address of ours");
	buf_printf(out, "netsetup_dad_seconds %.3f\n", c->dad_s);
	print_routers(w, out);
	pref64_print(w, out);
}

/**
 * write_file() - Write the file, by rename
 * @timer:	Embedded in the metrics
 * @now:	Unused
 */
static void write_file(struct loop_timer *timer, int64_t now)
{
	struct metrics *m = container_of(timer, struct metrics, write);
	_cleanup_(buf_release) struct buf text = BUF_INIT, temporary = BUF_INIT;
	_cleanup_fclose_ FILE *f = NULL;

	(void)now;
	metrics_print(m->w, &text);
	buf_printf(&temporary, "%s~", m->file);
	f = fopen(buf_text(&temporary), "we");
	if (f && fwrite(text.data, 1, text.len, f) == text.len &&
	    fflush(f) == 0 && rename(buf_text(&temporary), m->file) == 0)
		return;
	log_warning("metrics '%s': %s", m->file, strerror(errno));
}

/**
 * metrics_touch() - Something has changed
 * @w:		Watch
 */
void metrics_touch(struct watch *w)
{
	struct metrics *m = w->metrics;

	if (m && m->file && !m->write.slot)
		(void)!loop_timer_set(&w->loop, &m->write,
				      loop_now() + WRITE_EACH_NS);
}

/**
 * drop_client() - End a connection
 * @c:		Client
 */
static void drop_client(struct client *c)
{
	struct loop *loop = &c->owner->w->loop;

	loop_timer_cancel(loop, &c->patience);
	loop_remove(loop, &c->source);
	(void)close(c->source.fd);
	c->source.fd = -1;
}

/**
 * on_patience() - A client says nothing
 * @timer:	Embedded in the client
 * @now:	Unused
 */
static void on_patience(struct loop_timer *timer, int64_t now)
{
	(void)now;
	drop_client(container_of(timer, struct client, patience));
}

/**
 * answer() - Answer a request
 * @c:		Client, whose request is whole
 *
 * The answer fits the socket's buffer; what does not is lost with a client that
 * does not read.
 */
static void answer(struct client *c)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT, all = BUF_INIT;
	bool found = strncmp(c->request, "GET /metrics ", 13) == 0 ||
		     strncmp(c->request, "GET / ", 6) == 0;

	if (found)
		metrics_print(c->owner->w, &body);
	else
		buf_puts(&body, "see /metrics\n");
	buf_printf(&all,
		   "HTTP/1.1 %s\r\n"
		   "Content-Type: text/plain; version=0.0.4\r\n"
		   "Content-Length: %zu\r\nConnection: close\r\n\r\n",
		   found ? "200 OK" : "404 Not Found", body.len);
	buf_add(&all, body.data, body.len);
	(void)!send(c->source.fd, all.data, all.len, MSG_NOSIGNAL);
}

/**
 * on_client() - A client sends
 * @source:	Embedded in the client
 * @events:	Unused
 * @now:	Unused
 */
static void on_client(struct loop_source *source, uint32_t events, int64_t now)
{
	struct client *c = container_of(source, struct client, source);
	ssize_t n = recv(source->fd, c->request + c->len,
			 sizeof(c->request) - 1 - c->len, 0);

	(void)events;
	(void)now;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		c->len += (size_t)n;
		c->request[c->len] = '\0';
		if (!strstr(c->request, "\r\n\r\n") &&
		    c->len + 1 < sizeof(c->request))
			return;
		answer(c);
	}
	drop_client(c);
}

/**
 * on_connect() - Somebody connects
 * @source:	Embedded in the metrics
 * @events:	Unused
 * @now:	Time
 */
static void on_connect(struct loop_source *source, uint32_t events, int64_t now)
{
	struct metrics *m = container_of(source, struct metrics, listener);
	int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	for (size_t i = 0; i < CLIENTS && fd >= 0; i++) {
		struct client *c = &m->clients[i];

		if (c->source.fd >= 0)
			continue;
		c->len = 0;
		c->source =
			(struct loop_source){ .fd = fd, .ready = on_client };
		c->patience.expired = on_patience;
		if (loop_add(&m->w->loop, &c->source, EPOLLIN) < 0) {
			c->source.fd = -1;
			break;
		}
		(void)!loop_timer_set(&m->w->loop, &c->patience,
				      now + CLIENT_NS);
		return;
	}
	if (fd >= 0)
		(void)close(fd);
}

/**
 * listen_at() - Listen
 * @m:		Metrics
 * @text:	"[::1]:9100", ":9100" for all addresses
 *
 * Return: 0; -EINVAL, or a negative errno
 */
static int listen_at(struct metrics *m, const char *text)
{
	const struct addrinfo hints = { .ai_family = AF_INET6,
					.ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE |
						    AI_NUMERICHOST |
						    AI_NUMERICSERV };
	_cleanup_free_ char *host = strdup(text);
	struct addrinfo *ai = NULL;
	char *port = host ? strrchr(host, ':') : NULL;
	size_t len;
	int on = 1, r = 0;

	if (!port)
		return -EINVAL;
	*port++ = '\0';
	len = strlen(host);
	if (len && (host[0] != '[' || host[len - 1] != ']'))
		return -EINVAL;
	if (len)
		host[len - 1] = '\0';
	if (getaddrinfo(len ? host + 1 : NULL, port, &hints, &ai) != 0)
		return -EINVAL;
	m->listener.fd =
		socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	m->listener.ready = on_connect;
	(void)setsockopt(m->listener.fd, SOL_SOCKET, SO_REUSEADDR, &on,
			 sizeof(on));
	if (m->listener.fd < 0 ||
	    bind(m->listener.fd, ai->ai_addr, ai->ai_addrlen) < 0 ||
	    listen(m->listener.fd, CLIENTS) < 0)
		r = -errno;
	freeaddrinfo(ai);
	return r < 0 ? r : loop_add(&m->w->loop, &m->listener, EPOLLIN);
}

/**
 * metrics_open() - Begin to serve or write, as --metrics says
 * @w:		Watch
 *
 * Return: 0, or a negative errno; w->e.why has the words
 */
int metrics_open(struct watch *w)
{
	const char *where = w->config->metrics;
	struct metrics *m;
	int r = 0;

	if (!where)
		return 0;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->w = w;
	m->listener.fd = -1;
	for (size_t i = 0; i < CLIENTS; i++) {
		m->clients[i].owner = m;
		m->clients[i].source.fd = -1;
	}
	w->metrics = m;
	m->write.expired = write_file;
	if (strchr(where, '/'))
		m->file = where;
	else
		r = listen_at(m, where);
	return r < 0 ? engine_fail(&w->e, r, "option '--metrics': '%s': %s",
				   where,
				   r == -EINVAL ?
					   "neither a path nor [ADDRESS]:PORT" :
					   strerror(-r)) :
		       0;
}

/**
 * metrics_close() - End
 * @w:		Watch
 */
void metrics_close(struct watch *w)
{
	struct metrics *m = w->metrics;

	if (!m)
		return;
	for (size_t i = 0; i < CLIENTS; i++)
		if (m->clients[i].source.fd >= 0)
			drop_client(&m->clients[i]);
	if (m->listener.fd >= 0) {
		loop_remove(&w->loop, &m->listener);
		(void)close(m->listener.fd);
	}
	/* What happened in the last second is not lost. */
	if (m->write.slot) {
		loop_timer_cancel(&w->loop, &m->write);
		write_file(&m->write, 0);
	}
	free(m);
	w->metrics = NULL;
}
