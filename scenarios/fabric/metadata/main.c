/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fabric-metadata: the metadata service of a cloud, over IPv6
 *
 * Who asks is known by the interface a link-local client comes in by (a node that has no
 * address yet) or by its source address. The file is read again when it is replaced.
 *
 * An answer's ETag is a digest of its body. With wait_for_change=true a request is
 * answered once its own answer is another one than that of last_etag (than the present
 * one, if there is none), or after timeout_sec.
 */
#include "lib/addr.h"
#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/opt.h"
#include "scenarios/fabric/metadata/tree.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define CONFIG_MAX  (16UL << 20) /* bytes */
#define WAITING_MAX 64 /* requests that wait for a change */
#define ETAG_SIZE   17
#define TIMEOUT_MAX 3600UL /* seconds */

struct config {
	const char *listen;
	const char *file;
	unsigned int port;
	unsigned int verbose;
};

/* A request that waits for a change. */
struct waiter {
	struct MHD_Connection *connection; /* NULL: free */
	bool suspended;
	bool over; /* waits no longer, changed or not */
	int64_t deadline_ns;
	char etag[ETAG_SIZE]; /* of what it has seen */
};

struct server {
	const struct config *config;
	struct json *data;
	struct MHD_Daemon *http;
	struct waiter waiting[WAITING_MAX];
};

/**
 * get_header() - A header of the request; tree_request.header
 * @arg:	Connection
 * @name:	Header
 *
 * Return: its value, or NULL
 */
static const char *get_header(void *arg, const char *name)
{
	return MHD_lookup_connection_value(arg, MHD_HEADER_KIND, name);
}

/**
 * get_argument() - An argument of the request's URL
 * @c:		Connection
 * @name:	Argument
 *
 * Return: its value, "" where it has none, or NULL
 */
static const char *get_argument(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);
}

/**
 * get_instance() - Who asks
 * @s:		Server
 * @c:		Connection
 *
 * Return: the instance's object, or NULL
 */
static const struct json *get_instance(const struct server *s,
				       struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct sockaddr_in6 sa;
	char name[IF_NAMESIZE] = "";
	struct addr client;

	if (!info || info->client_addr->sa_family != AF_INET6)
		return NULL;
	memcpy(&sa, info->client_addr, sizeof(sa));
	client = addr_from_in6(&sa.sin6_addr);
	if (sa.sin6_scope_id)
		(void)if_indextoname(sa.sin6_scope_id, name);
	return tree_instance(s->data, *name ? name : NULL, &client);
}

/**
 * digest() - The ETag of an answer
 * @a:		Answer
 * @ret:	16 hexadecimal digits (FNV-1a)
 */
static void digest(const struct tree_answer *a, char ret[ETAG_SIZE])
{
	const char *text = buf_text(&a->body);
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < a->body.len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3;
	(void)snprintf(ret, ETAG_SIZE, "%016" PRIx64, hash);
}

/**
 * new_waiter() - Remember a request that wants to hear of a change
 * @s:		Server
 * @c:		Connection
 * @etag:	Of the present answer
 *
 * Return: the waiter; NULL if the request is to be answered at once: it does not want to
 *	   wait, has seen another answer, or too many wait
 */
static struct waiter *new_waiter(struct server *s, struct MHD_Connection *c,
				 const char *etag)
{
	const char *wait = get_argument(c, "wait_for_change");
	const char *seen = get_argument(c, "last_etag");
	const char *timeout = get_argument(c, "timeout_sec");
	unsigned long seconds = timeout ? strtoul(timeout, NULL, 10) : 0;
	struct waiter *w = s->waiting, *end = w + WAITING_MAX;

	if (!wait || strcasecmp(wait, "true") != 0 ||
	    (seen && strcmp(seen, etag) != 0))
		return NULL;
	while (w < end && w->connection)
		w++;
	if (w == end)
		return NULL;
	*w = (struct waiter){ .connection = c, .deadline_ns = INT64_MAX };
	if (seconds)
		w->deadline_ns =
			loop_now() +
			(int64_t)MIN(seconds, TIMEOUT_MAX) * NSEC_PER_SEC;
	memcpy(w->etag, etag, ETAG_SIZE);
	return w;
}

/**
 * must_wait() - Let a request wait if it wants to
 * @s:		Server
 * @c:		Connection
 * @etag:	Of the present answer
 * @state:	The request's waiter, NULL at first
 *
 * Return: true where it waits
 */
static bool must_wait(struct server *s, struct MHD_Connection *c,
		      const char *etag, void **state)
{
	struct waiter *w = *state;

	if (!w)
		*state = w = new_waiter(s, c, etag);
	if (!w || w->over || strcmp(w->etag, etag) != 0)
		return false;
	w->suspended = true;
	MHD_suspend_connection(c);
	return true;
}

/**
 * completed() - A request has ended; called by libmicrohttpd
 * @arg:	Not used
 * @c:		Not used
 * @state:	Its waiter, or NULL
 * @code:	Not used
 */
static void completed(void *arg, struct MHD_Connection *c, void **state,
		      enum MHD_RequestTerminationCode code)
{
	struct waiter *w = *state;

