/* SPDX-License-Identifier: Apache-2.0 */

/*
 * fabric-metadata: the metadata service of a cloud, over IPv6
 *
 * Who asks is known by the interface a link-local client comes in by (a node that has no
 * address yet) or by its source address. The file is read again when it is replaced, and
 * requests with wait_for_change=true are answered then.
 */
#include "lib/addr.h"
#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "lib/opt.h"
#include "scenarios/fabric/metadata/tree.h"

#include <errno.h>
#include <microhttpd.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define CONFIG_MAX  (16UL << 20) /* bytes */
#define WAITING_MAX 64 /* requests that wait for a change */

struct config {
	const char *listen;
	const char *file;
	unsigned int port;
	unsigned int verbose;
};

struct server {
	const struct config *config;
	struct json *data;
	struct MHD_Daemon *http;
	unsigned int generation; /* of the data: the ETag */
	struct MHD_Connection *waiting[WAITING_MAX];
	size_t n_waiting;
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
 * must_wait() - Whether a request is to be answered at the next change only
 * @s:		Server
 * @c:		Connection
 *
 * Return: true if it asks for that and has seen the present state
 */
static bool must_wait(const struct server *s, struct MHD_Connection *c)
{
	const char *wait = get_argument(c, "wait_for_change");
	const char *seen = get_argument(c, "last_etag");
	char etag[16];

	if (!wait || strcmp(wait, "true") != 0 || s->n_waiting == WAITING_MAX)
		return false;
	(void)snprintf(etag, sizeof(etag), "%08x", s->generation);
	return !seen || strcmp(seen, etag) == 0;
}

/**
 * respond() - Send an answer
 * @s:		Server
 * @c:		Connection
 * @a:		Answer
 *
 * Return: MHD_YES, or MHD_NO which closes the connection
 */
static enum MHD_Result respond(const struct server *s, struct MHD_Connection *c,
			       const struct tree_answer *a)
{
	const struct json *h = json_first(json_get(s->data, "answer"));
	const char *text = buf_text(&a->body);
	bool moved = a->status == MHD_HTTP_MOVED_PERMANENTLY;
	struct MHD_Response *response = MHD_create_response_from_buffer(
		moved ? 0 : a->body.len, (void *)(uintptr_t)text,
		MHD_RESPMEM_MUST_COPY);
	enum MHD_Result r;
	char etag[16];

	if (!response)
		return MHD_NO;
	(void)snprintf(etag, sizeof(etag), "%08x", s->generation);
	(void)MHD_add_response_header(response, "ETag", etag);
	(void)MHD_add_response_header(response, "Content-Type", a->type);
	if (moved)
		(void)MHD_add_response_header(response, "Location", text);
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
 * @method:	GET, HEAD
 * @version:	Not used
 * @data:	Not used: no request has a body
 * @size:	Not used
 * @state:	Not NULL where this request has waited for a change
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
		.path = url,
		.alt = get_argument(c, "alt"),
		.recursive = recursive && strcmp(recursive, "true") == 0,
		.header = get_header,
		.arg = c,
	};
	struct tree_answer answer;
	enum MHD_Result r;

	(void)version;
	(void)data;
	(void)size;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return MHD_NO;
	if (!*state && must_wait(s, c)) {
		*state = s;
		s->waiting[s->n_waiting++] = c;
		MHD_suspend_connection(c);
		return MHD_YES;
	}
	if (tree_answer(s->data, get_instance(s, c), &request, &answer) < 0)
		return MHD_NO;
	log_info("%s %s%s: %u", method, url,
		 request.recursive ? "?recursive=true" : "", answer.status);
	r = respond(s, c, &answer);
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
	s->generation++;
	return 0;
}

/**
 * wake_waiting() - Let all requests go on that wait for a change
 * @s:		Server
 */
static void wake_waiting(struct server *s)
{
	while (s->n_waiting)
		MHD_resume_connection(s->waiting[--s->n_waiting]);
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
		wake_waiting(s);
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
		int wait = -1;

		if (MHD_get_timeout(s->http, &timeout) == MHD_YES)
			wait = (int)MIN(timeout, 60000ULL);
		if (poll(fds, ARRAY_SIZE(fds), wait) < 0 && errno != EINTR)
			return -errno;
		if (fds[2].revents)
			return 0;
		if (fds[1].revents)
			reload(s, watch);
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
		MHD_OPTION_END);
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
	wake_waiting(s);
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
