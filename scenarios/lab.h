/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: lab - a cloud made of namespaces, held by one process
 *
 * All functions here run in the holder: process 1 of a PID namespace of its own, with
 * mount, network, UTS and IPC namespaces of its own (and a user namespace where the user
 * is not root). Its end, however it comes, is the end of every process, mount and
 * namespace of the lab, so there is nothing to clean up and no cleanup code to forget.
 *
 * A member is a set of namespaces with an init of ours as process 1. Nodes, routers and
 * hosts hang below the holder; a pod hangs below its node, which sees its processes.
 * A member's root is a tmpfs with the machine's /usr, its own /etc, /run, /tmp, /var,
 * /proc, /sys and /dev; /opt/shoot6/bin holds our programs and /opt/cni/bin the CNI
 * plugins. What a member writes is gone with it.
 *
 * Everything is synchronous and single-threaded. A function fails with a negative
 * errno; lab_fail() tells the user why, in the words of the one who knows the subject.
 * Members, daemons and strings returned are owned by the lab and live as long as it.
 * Deadlines are absolute, see lab_deadline().
 */

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/json.h"
#include "lib/loop.h"
#include "lib/proc.h"

#include <sys/types.h>

struct lab;
struct member;
struct daemon;
struct nl_sock;

enum member_kind {
	MEMBER_NODE,
	MEMBER_POD,
	MEMBER_ROUTER,
	MEMBER_HOST,
	MEMBER_KIND_MAX,
};

struct lab_link {
	const struct member *a, *b;
	char ifa[16], ifb[16];
	unsigned int mtu;
};

/* Folders of the state folder (a real disk) that a node sees at a path of its own. */
struct member_bind {
	const char *source; /* below lab->dir/members/NAME, or absolute */
	const char *target; /* in the member, absolute */
	bool read_only;
};

/* What a case takes along from the machine outside: made ready in the client, before
 * there are namespaces, by lab_case.prepare. */
struct outside {
	const char *name; /* of the lab */
	const char *dir; /* its state folder, as the machine sees it */
	unsigned int nodes; /* --nodes, or 0 */
	const char
		*provider; /* --provider, or NULL; prepare may say which then */
	const char *variant; /* --control-plane, or NULL */
	void (*step)(void *arg, const char *text); /* what is done now */
	void *step_arg;
	/* Set by prepare: */
	struct member_bind
		binds[6]; /* seen in the holder; ended by .target NULL */
	int fds[4]; /* stay open in the holder; -1: none */
	const char *kubernetes; /* version "1.34.4" of the programs, or NULL */
	void *data; /* the case's own, of malloc(); freed with the lab */
};

struct lab {
	const char *name;
	const char *engine; /* "netns", "kubernetes" */
	const struct lab_case *what;
	unsigned int nodes; /* --nodes; 0: what the case likes */
	const char *provider; /* --provider; NULL: what the case likes */
	const char *dir; /* state folder as the holder sees it */
	const struct outside *outside; /* NULL: the case takes nothing along */
	bool rootless; /* in a user namespace, one uid mapped */
	struct member **members; /* in the order they were made */
	size_t n_members;
	struct lab_link *links; /* in the order they were made */
	size_t n_links;
	void *data; /* the case's own */
	struct holder *holder; /* the core's own */
};

/* --- telling the user ---------------------------------------------------------- */

/* What is being done now: the progress line on a terminal, a step line elsewhere. */
void lab_step(struct lab *lab, const char *format, ...) printf_like(2, 3);
/* Says why @error happened (":" and its text are added unless @error is 0), returns it. */
int lab_fail(struct lab *lab, int error, const char *format, ...)
	printf_like(3, 4);
/* Deadline so many seconds from now, for everything below that takes one; --patience
 * makes all of them longer (and those of a live run), by a variable that the whole
 * lab inherits; a factor of 0 leaves them. */
#define LAB_PATIENCE     "SHOOT6_PATIENCE"
#define LAB_PATIENCE_MAX 100
int64_t lab_deadline(unsigned int seconds);
void lab_be_patient(unsigned int factor);

/* --- members ------------------------------------------------------------------- */

