/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/serve.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "scenarios/channel.h"
#include "scenarios/fault/fault.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const char *const kinds[] = {
	[MEMBER_NODE] = "node",
	[MEMBER_POD] = "pod",
	[MEMBER_ROUTER] = "router",
	[MEMBER_HOST] = "host",
};
static_assert(ARRAY_SIZE(kinds) == MEMBER_KIND_MAX, "every kind has a name");

/* A holder that serves. */
struct server {
	struct holder *h;
	struct loop_source listener, link, children;
	const struct fault *fault; /* that one of the clients has made */
};

/* One client. */
struct client {
	struct loop_source source;
	struct server *server;
	const struct fault *fault; /* injected for it; NULL: none */
};

/**
 * put_label() - What a member is for: the programs that run on in it
 * @m:		Member
 * @j:		Gets "label": "unbound, nsd"; null where there are none
 */
static void put_label(const struct member *m, struct json *j)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	for (size_t i = 0; i < m->n_daemons; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", m->daemons[i]->name);
	json_set_string(j, "label", text.len ? buf_text(&text) : NULL);
}

/**
 * member_json() - A member as status tells it, but for its process id
 * @m:		Member
 *
 * Return: object that the caller frees
 */
static struct json *member_json(struct member *m)
{
	struct json *j = json_object();

	json_set_string(j, "name", m->name);
	json_set_string(j, "kind", kinds[m->kind]);
	json_set_string(j, "node", m->node ? m->node->name : NULL);
	put_label(m, j);
	json_set_bool(j, "vantage", m->vantage);
	json_set_bool(j, "cgroup", m->cgroup);
	return j;
}

/**
 * send_member() - Tell about a member
 * @c:		Client
 * @m:		Member
 *
 * Return: 0, or as channel_send()
 */
static int send_member(struct client *c, struct member *m)
{
	_cleanup_(json_freep) struct json *reply = json_object();
	struct json *j = member_json(m);
	int r;

	r = member_addresses(m, json_set_array(j, "addresses"));
	if (r < 0)
		log_debug("addresses of '%s': %s", m->name, strerror(-r));
	json_set(reply, "member", j);
	json_set_bool(reply, "rootless", m->lab->rootless);
	return channel_send(c->source.fd, reply, m->init.pidfd);
}

/**
 * do_status() - Answer "status"
 * @c:		Client
 * @request:	Not used
 *
 * Return: 0, or as channel_send()
 */
static int do_status(struct client *c, const struct json *request)
{
	_cleanup_(json_freep) struct json *head = json_object();
	_cleanup_(json_freep) struct json *end = json_object();
	struct lab *lab = &c->server->h->lab;
	struct json *j = json_set_object(head, "lab");
	struct json *links;
	int r;

	(void)request;
	json_set_string(j, "name", lab->name);
	json_set_string(j, "case", lab->what->name);
	json_set_string(j, "engine", lab->engine);
	json_set_string(j, "provider",
			lab->provider ? lab->provider : lab->what->provider);
	json_set_string(j, "profile", lab->what->profile);
	links = json_set_array(j, "verify");
	for (const char *const *v = lab->what->verify; v && *v; v++)
		json_append_string(links, *v);
	links = json_set_array(j, "links");
	for (size_t i = 0; i < lab->n_links; i++) {
		struct json *l = json_append_object(links);

		json_set_string(l, "a", lab->links[i].a->name);
		json_set_string(l, "ifa", lab->links[i].ifa);
		json_set_string(l, "b", lab->links[i].b->name);
		json_set_string(l, "ifb", lab->links[i].ifb);
		json_set_int(l, "mtu", lab->links[i].mtu);
	}
	if (lab->what->status)
		lab->what->status(lab, j);
	r = channel_send(c->source.fd, head, -1);
	for (size_t i = 0; i < lab->n_members && r == 0; i++)
		r = send_member(c, lab->members[i]);
	json_set_bool(end, "end", true);
	return r < 0 ? r : channel_send(c->source.fd, end, -1);
}

