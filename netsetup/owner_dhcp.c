/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose an address with a lifetime is: DHCPv6 clients tag nothing
 *
 * Whoever has the client's port open (RFC 8415 section 7.2) is one.
 */
#include "netsetup/kind.h"

#include "lib/cleanup.h"
#include "lib/proc.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENT_PORT 546U

/**
 * client_socket() - The socket of a DHCPv6 client of this network namespace
 *
 * Return: its inode; 0 where there is none
 */
static unsigned long client_socket(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/net/udp6", "re");
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		unsigned long inode;
		unsigned int port;

		if (sscanf(line,
			   " %*[^:]: %*[0-9A-F]:%x %*s %*s %*s %*s %*s %*s %*s %lu",
			   &port, &inode) == 2 &&
		    port == CLIENT_PORT)
			return inode;
	}
	return 0;
}

/**
 * has_socket() - Whether a process has a socket open
 * @pid:	Process, in digits
 * @link:	"socket:[INODE]"
 *
 * Return: true if it has
 */
static bool has_socket(const char *pid, const char *link)
{
	_cleanup_closedir_ DIR *d = NULL;
	const struct dirent *entry;
	char path[300], text[64];

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	d = opendir(path);
	while (d && (entry = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), entry->d_name, text,
				       sizeof(text) - 1);

		text[n > 0 ? n : 0] = '\0';
		if (strcmp(text, link) == 0)
			return true;
	}
	return false;
}

/**
 * dhcp_owner() - The DHCPv6 client that an address may be of
 * @k:		Kind
 * @object:	Object
 * @text:	Gets its name
 *
 * Return: @text; NULL for an object that no such client makes, or where none runs
 */
const char *dhcp_owner(const struct kind *k, const void *object,
		       char text[DHCP_OWNER_SIZE])
{
	const struct address *a = object;
	_cleanup_closedir_ DIR *d = NULL;
	const struct dirent *entry;
	unsigned long inode;
	char link[64], comm[PROC_COMM_SIZE];

	if (k != &kind_address || a->protocol || a->valid == FOREVER)
		return NULL;
	inode = client_socket();
	snprintf(link, sizeof(link), "socket:[%lu]", inode);
	d = inode ? opendir("/proc") : NULL;
	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    !has_socket(entry->d_name, link))
			continue;
		if (proc_comm((pid_t)strtol(entry->d_name, NULL, 10), comm) < 0)
			continue;
		snprintf(text, DHCP_OWNER_SIZE, "%s (DHCPv6)", comm);
		return text;
	}
	return NULL;
}