struct member {
	struct lab *lab;
	char name[64]; /* "router", "node1", "node1/a" */
	char base[64]; /* behind the '/': its host name, netns in /run/netns */
	enum member_kind kind;
	struct member *node; /* of a pod; NULL otherwise */
	struct proc init; /* as the holder sees it */
	bool vantage; /* `run` probes from here; true for nodes and pods */
	bool cgroup; /* has cgroups of its own */
	struct daemon **daemons;
	size_t n_daemons;
	struct nl_sock *rtnl; /* libnl socket in its network namespace */
};

/* A file that the member sees at a path of its own, with a content that stays: what is
 * written to it goes nowhere. For sysctls that belong to the whole machine. */
struct member_fixed {
	const char
		*path; /* without the leading '/', "proc/sys/vm/panic_on_oom" */
	const char *text;
};

struct member_opts {
	bool cgroup; /* own cgroups and cgroup namespace, mounted */
	bool shared; /* make the root shared, as a kubelet wants it */
	const struct member_bind *binds; /* ended by .target == NULL */
	const struct member_fixed *fixed; /* ended by .path == NULL */
};

/* @name: for a pod without its node's part ("a"); @node: of a pod, else NULL. A pod's
 * network namespace has lo up and stands at /run/netns/NAME of its node, for CNI. */
must_check int lab_member_new(struct lab *lab, const char *name,
			      enum member_kind kind, struct member *node,
			      const struct member_opts *opts,
			      struct member **ret);
struct member *lab_member(const struct lab *lab, const char *name);
void lab_member_end(
	struct member *m); /* kills it, forgets it; pods with node */
/* Process id of the init as node (or the member itself: 1) sees it; for /proc/PID. */
pid_t member_pid_in(const struct member *m, const struct member *seen_by);

/* --- programs ------------------------------------------------------------------ */

struct spawn_opts {
	const char *log; /* name of its log; NULL: last part of argv[0] */
	const char *const
		*env; /* "KEY=value" beside the lab's; ends with NULL */
	const char *ready; /* text in its output that means it serves */
};

/* A program of a member that is to run on; output in lab->dir/log/MEMBER-LOG.log. */
struct daemon {
	struct member *member;
	char name[48]; /* spawn_opts.log */
	char log[160]; /* path of the log, for the holder */
	char *ready;
	struct proc proc;
};

must_check int member_spawn(struct member *m, const char *const argv[],
			    const struct spawn_opts *opts, struct daemon **ret);
/* The same for a function of ours: no program, runs in the member until it returns. It
 * has no descriptor of the holder's; what it prints is the log. */
must_check int member_fork(struct member *m, const char *name,
			   int (*run)(void *arg), void *arg,
			   const struct spawn_opts *opts, struct daemon **ret);
/* Waits until the output has .ready (at once where none was given). -ETIMEDOUT, or
 * -ECHILD where it has ended before; both told by lab_fail() with its last lines. */
must_check int daemon_wait(struct daemon *d, int64_t deadline_ns);
/* Ends it (SIGTERM, after 2 s SIGKILL) and forgets it; NULL is fine. */
void daemon_stop(struct daemon *d);
struct daemon *member_daemon(const struct member *m, const char *name);
must_check int lab_signal(struct lab *lab, const char *member,
			  const char *daemon, int signal);

/* Runs a program to its end. Not told to the user: the caller knows what it was for.
 * -ETIMEDOUT past the deadline, -ENOENT without such a program. Output on standard
 * error follows in @ret_err, if wanted. @ret_status: exit code, 128 + signal. */
must_check int member_run(struct member *m, const char *const argv[],
			  const char *input, int64_t deadline_ns,
			  struct buf *ret_out, struct buf *ret_err,
			  int *ret_status);
/* The usual case: has to exit with 0, else tells the user with what it printed. */
must_check int member_do(struct member *m, const char *const argv[]);

/* Many programs at once, in any members; each is told apart by its result. */
struct lab_job {
	struct member *member;
	const char *const *argv;
	const char *const *env;
	const char *input; /* standard input, or NULL */
	struct buf out, err; /* BUF_INIT before; the caller ends them */
	int status; /* exit code, or negative errno */
	struct proc proc;
};
/* Return: 0 where all exited with 0, -EIO where some did not, -ETIMEDOUT. */
must_check int lab_jobs(struct lab *lab, struct lab_job *jobs, size_t n,
			int64_t deadline_ns);

