/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct {
	const char *program;
	enum log_level level;
	void (*keep)(void *arg, enum log_level level, const char *text);
	void *keep_arg;
} log_state = { .program = "shoot6", .level = LOG_LEVEL_INFO };

/**
 * log_init() - Say which program is speaking
 * @program:	Its name; must live as long as the process
 */
void log_init(const char *program)
{
	log_state.program = program;
}

/**
 * log_set_level() - Print messages up to this level
 * @level:	LOG_LEVEL_ERROR is the quietest
 */
void log_set_level(enum log_level level)
{
	log_state.level = level;
}

/**
 * log_get_level() - The level in force
 *
 * Return: the level given last, LOG_LEVEL_INFO at first
 */
enum log_level log_get_level(void)
{
	return log_state.level;
}

/**
 * log_keep() - Have messages collected beside being printed
 * @keep:	Gets each message that is printed; NULL: nobody
 * @arg:	For it
 */
void log_keep(void (*keep)(void *arg, enum log_level level, const char *text),
	      void *arg)
{
	log_state.keep = keep;
	log_state.keep_arg = arg;
}

/**
 * log_print() - Print one line on standard error, in one write()
 * @level:	Its level
 * @format:	As for printf(), without a newline; %m is the caller's errno
 */
void log_print(enum log_level level, const char *format, ...)
{
	int saved = errno;
	char line[2048];
	va_list args;
	int head, n;

	if (level > log_state.level)
		return;

	head = snprintf(line, sizeof(line), "%s: %s", log_state.program,
			level == LOG_LEVEL_WARNING ? "warning: " : "");
	if (head < 0 || (size_t)head >= sizeof(line) - 2)
		return;
	errno = saved;
	va_start(args, format);
	n = vsnprintf(line + head, sizeof(line) - 1 - (size_t)head, format,
		      args);
	va_end(args);
	if (n < 0)
		return;
	n = MIN(head + n, (int)sizeof(line) - 2);
	if (log_state.keep)
		log_state.keep(log_state.keep_arg, level,
			       strstr(line, ": ") + 2);
	line[n] = '\n';
	/* Nobody to tell when standard error is closed. */
	if (write(STDERR_FILENO, line, (size_t)n + 1) < 0)
		errno = saved;
	errno = saved;
}

/**
 * log_colour() - Whether colour may be written to a descriptor
 * @fd:		Usually STDOUT_FILENO
 *
 * Return: true for a terminal, unless NO_COLOR is set (https://no-color.org) or TERM
 *	   is "dumb"
 */
bool log_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fd) && !(no_color && *no_color) &&
	       !(term && strcmp(term, "dumb") == 0);
}

/**
 * log_columns() - How wide a terminal is
 * @fd:		Descriptor
 *
 * Return: columns; 0 where it is no terminal, or does not know
 */
unsigned int log_columns(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) < 0 ? 0 : size.ws_col;
}
