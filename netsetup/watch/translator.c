/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/watch/translator.h"

#include "netsetup/clat.h"
#include "netsetup/emit/emit.h"
#include "netsetup/watch/say.h"
#include "netsetup/watch/watch.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEVICE  "clat"
#define FOLDER  "/run/netsetup/clat"
#define TOOL_NS (10 * NSEC_PER_SEC)
/**
 * translator_init() - Make one that does not run
 * @t:		Translator
 */
void translator_init(struct translator *t)
{
	*t = (struct translator){ .proc = PROC_INIT, .ended.fd = -1 };
}

/**
 * path_of() - Path of one of its files
 * @w:		Watch
 * @name:	"tayga.conf", "pid"
 * @out:	Gets it
 */
static void path_of(const struct watch *w, const char *name, struct buf *out)
{
	buf_printf(out, "%s" FOLDER "/%s",
		   w->config->root ? w->config->root : "", name);
}

/**
 * refuse() - Say once why there is no CLAT
 * @w:		Watch
 * @why:	Words that last
 */
static void refuse(struct watch *w, const char *why)
{
	struct json *j;

	if (w->translator.refused && strcmp(w->translator.refused, why) == 0)
		return;
	w->translator.refused = why;
	j = say_new("no-clat");
	json_set_string(j, "why", why);
	say_end(w, LOG_LEVEL_WARNING, j, "no clat: %s", why);
}

/**
 * is_tayga() - Whether a process is a tayga
 * @pid:	Process
 *
 * Return: true if it is
 */
static bool is_tayga(pid_t pid)
{
	char comm[PROC_COMM_SIZE];

	return pid > 0 && proc_comm(pid, comm) == 0 &&
	       strcmp(comm, "tayga") == 0;
}

/**
 * on_again() - Start once more
 * @timer:	Embedded in the translator
 * @now:	Unused
 */
static void on_again(struct loop_timer *timer, int64_t now)
{
	struct translator *t = container_of(timer, struct translator, again);

	(void)now;
	translator_sync(container_of(t, struct watch, translator));
}

/**
 * forget() - It runs no more, or is not to be looked after
 * @w:		Watch
 */
static void forget(struct watch *w)
{
	struct translator *t = &w->translator;

	if (t->ended.fd < 0)
		return;
	loop_remove(&w->loop, &t->ended);
	t->ended.fd = -1;
}

/**
 * on_ended() - tayga has ended by itself
 * @source:	Embedded in the translator
 * @events:	Unused
 * @now:	Time
 */
static void on_ended(struct loop_source *source, uint32_t events, int64_t now)
{
	struct translator *t = container_of(source, struct translator, ended);
	struct watch *w = container_of(t, struct watch, translator);

	(void)events;
	forget(w);
	proc_release(&t->proc);
	t->backoff_ns = backoff_next(t->backoff_ns);
	say_end(w, LOG_LEVEL_WARNING, say_new("clat-ended"),
		"clat: tayga has ended, again in %lld s",
		(long long)(t->backoff_ns / NSEC_PER_SEC));
	t->again.expired = on_again;
	(void)!loop_timer_set(&w->loop, &t->again, now + t->backoff_ns);
}

/**
 * look_after() - Notice its end
 * @w:		Watch
 *
 * Return: 0 or a negative errno
 */
static int look_after(struct watch *w)
{
	struct translator *t = &w->translator;

	t->ended =
		(struct loop_source){ .fd = t->proc.pidfd, .ready = on_ended };
	return loop_add(&w->loop, &t->ended, EPOLLIN);
}

/**
 * adopt() - Go on with the tayga of an earlier watch
 * @w:		Watch
 */
static void adopt(struct watch *w)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT, text = { .max = 32 };
	struct translator *t = &w->translator;
	pid_t pid;

	t->looked = true;
	path_of(w, "pid", &path);
	if (buf_read_file(&text, buf_text(&path)) < 0)
		return;
	pid = (pid_t)strtol(buf_text(&text), NULL, 10);
	if (!is_tayga(pid))
		return;
	t->proc.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (t->proc.pidfd < 0)
		return;
	t->proc.pid = pid;
	if (look_after(w) < 0)
		t->ended.fd = -1;
}

/**
 * run_tool() - Run tayga for its device
 * @w:		Watch
 * @option:	"--mktun", "--rmtun"
 *
 * Return: 0; -EPROTO, or a negative errno
 */
static int run_tool(const struct watch *w, const char *option)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT, said = BUF_INIT;
	struct proc_opts opts = PROC_OPTS_INIT;
	const char *argv[] = { "tayga", "-c", NULL, option, NULL };
	int status = 0, r;

	path_of(w, "tayga.conf", &path);
	argv[2] = buf_text(&path);
	r = proc_run(argv, &opts, NULL, loop_now() + TOOL_NS, &said, &said,
		     &status);
	if (r == 0 && status != 0)
		r = -EPROTO;
	if (r < 0)
		log_debug("tayga %s: %s", option, buf_text(&said));
	return r;
}

