/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/notify.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/**
 * notify_send() - Send one message to the service manager
 * @format:	As for printf(): "READY=1", "STATUS=...\nWATCHDOG=1"
 *
 * sd_notify(3): a path is a socket in the file system, "@name" an abstract one.
 *
 * Return: 1 once sent, 0 where nobody asked; -EINVAL for a name that is neither,
 *	   -E2BIG for one that does not fit, or what sendto() said
 */
int notify_send(const char *format, ...)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;
	char text[512];
	socklen_t len;
	va_list args;
	int n;

	if (!name || !*name)
		return 0;
	if (*name != '/' && *name != '@')
		return -EINVAL;
	if (strlen(name) >= sizeof(un.sun_path))
		return -E2BIG;
	memcpy(un.sun_path, name, strlen(name));
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			  strlen(name));
	if (*name == '@')
		un.sun_path[0] = '\0';

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(text))
		return -E2BIG;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT,
		   (const struct sockaddr *)&un, len) < 0)
		return -errno;
	return 1;
}

/**
 * notify_watchdog_ns() - How often the manager wants to hear WATCHDOG=1
 *
 * sd_watchdog_enabled(3): $WATCHDOG_USEC counts only for the process of $WATCHDOG_PID.
 *
 * Return: half the time-out in nanoseconds, as sd_notify(3) advises; 0 for never
 */
int64_t notify_watchdog_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	unsigned long long value;
	char *end;

	if (!usec || !*usec)
		return 0;
	if (pid && *pid && strtoull(pid, NULL, 10) != (unsigned long)getpid())
		return 0;
	errno = 0;
	value = strtoull(usec, &end, 10);
	if (errno || *end || value == 0 || value > INT64_MAX / 1000)
		return 0;
	return (int64_t)value * 1000 / 2;
}
