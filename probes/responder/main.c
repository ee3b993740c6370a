/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe-responder: the far end of the probes, see probes/responder/responder.h
 */
#include "probes/responder/responder.h"

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "lib/opt.h"
#include "probes/nodestate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct config {
	unsigned int tcp, udp, http, https;
	const char *cert, *key, *name;
	struct opt_list listen;
};

#define OPT(field) offsetof(struct config, field)

static const struct opt options[] = {
	{ "tcp", 0, OPT_UINT, "PORT", OPT(tcp), 1, 65535, NULL, "echo TCP",
	  NULL },
	{ "udp", 0, OPT_UINT, "PORT", OPT(udp), 1, 65535, NULL, "echo UDP",
	  NULL },
	{ "http", 0, OPT_UINT, "PORT", OPT(http), 1, 65535, NULL,
	  "HTTP: / and /whoami, /sink, /source?bytes=N", NULL },
	{ "https", 0, OPT_UINT, "PORT", OPT(https), 1, 65535, NULL,
	  "the same over TLS, with --cert and --key", NULL },
	{ "cert", 0, OPT_STRING, "FILE", OPT(cert), 0, 0, NULL,
	  "certificate, PEM", NULL },
	{ "key", 0, OPT_STRING, "FILE", OPT(key), 0, 0, NULL,
	  "its private key, PEM", NULL },
	{ "name", 'n', OPT_STRING, "ID", OPT(name), 0, 0, NULL,
	  "who to say we are (default: the host name)", NULL },
	{ "listen", 0, OPT_LIST, "ADDR", OPT(listen), 0, 0, NULL,
	  "address to listen on (default ::); may be repeated", NULL },
};

static const struct opt_program program = {
	.name = "probe-responder",
	.summary = "answer the probes: echo, and HTTP that says who is seen",
	.section = 8,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.examples = "  probe-responder --tcp 7777 --udp 7777 --http 8080\n",
};

enum kind { TCP, UDP, HTTP, HTTPS };

/**
 * serve() - Open one service on one address
 * @loop:	Loop
 * @kind:	Service
 * @addr:	Address
 * @port:	Its port; 0: not wanted
 * @web:	For HTTP
 *
 * Return: 0, or a negative errno after saying why
 */
static int serve(struct loop *loop, enum kind kind, const struct addr *addr,
		 unsigned int port, const struct web_options *web)
{
	const struct web_options plain = { .name = web->name };
	int fd, r;

	if (!port)
		return 0;
	r = socket_listen(kind == UDP ? SOCK_DGRAM : SOCK_STREAM, addr,
			  (uint16_t)port, &fd);
	if (r == 0 && kind == UDP)
		r = echo_udp(loop, fd, (uint16_t)port);
	else if (r == 0 && kind == TCP)
		r = echo_tcp(loop, fd);
	else if (r == 0)
		r = web_serve(loop, fd, kind == HTTPS ? web : &plain);
	if (r < 0)
		log_error("listen '%s' port %u: %s", ADDR_TEXT(addr), port,
			  strerror(-r));
	return r;
}

/**
 * serve_all() - Open all services on all addresses
 * @loop:	Loop
 * @config:	Options
 * @web:	For HTTP
 *
 * Return: 0, or a negative errno after saying why
 */
static int serve_all(struct loop *loop, const struct config *config,
		     const struct web_options *web)
{
	const unsigned int ports[] = { [TCP] = config->tcp,
				       [UDP] = config->udp,
				       [HTTP] = config->http,
				       [HTTPS] = config->https };

	for (size_t i = 0; i < MAX(config->listen.n, (size_t)1); i++) {
		const char *text =
			config->listen.n ? config->listen.item[i] : "::";
		struct addr addr;

		if (addr_parse(text, &addr) < 0) {
			log_error("listen '%s': not an address", text);
			return -EINVAL;
		}
		for (size_t k = 0; k < ARRAY_SIZE(ports); k++) {
			int r = serve(loop, (enum kind)k, &addr, ports[k], web);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/**
 * read_pem() - Read a certificate or key
 * @path:	File, or NULL
 * @b:		Its text
 *
 * Return: 0, or a negative errno after saying why
 */
static int read_pem(const char *path, struct buf *b)
{
	int r = path ? buf_read_file(b, path) : -ENOENT;

	if (r < 0)
		log_error("file '%s': %s", path ? path : "",
			  path ? strerror(-r) :
				 "--https needs --cert and --key");
	return r;
}

/**
 * tell_domain() - Print the cluster's domain, where we are a pod of one
 *
 * Who reads our log may know the cluster from outside alone, where no API tells it.
 *
 * Return: below 0 where it cannot be printed
 */
static int tell_domain(void)
{
	struct node_state state = { .n_servers = 0 };
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	char domain[128];

	if (buf_read_file(&text, "/etc/resolv.conf") < 0)
		return 0;
	state_parse_resolv(buf_text(&text), &state);
	if (state_cluster_domain(state.search, domain, sizeof(domain)) < 0)
		return 0;
	return printf("cluster domain %s\n", domain);
}

/**
 * main() - Serve until killed
 * @argc:	Number of arguments
 * @argv:	Arguments
 *
 * Return: exit code
 */
int main(int argc, char **argv)
{
	_cleanup_(buf_release) struct buf cert = BUF_INIT, key = BUF_INIT;
	struct config config = { 0 };
	const struct opt_command *command;
	struct web_options web;
	char host[64] = "", **args;
	struct loop loop;
	int code, n_args;

	if (opt_parse(&program, &config, argc, argv, &code, &command, &n_args,
		      &args))
		return code;
	if (n_args ||
	    !(config.tcp || config.udp || config.http || config.https)) {
		log_error(
			"give at least one of --tcp, --udp, --http, --https, and no argument");
		return EXIT_USAGE;
	}
	if (config.https && (read_pem(config.cert, &cert) < 0 ||
			     read_pem(config.key, &key) < 0))
		return EXIT_USAGE;
	(void)gethostname(host, sizeof(host) - 1);
	web = (struct web_options){
		.name = config.name ? config.name : host,
		.cert = config.https ? buf_text(&cert) : NULL,
		.key = config.https ? buf_text(&key) : NULL,
	};
	if (loop_init(&loop) < 0 || serve_all(&loop, &config, &web) < 0)
		return EXIT_FAILED;
	if (puts("ready") < 0 || tell_domain() < 0 || fflush(stdout))
		return EXIT_FAILED;
	return loop_run(&loop) < 0 ? EXIT_FAILED : EXIT_OK;
}