/**
 * do_enter() - Answer "enter"
 * @c:		Client
 * @request:	With "member"
 *
 * Return: 0, or as channel_send()
 */
static int do_enter(struct client *c, const struct json *request)
{
	const char *name = json_get_string(request, "member");
	struct member *m = name ? lab_member(&c->server->h->lab, name) : NULL;

	if (m && m->init.pid)
		return send_member(c, m);
	channel_tell(c->source.fd, m ? "ended" : "error", name ? name : "");
	return 0;
}

/**
 * send_done() - End the answer to a request that takes its time
 * @c:		Client
 * @result:	0 or a negative errno
 *
 * Return: 0, or as channel_send()
 */
static int send_done(struct client *c, int result)
{
	_cleanup_(json_freep) struct json *done = json_object();

	json_set_int(done, "done", result);
	return channel_send(c->source.fd, done, -1);
}

/**
 * heal() - Take back the fault of a client
 * @c:		Client
 *
 * Return: 0, or what the fault said
 */
static int heal(struct client *c)
{
	const struct fault *fault = c->fault;

	if (fault)
		c->server->fault = NULL;
	c->fault = NULL;
	return fault ? fault->heal(&c->server->h->lab) : 0;
}

/**
 * check_fault() - Whether a fault can be made: nobody has made another, its place is there
 * @s:		Server of a lab on the engine that the fault is made on
 * @fault:	Fault
 *
 * Return: 0, or -ENOTSUP that was told to the user
 */
static int check_fault(struct server *s, const struct fault *fault)
{
	struct lab *lab = &s->h->lab;

	if (s->fault) {
		(void)lab_fail(lab, 0, "fault '%s': another run has made '%s'",
			       fault->name, s->fault->name);
		return -ENOTSUP;
	}
	for (size_t i = 0; i < FAULT_NEEDS && fault->needs[i]; i++) {
		const char *colon = strchrnul(fault->needs[i], ':');
		char name[64];
		struct member *m;

		(void)snprintf(name, sizeof(name), "%.*s",
			       (int)(colon - fault->needs[i]), fault->needs[i]);
		m = lab_member(lab, name);
		if (!m || (*colon && !member_daemon(m, colon + 1))) {
			(void)lab_fail(lab, 0,
				       "fault '%s' is done to '%s', which case "
				       "'%s' has not",
				       fault->name, fault->needs[i],
				       lab->what->name);
			return -ENOTSUP;
		}
	}
	return 0;
}

/**
 * do_inject() - Answer "inject"
 * @c:		Client
 * @request:	With "fault"
 *
 * Return: 0, or as channel_send()
 */
static int do_inject(struct client *c, const struct json *request)
{
	struct holder *h = c->server->h;
	const char *name = json_get_string(request, "fault");
	const struct fault *fault = name ? fault_find(name) : NULL;
	int r = fault && !c->fault ? 0 : -EINVAL;

	h->talk_fd = c->source.fd;
	if (r == 0)
		r = check_fault(c->server, fault);
	if (r == 0) {
		c->fault = c->server->fault = fault;
		r = fault->inject(&h->lab);
	}
	if (r < 0)
		(void)heal(c);
	h->talk_fd = -1;
	return send_done(c, r);
}

/**
 * do_heal() - Answer "heal"
 * @c:		Client
 * @request:	Not used
 *
 * Return: 0, or as channel_send()
 */
static int do_heal(struct client *c, const struct json *request)
{
	struct holder *h = c->server->h;
	int r;

	(void)request;
	h->talk_fd = c->source.fd;
	r = heal(c);
	h->talk_fd = -1;
	return send_done(c, r);
}

static const struct {
	const char *op;
	int (*run)(struct client *c, const struct json *request);
} ops[] = {
	{ "status", do_status },
	{ "enter", do_enter },
	{ "inject", do_inject },
	{ "heal", do_heal },
};

/**
 * client_free() - End a connection, and the fault it has made
 * @c:		Client
 */