/* Calls @fn in the holder itself, its network namespace being the member's: for
 * sockets, libnftables and the like. Return: what @fn returned, or an errno. */
must_check int member_in_netns(struct member *m, int (*fn)(void *arg),
			       void *arg);

/* --- files and sysctls --------------------------------------------------------- */

/* Folders on the way are made. @path: as the member sees it. */
must_check int member_write(struct member *m, const char *path,
			    const char *text, mode_t mode);
must_check int member_read(struct member *m, const char *path, struct buf *b);
/* @key: slash form below /proc/sys, "net/ipv6/conf/eth0/accept_ra". */
must_check int member_sysctl(struct member *m, const char *key,
			     const char *value);

/* --- links, addresses, routes -------------------------------------------------- */

struct veth_opts {
	unsigned int mtu; /* 0: 1500 */
	const char *mac_a, *mac_b; /* "02:..", NULL: the kernel's choice */
	bool down; /* leave both down; default is up */
};

must_check int lab_veth(struct lab *lab, struct member *a, const char *ifa,
			struct member *b, const char *ifb,
			const struct veth_opts *opts);
must_check int member_bridge(struct member *m, const char *ifname);
must_check int member_link_up(struct member *m, const char *ifname, bool up);
must_check int member_link_mtu(struct member *m, const char *ifname,
			       unsigned int mtu);
must_check int member_link_del(struct member *m, const char *ifname);
/* @address: "2001:db8::1/64" or IPv4; without DAD. Adding what is there is fine. */
must_check int member_addr_add(struct member *m, const char *ifname,
			       const char *address);
must_check int member_addr_del(struct member *m, const char *ifname,
			       const char *address);
/* Addresses of global scope, as texts without length, are appended. */
must_check int member_addresses(struct member *m, struct json *array);
/* Whether duplicate address detection is still going on: 1, 0, or an errno. */
must_check int member_tentative(struct member *m);
/* Link-local address of a link, without waiting (EUI-64 of its MAC). */
must_check int member_link_local(struct member *m, const char *ifname,
				 struct addr *ret);

struct route_opts {
	const char *type; /* NULL: unicast; "blackhole", "unreachable", ... */
	unsigned int metric; /* 0: the kernel's */
	unsigned int table; /* 0: main */
	unsigned int mtu;
};
/* @dst: prefix, "default" is ::/0; @via, @dev may be NULL. */
must_check int member_route_add(struct member *m, const char *dst,
				const char *via, const char *dev,
				const struct route_opts *opts);
must_check int member_route_del(struct member *m, const char *dst,
				const char *via, const char *dev,
				const struct route_opts *opts);

/* --- cases --------------------------------------------------------------------- */

/* A topology and how to bring it up: one file each in scenarios/cases. */
struct lab_case {
	const char *name;
	const char *summary;
	const char *engine; /* "netns", "kubernetes" */
	const char *provider; /* the cloud it plays; NULL: none */
	const char *profile; /* what it promises, as probes know it, or NULL */
	unsigned int min_nodes, max_nodes; /* --nodes; 0, 0: not open */
	bool variants; /* takes --control-plane */
	bool needs_tun; /* opens /dev/net/tun */
	bool needs_root; /* nodes have cgroups; no user namespace gives them */
	const char *const *needs; /* programs it starts, ends with NULL */
	/* On each node, whether it is as netsetup had left it; NULL: not asked. Ends
	 * with NULL: { "netsetup", "verify", "--json", ..., NULL }. */
	const char *const *verify;
	/* In the client, before there is a lab; NULL: nothing to do. Return: an exit
	 * code, after saying what is wrong. */
	int (*prepare)(struct outside *outside);
	must_check int (*up)(struct lab *lab);
	/* More members of `status --json` (NULL: none); of the holder. */
	void (*status)(const struct lab *lab, struct json *status);
};

extern const struct lab_case *const lab_cases[];
extern const size_t n_lab_cases;