/**
 * set_link() - Bring the device up
 * @w:		Watch
 * @index:	Its number
 * @mtu:	Of IPv6; 0: left alone
 *
 * Return: 0 or a negative errno
 */
static int set_link(struct watch *w, unsigned int index, unsigned int mtu)
{
	char buffer[256];
	struct nlmsghdr *m = nl_request(&w->e.nl, buffer, RTM_NEWLINK, 0);
	struct ifinfomsg *ifi = nl_header(m, sizeof(*ifi));

	ifi->ifi_index = (int)index;
	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	if (mtu)
		nl_put_u32(m, IFLA_MTU, mtu);
	return nl_ask(&w->e.nl, m, NULL, NULL);
}

/**
 * set_address() - Give the device its IPv4 address
 * @w:		Watch
 * @index:	Its number
 * @a:		Address
 *
 * Return: 0 or a negative errno
 */
static int set_address(struct watch *w, unsigned int index,
		       const struct addr *a)
{
	char buffer[256];
	struct nlmsghdr *m = nl_request(&w->e.nl, buffer, RTM_NEWADDR,
					NLM_F_CREATE | NLM_F_REPLACE);
	struct ifaddrmsg *ifa = nl_header(m, sizeof(*ifa));

	ifa->ifa_family = AF_INET;
	ifa->ifa_prefixlen = 32;
	ifa->ifa_index = index;
	nl_put(m, IFA_LOCAL, a->bytes, 4);
	nl_put(m, IFA_ADDRESS, a->bytes, 4);
	return nl_ask(&w->e.nl, m, NULL, NULL);
}

/**
 * set_route() - Lead packets to the device
 * @w:		Watch
 * @index:	Its number
 * @dst:	IPv6 address, or NULL: all of IPv4
 * @mtu:	Of the path; 0: the device's
 *
 * Return: 0 or a negative errno
 */
static int set_route(struct watch *w, unsigned int index,
		     const struct addr *dst, unsigned int mtu)
{
	char buffer[256];
	struct nlmsghdr *m = nl_request(&w->e.nl, buffer, RTM_NEWROUTE,
					NLM_F_CREATE | NLM_F_REPLACE);
	struct rtmsg *rt = nl_header(m, sizeof(*rt));
	struct nlattr *nest;

	rt->rtm_family = dst ? AF_INET6 : AF_INET;
	rt->rtm_table = RT_TABLE_MAIN;
	rt->rtm_type = RTN_UNICAST;
	rt->rtm_protocol = NETSETUP_CLAT_PROTO;
	rt->rtm_scope = dst ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	if (dst) {
		rt->rtm_dst_len = 128;
		nl_put(m, RTA_DST, dst->bytes, 16);
	}
	nl_put_u32(m, RTA_OIF, index);
	if (mtu) {
		nest = nl_nest(m, RTA_METRICS);
		nest->nla_type = RTA_METRICS;
		nl_put_u32(m, RTAX_MTU, mtu);
		nl_nest_end(m, nest);
	}
	return nl_ask(&w->e.nl, m, NULL, NULL);
}

/**
 * set_up() - All that tayga leaves to others
 * @w:		Watch
 * @c:		What was decided
 *
 * Each is as good a second time.
 *
 * Return: 0; -ENODEV, or a negative errno
 */
static int set_up(struct watch *w, const struct clat *c)
{
	unsigned int index = if_nametoindex(DEVICE);
	int r = index ? 0 : -ENODEV;

	if (r == 0)
		r = set_link(w, index, w->pref64.hints.mtu);
	if (r == 0)
		r = set_route(w, index, &c->host6, 0);
	if (r == 0)
		r = set_route(w, index, &c->tayga6, 0);
	if (r == 0)
		r = set_address(w, index, &c->host4);
	return r == 0 ? set_route(w, index, NULL, c->mtu4) : r;
}

/**
 * stop() - End tayga and its device
 * @w:		Watch
 */
static void stop(struct watch *w)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	struct translator *t = &w->translator;

	forget(w);
	loop_timer_cancel(&w->loop, &t->again);
	if (t->proc.pid) {
		int status;

		(void)proc_signal(&t->proc, SIGTERM);
		/* One of an earlier watch is no child: its end is not ours to reap. */
		(void)!proc_wait(&t->proc, loop_now() + TOOL_NS, &status);
	}
	proc_release(&t->proc);
	t->proc = (struct proc)PROC_INIT;
	if (if_nametoindex(DEVICE))
		(void)run_tool(w, "--rmtun");
	path_of(w, "pid", &path);
	(void)unlink(buf_text(&path));
}

/**
 * start() - Start tayga
 * @w:		Watch; the configuration is written
 * @c:		What was decided
 *
 * Return: 0 or a negative errno
 */
