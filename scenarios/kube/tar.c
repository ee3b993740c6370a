/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/kube/tar.h"

#include "lib/cleanup.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#define TAR_BLOCK 512

/* IEEE Std 1003.1, pax, "ustar Interchange Format". Numbers are octal text. */
struct tar_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char sum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char pad[12];
};
static_assert(sizeof(struct tar_header) == TAR_BLOCK, "a header is one block");

/**
 * octal() - Write a number as octal text that fills a field
 * @field:	Field; its last byte gets a NUL
 * @size:	Bytes of it
 * @value:	Number; what does not fit is cut, the caller knows its bounds
 */
static void octal(char *field, size_t size, uint64_t value)
{
	field[size - 1] = '\0';
	for (size_t i = size - 1; i-- > 0; value >>= 3)
		field[i] = (char)('0' + (value & 7));
}

/**
 * set_name() - Put a path into name and prefix
 * @h:		Header
 * @path:	Path
 *
 * Return: true where it fits
 */
static bool set_name(struct tar_header *h, const char *path)
{
	size_t len = strlen(path);
	const char *cut;

	if (len <= sizeof(h->name)) {
		memcpy(h->name, path, len);
		return true;
	}
	cut = strchr(path + len - sizeof(h->name) - 1, '/');
	if (!cut || (size_t)(cut - path) > sizeof(h->prefix))
		return false;
	memcpy(h->prefix, path, (size_t)(cut - path));
	memcpy(h->name, cut + 1, strlen(cut + 1));
	return true;
}

/**
 * pad() - Fill the last block with zeros
 * @tar:	Archive
 * @len:	Bytes that were added since a block began
 */
static void pad(struct buf *tar, size_t len)
{
	static const char zero[TAR_BLOCK];

	if (len % TAR_BLOCK)
		buf_add(tar, zero, TAR_BLOCK - len % TAR_BLOCK);
}

/**
 * add_capabilities() - Append the pax header that gives a program capabilities
 * @tar:	Archive
 * @mask:	Capabilities below 32
 *
 * The extended attribute of capabilities(7), version 2, without the effective bit: a
 * program gets those that its container's bounding set has, and never fails to start.
 */
static void add_capabilities(struct buf *tar, uint32_t mask)
{
	static const char key[] = " SCHILY.xattr.security.capability=";
	struct vfs_cap_data value = { .magic_etc =
					      htole32(VFS_CAP_REVISION_2) };
	_cleanup_(buf_release) struct buf record = BUF_INIT;
	/* Two digits, the key without its NUL, the value, a newline. */
	size_t len = 2 + sizeof(key) - 1 + XATTR_CAPS_SZ_2 + 1;

	static_assert(2 + sizeof(key) - 1 + XATTR_CAPS_SZ_2 + 1 < 100,
		      "the length has two digits");
	value.data[0].permitted = htole32(mask);
	buf_printf(&record, "%zu%s", len, key);
	buf_add(&record, &value, XATTR_CAPS_SZ_2);
	buf_putc(&record, '\n');
	if (buf_error(&record) < 0) {
		tar->error = tar->error ? tar->error : buf_error(&record);
		return;
	}
	tar_add(tar, &(struct tar_entry){ .path = "PaxHeaders/capability",
					  .type = 'x',
					  .mode = 0644,
					  .data = record.data,
					  .len = record.len });
}

/**
 * tar_add() - Append one entry
 * @tar:	Archive; its .max bounds it
 * @entry:	What to append
 */
void tar_add(struct buf *tar, const struct tar_entry *entry)
{
	struct tar_header h = { .type = entry->type };
	const unsigned char *byte = (const unsigned char *)&h;
	unsigned int sum = 0;

	if (entry->capabilities)
		add_capabilities(tar, entry->capabilities);
	if (!set_name(&h, entry->path) ||
	    (entry->link && strlen(entry->link) > sizeof(h.link))) {
		tar->error = tar->error ? tar->error : -EFBIG;
		return;
	}
	octal(h.mode, sizeof(h.mode), entry->mode);
	octal(h.uid, sizeof(h.uid), 0);
	octal(h.gid, sizeof(h.gid), 0);
	octal(h.size, sizeof(h.size), entry->len);
	octal(h.mtime, sizeof(h.mtime), 0);
	if (entry->link)
		memcpy(h.link, entry->link, strlen(entry->link));
	memcpy(h.magic, "ustar", 6);
	memcpy(h.version, "00", 2);

	memset(h.sum, ' ', sizeof(h.sum));
	for (size_t i = 0; i < sizeof(h); i++)
		sum += byte[i];
	octal(h.sum, sizeof(h.sum) - 1, sum);

	buf_add(tar, &h, sizeof(h));
	if (entry->len)
		buf_add(tar, entry->data, entry->len);
	pad(tar, entry->len);
}

/**
 * tar_end() - Append the two empty blocks that end an archive
 * @tar:	Archive
 */
void tar_end(struct buf *tar)
{
	static const char zero[2 * TAR_BLOCK];

	buf_add(tar, zero, sizeof(zero));
}