	(void)arg;
	(void)c;
	(void)code;
	if (w)
		w->connection = NULL;
}

/**
 * wake() - Let requests go on that wait
 * @s:		Server
 * @now_ns:	Those whose time is over are answered; INT64_MAX: each of them
 * @look:	The others look again, too
 */
static void wake(struct server *s, int64_t now_ns, bool look)
{
	for (size_t i = 0; i < WAITING_MAX; i++) {
		struct waiter *w = &s->waiting[i];

		if (!w->connection || !w->suspended)
			continue;
		w->over = w->deadline_ns <= now_ns;
		if (!w->over && !look)
			continue;
		w->suspended = false;
		MHD_resume_connection(w->connection);
	}
}

/**
 * next_deadline() - When the first waiting request has waited long enough
 * @s:		Server
 *
 * Return: nanoseconds of loop_now(); INT64_MAX for never
 */
static int64_t next_deadline(const struct server *s)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < WAITING_MAX; i++)
		if (s->waiting[i].connection && s->waiting[i].suspended)
			next = MIN(next, s->waiting[i].deadline_ns);
	return next;
}

/**
 * respond() - Send an answer
 * @s:		Server
 * @c:		Connection
 * @a:		Answer
 * @etag:	Its digest
 *
 * Return: MHD_YES, or MHD_NO which closes the connection
 */
static enum MHD_Result respond(const struct server *s, struct MHD_Connection *c,
			       const struct tree_answer *a, const char *etag)
{
	const struct json *h = json_first(json_get(s->data, "answer"));
	const char *text = buf_text(&a->body);
	bool moved = a->status == MHD_HTTP_MOVED_PERMANENTLY;
	struct MHD_Response *response = MHD_create_response_from_buffer(
		moved ? 0 : a->body.len, (void *)(uintptr_t)text,
		MHD_RESPMEM_MUST_COPY);
	enum MHD_Result r;

	if (!response)
		return MHD_NO;
	(void)MHD_add_response_header(response, "ETag", etag);
	(void)MHD_add_response_header(response, "Content-Type", a->type);
	if (moved)
		(void)MHD_add_response_header(response, "Location", text);
	if (a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, "Allow", "GET, HEAD");
	for (; h; h = json_next(h))
		if (json_string(h))
			(void)MHD_add_response_header(response, json_key(h),
						      json_string(h));
	r = MHD_queue_response(c, a->status, response);
	MHD_destroy_response(response);
	return r;
}

/**
 * handle() - One request; called by libmicrohttpd
 * @arg:	Server
 * @c:		Connection
 * @url:	Path, decoded
 * @method:	GET or HEAD; others are refused
 * @version:	Not used
 * @data:	Not used: no request has a body
 * @size:	Not used
 * @state:	struct waiter where this request has waited for a change
 *
 * Return: MHD_YES, or MHD_NO which closes the connection
 */
static enum MHD_Result handle(void *arg, struct MHD_Connection *c,
			      const char *url, const char *method,
			      const char *version, const char *data,
			      size_t *size, void **state)
{
	struct server *s = arg;
	const char *recursive = get_argument(c, "recursive");
	struct tree_request request = {
		.method = method,
		.path = url,
		.alt = get_argument(c, "alt"),
		.recursive = recursive && strcasecmp(recursive, "true") == 0,
		.header = get_header,
		.arg = c,
	};
	struct tree_answer answer;
	enum MHD_Result r = MHD_YES;
	char etag[ETAG_SIZE];

	(void)version;
	(void)data;
	(void)size;
	if (tree_answer(s->data, get_instance(s, c), &request, &answer) < 0)
		return MHD_NO;
	digest(&answer, etag);
	if (answer.status != MHD_HTTP_OK || !must_wait(s, c, etag, state)) {
		log_info("%s %s%s: %u", method, url,
			 request.recursive ? "?recursive=true" : "",
			 answer.status);
		r = respond(s, c, &answer, etag);
	}
	buf_release(&answer.body);
	return r;
}

/**
 * load() - Read the configuration; the old one stays where the new one is bad
 * @s:		Server
 *
 * Return: 0; a negative errno after saying why
 */
static int load(struct server *s)
{
	_cleanup_(json_freep) struct json *data = NULL;
	int r = json_parse_file(s->config->file, CONFIG_MAX, &data);

	if (r == 0 && !json_is_array(json_get(data, "instances")))
		r = -EBADMSG;
	if (r < 0) {
		log_error("'%s': %s", s->config->file,
			  r == -EBADMSG ? "not a metadata configuration" :
					  strerror(-r));
		return r;
	}
	json_free(s->data);
	s->data = TAKE_PTR(data);
	return 0;
}

/**
 * reload() - Something happened in the file's folder: read it, wake who waits
 * @s:		Server
 * @watch:	inotify
 */
static void reload(struct server *s, int watch)
{
	char events[4096] __attribute__((aligned(8)));

	while (read(watch, events, sizeof(events)) > 0)
		;
	if (load(s) == 0)
		wake(s, loop_now(), true);
}