static void client_free(struct client *c)
{
	if (c->fault)
		log_info("'%s' ended with its client", c->fault->name);
	if (heal(c) < 0)
		log_warning("a fault could not be healed");
	loop_remove(&c->server->h->loop, &c->source);
	(void)close(c->source.fd);
	free(c);
}

/**
 * client_ready() - A client asks something, or has gone
 * @source:	Of struct client
 * @events:	Not used
 * @now:	Not used
 */
static void client_ready(struct loop_source *source, uint32_t events,
			 int64_t now)
{
	struct client *c = container_of(source, struct client, source);
	_cleanup_(json_freep) struct json *request = NULL;
	const char *op;
	int r;

	(void)events;
	r = channel_receive(source->fd, now, &request, NULL);
	if (r == -ETIMEDOUT)
		return;
	op = r == 0 ? json_get_string(request, "op") : NULL;
	r = -EBADMSG;
	for (size_t i = 0; op && i < ARRAY_SIZE(ops); i++)
		if (strcmp(op, ops[i].op) == 0)
			r = ops[i].run(c, request);
	if (r < 0)
		client_free(c);
}

/**
 * accept_client() - Somebody connects
 * @source:	Listener
 * @events:	Not used
 * @now:	Not used
 */
static void accept_client(struct loop_source *source, uint32_t events,
			  int64_t now)
{
	struct server *s = container_of(source, struct server, listener);
	struct client *c = calloc(1, sizeof(*c));
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	(void)now;
	if (!c || fd < 0) {
		cleanup_close(&fd);
		free(c);
		return;
	}
	c->server = s;
	c->source = (struct loop_source){ .fd = fd, .ready = client_ready };
	if (loop_add(&s->h->loop, &c->source, EPOLLIN) < 0) {
		(void)close(fd);
		free(c);
	}
}

/**
 * link_ready() - The up or run that made us commits, or has gone
 * @source:	Link
 * @events:	Not used
 * @now:	Not used
 */
static void link_ready(struct loop_source *source, uint32_t events, int64_t now)
{
	struct server *s = container_of(source, struct server, link);
	_cleanup_(json_freep) struct json *message = NULL;
	struct holder *h = s->h;

	(void)events;
	(void)now;
	/* Its end without a word is ours: it goes back on nothing it has said. */
	if (channel_receive(source->fd, LOOP_FOREVER, &message, NULL) < 0) {
		loop_quit(&h->loop);
		return;
	}
	if (prctl(PR_SET_PDEATHSIG, 0) < 0) {
		loop_quit(&h->loop);
		return;
	}
	if (h->talk_fd >= 0) {
		h->talk_fd = -1; /* the first of two: agreed */
		channel_tell(source->fd, "committed", "once");
		return;
	}
	loop_remove(&h->loop, source);
	(void)close(source->fd);
	h->link_fd = source->fd = -1;
}

/**
 * reap() - Children have ended
 * @source:	signalfd
 * @events:	Not used
 * @now:	Not used
 */
static void reap(struct loop_source *source, uint32_t events, int64_t now)
{
	struct server *s = container_of(source, struct server, children);
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	(void)events;
	(void)now;
	if (read(source->fd, &info, sizeof(info)) < 0)
		return;
	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
		(void)daemon_reaped(&s->h->lab, pid, status);
}

/**
 * serve() - Answer requests until the lab is to end
 * @h:		Holder
 *
 * Return: 0 where the client that owns the lab has gone, or an errno
 */
int serve(struct holder *h)
{
	struct server s = {
		.h = h,
		.listener = { h->listen_fd, accept_client },
		.link = { h->link_fd, link_ready },
		.children = { -1, reap },
	};
	sigset_t chld;
	int r;

	(void)sigemptyset(&chld);
	(void)sigaddset(&chld, SIGCHLD);
	r = loop_add(&h->loop, &s.listener, EPOLLIN);
	if (r == 0)
		r = loop_add(&h->loop, &s.link, EPOLLIN);
	if (r == 0)
		r = loop_signals(&h->loop, &s.children, &chld);
	return r < 0 ? r : loop_run(&h->loop);
}