static int start(struct watch *w, const struct clat *c)
{
	_cleanup_(buf_release) struct buf conf = BUF_INIT, pid = BUF_INIT,
					  number = BUF_INIT;
	struct translator *t = &w->translator;
	struct proc_opts opts = PROC_OPTS_INIT;
	const char *argv[] = { "tayga", "--nodetach", "-c", NULL, NULL };
	bool changed = false;
	int r = if_nametoindex(DEVICE) ? 0 : run_tool(w, "--mktun");

	path_of(w, "tayga.conf", &conf);
	path_of(w, "pid", &pid);
	argv[3] = buf_text(&conf);
	opts.out = opts.err = PROC_NULL;
	opts.new_session = true;
	if (r == 0)
		r = proc_spawn(argv, &opts, &t->proc);
	if (r < 0)
		return r;
	buf_printf(&number, "%d\n", t->proc.pid);
	r = hints_replace(pid.data, &number, &changed);
	if (r == 0)
		r = look_after(w);
	return r == 0 ? set_up(w, c) : r;
}

/**
 * seen_default() - Whether a route is a default route of somebody else
 * @m:		RTM_NEWROUTE
 * @context:	bool, set where one is
 *
 * Return: 0
 */
static int seen_default(const struct nlmsghdr *m, void *context)
{
	const struct rtmsg *rt = NLMSG_DATA(m);
	bool *native = context;

	if (m->nlmsg_type == RTM_NEWROUTE && rt->rtm_dst_len == 0 &&
	    rt->rtm_table == RT_TABLE_MAIN &&
	    rt->rtm_protocol != NETSETUP_CLAT_PROTO &&
	    rt->rtm_type == RTN_UNICAST)
		*native = true;
	return 0;
}

/**
 * has_ipv4() - Whether the node reaches IPv4 by itself
 * @w:		Watch
 *
 * Return: true if it does
 */
static bool has_ipv4(struct watch *w)
{
	char buffer[256];
	struct nlmsghdr *m = nl_request(&w->e.nl, buffer, RTM_GETROUTE, 0);
	struct rtmsg *rt = nl_header(m, sizeof(*rt));
	bool native = false;

	rt->rtm_family = AF_INET;
	(void)!nl_dump(&w->e.nl, m, seen_default, &native);
	return native;
}

/**
 * write_configuration() - Write what tayga is to do
 * @w:		Watch
 * @changed:	Whether it is another one
 *
 * Return: 0 or a negative errno
 */
static int write_configuration(struct watch *w, bool *changed)
{
	_cleanup_(buf_release) struct buf path = BUF_INIT, text = BUF_INIT;
	_cleanup_(buf_release) struct buf errors = BUF_INIT, dir = BUF_INIT;
	struct emit_args args = { .errors = &errors };
	int r;

	path_of(w, "tayga.conf", &path);
	path_of(w, "", &dir);
	args.dir = buf_text(&dir);
	r = emit_print("clat", &w->pref64.hints, &args, &text);
	return r == 0 ? hints_replace(path.data, &text, changed) : r;
}

/**
 * translator_sync() - Have a CLAT as the hints say, or none
 * @w:		Watch
 */
void translator_sync(struct watch *w)
{
	struct translator *t = &w->translator;
	const char *why = NULL;
	bool changed = false;
	struct clat c;
	struct json *j;
	int r;

	if (!t->looked)
		adopt(w);
	if (!w->config->clat || clat_decide(&w->pref64.hints, &c, &why) < 0 ||
	    has_ipv4(w)) {
		if (t->proc.pid)
			stop(w);
		if (w->config->clat)
			refuse(w, why ? why : "there is native IPv4");
		return;
	}
	r = write_configuration(w, &changed);
	if (r == 0 && !changed && t->proc.pid)
		return;
	if (t->proc.pid || changed)
		stop(w);
	if (r == 0)
		r = start(w, &c);
	if (r < 0) {
		stop(w);
		refuse(w, r == -ENOENT ? "no program 'tayga'" : strerror(-r));
		return;
	}
	t->refused = NULL;
	j = say_new("clat");
	json_set_string(j, "ipv4", ADDR_TEXT(&c.host4));
	json_set_string(j, "ipv6", ADDR_TEXT(&c.host6));
	json_set_int(j, "mtu", c.mtu4);
	say_end(w, LOG_LEVEL_INFO, j, "clat: '%s' is '%s' behind '%s'",
		ADDR_TEXT(&c.host4), ADDR_TEXT(&c.host6),
		PREFIX_TEXT(&c.nat64));
}

/**
 * translator_check() - Put its addresses and routes back, in an audit
 * @w:		Watch
 */
void translator_check(struct watch *w)
{
	const char *why;
	struct clat c;

	if (!w->config->clat || !w->translator.proc.pid ||
	    clat_decide(&w->pref64.hints, &c, &why) < 0)
		return;
	if (has_ipv4(w)) {
		translator_sync(w);
	} else if (set_up(w, &c) == -ENODEV) {
		/* Somebody has removed its device. */
		stop(w);
		translator_sync(w);
	}
}

/**
 * translator_close() - Leave it to the next watch
 * @w:		Watch
 */
void translator_close(struct watch *w)
{
	forget(w);
	proc_detach(&w->translator.proc);
}