/**
 * open_watch() - Learn of a replaced configuration
 * @path:	File
 *
 * The folder is watched, not the file: a replaced file is another file.
 *
 * Return: inotify descriptor, or a negative errno
 */
static int open_watch(const char *path)
{
	_cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir =
		slash ? strndup(path, (size_t)(slash - path + 1)) : strdup(".");

	if (fd < 0 || !dir)
		return -errno;
	if (inotify_add_watch(fd, dir, IN_CLOSE_WRITE | IN_MOVED_TO) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/**
 * serve() - Answer requests until a signal ends it
 * @s:		Server
 * @signals:	signalfd
 * @watch:	inotify
 *
 * Return: 0 or a negative errno
 */
static int serve(struct server *s, int signals, int watch)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(s->http, MHD_DAEMON_INFO_EPOLL_FD);

	if (!info)
		return -ENOTSUP;
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = info->epoll_fd, .events = POLLIN },
			{ .fd = watch, .events = POLLIN },
			{ .fd = signals, .events = POLLIN },
		};
		MHD_UNSIGNED_LONG_LONG timeout;
		int64_t left_ns = next_deadline(s);
		int wait = -1;

		if (left_ns < INT64_MAX)
			wait = (int)MAX(
				(left_ns - loop_now()) / NSEC_PER_MSEC + 1, 0);
		if (MHD_get_timeout(s->http, &timeout) == MHD_YES &&
		    (wait < 0 || timeout < (unsigned int)wait))
			wait = (int)MIN(timeout, 60000ULL);
		if (poll(fds, ARRAY_SIZE(fds), wait) < 0 && errno != EINTR)
			return -errno;
		if (fds[2].revents)
			return 0;
		if (fds[1].revents)
			reload(s, watch);
		wake(s, loop_now(), false);
		if (MHD_run(s->http) != MHD_YES)
			return -EIO;
	}
}

/**
 * listen_http() - Open the server socket
 * @s:		Server
 *
 * Return: 0; a negative errno after saying why
 */
static int listen_http(struct server *s)
{
	struct sockaddr_storage sa;
	struct addr addr;

	if (addr_parse6(s->config->listen, &addr) < 0) {
		log_error("option '--listen': '%s' is not an IPv6 address",
			  s->config->listen);
		return -EINVAL;
	}
	(void)addr_to_sockaddr(&addr, (uint16_t)s->config->port, 0, &sa);
	s->http = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_IPv6 | MHD_ALLOW_SUSPEND_RESUME,
		(uint16_t)s->config->port, NULL, NULL, handle, s,
		MHD_OPTION_SOCK_ADDR, &sa, MHD_OPTION_CONNECTION_TIMEOUT, 3600U,
		MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
	if (!s->http) {
		log_error("cannot listen on [%s]:%u: %s", s->config->listen,
			  s->config->port, strerror(errno));
		return -EADDRNOTAVAIL;
	}
	return 0;
}

/**
 * run() - Open all, say that it is ready, and serve
 * @s:		Server with its options
 *
 * Return: exit code
 */
static int run(struct server *s)
{
	_cleanup_close_ int signals = -1;
	_cleanup_close_ int watch = -1;
	sigset_t set;
	int r;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);

	watch = open_watch(s->config->file);
	if (signals < 0 || watch < 0) {
		log_error("'%s': %s", s->config->file, strerror(errno));
		return EXIT_USAGE;
	}
	if (load(s) < 0 || listen_http(s) < 0)
		return EXIT_USAGE;
	printf("ready\n");
	(void)fflush(stdout);

	r = serve(s, signals, watch);
	if (r < 0)
		log_error("%s", strerror(-r));
	wake(s, INT64_MAX, false);
	MHD_stop_daemon(s->http);
	return r < 0 ? EXIT_FAILED : EXIT_OK;
}

#define FIELD(field) .offset = offsetof(struct config, field)

static const struct opt options[] = {
	{ "listen", 0, OPT_STRING, "ADDRESS", FIELD(listen),
	  .help = "IPv6 address, :: if not given" },
	{ "port", 'p', OPT_UINT, "PORT", FIELD(port), 1, 65535,
	  .help = "80 if not given" },
	{ "verbose", 'v', OPT_COUNT, NULL, FIELD(verbose),
	  .help = "tell of each request" },
};

static const struct opt_program program = {
	.name = "fabric-metadata",
	.summary = "serve the metadata of simulated instances",
	.args = "FILE",
	.section = 8,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.examples = "  fabric-metadata --listen fd20:ce::254 metadata.json\n",
};

/**
 * main() - Entry
 * @argc:	Words
 * @argv:	Words
 *
 * Return: exit code
 */
int main(int argc, char **argv)
{
	struct config config = { .listen = "::", .port = 80 };
	struct server s = { .config = &config };
	const struct opt_command *command;
	int code, n_args;
	char **args;

	if (opt_parse(&program, &config, argc, argv, &code, &command, &n_args,
		      &args))
		return code;
	log_set_level(config.verbose ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING);
	if (n_args != 1) {
		log_error("needs one FILE; see --help");
		return EXIT_USAGE;
	}
	config.file = args[0];
	code = run(&s);
	json_free(s.data);
	return code;
}
