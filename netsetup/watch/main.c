/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netsetup-watch - the verb `watch` of netsetup, a program of its own for its size
 */
#include "netsetup/watch/watch.h"

/**
 * run_watch() - netsetup watch
 * @config:	Options
 * @n:		Arguments
 * @args:	Arguments
 *
 * Return: exit code
 */
static int run_watch(void *config, int n, char **args)
{
	return watch_run(config, n, args);
}

static const struct opt_command commands[] = {
	{ "watch", "[DOCUMENT]",
	  "apply, then stay: repair what is ours, follow the document",
	  run_watch },
};

static const struct opt_program program = {
	.name = "netsetup-watch",
	.summary =
		"what 'netsetup watch' starts: keep a node's network as described",
	.section = 8,
	.options = netsetup_options,
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands),
	.examples = "netsetup watch /etc/netsetup/node.yaml\n",
};

/**
 * main() - Entry
 * @argc:	Number of arguments
 * @argv:	Arguments
 *
 * Return: exit code, lib/exitcode.h
 */
int main(int argc, char **argv)
{
	struct config config = { 0 };
	struct opt_program p = program;

	p.n_options = netsetup_n_options;
	log_init("netsetup");
	return opt_main(&p, &config, argc, argv);
}
