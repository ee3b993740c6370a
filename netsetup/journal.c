/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAGIC       "shoot6\nJ"
#define VERSION     1
#define JOURNAL_MAX (1UL << 30)

/**
 * checksum() - FNV-1a of 64 bits, over words where it can
 * @data:	Bytes
 * @len:	Their number
 *
 * Return: checksum
 */
static uint64_t checksum(const char *data, size_t len)
{
	uint64_t h = 14695981039346656037UL, word;

	for (; len >= sizeof(word); data += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		h = (h ^ word) * 1099511628211UL;
		h ^= h >> 32;
	}
	for (; len; data++, len--)
		h = (h ^ (uint8_t)*data) * 1099511628211UL;
	return h;
}

/**
 * layout() - Number that changes when an object's struct does
 *
 * Return: number
 */
static uint32_t layout(void)
{
	uint32_t h = 17;

	for (size_t k = 0; k < KIND_MAX; k++) {
		h = h * 31 + (uint32_t)kinds[k]->size;
		for (const struct field *f = kinds[k]->fields; f->name; f++)
			h = h * 31 + f->offset * 7U + (uint32_t)f->type;
	}
	return h;
}

/**
 * journal_init() - Make an empty journal
 * @j:		Journal
 * @s:		Pool of its texts
 */
void journal_init(struct journal *j, struct strings *s)
{
	*j = (struct journal){ .header = { .version = VERSION } };
	for (size_t i = 0; i < JOURNAL_SETS; i++)
		model_init(&j->sets[i], s);
}

/**
 * journal_release() - End a journal
 * @j:		Journal
 */
void journal_release(struct journal *j)
{
	for (size_t i = 0; i < JOURNAL_SETS; i++)
		model_release(&j->sets[i]);
}

/**
 * pack() - Write an object without its zeros
 * @b:		Gets a bit for each word of four bytes, then the words that are not 0
 * @object:	Object
 * @size:	Its bytes, a multiple of four
 */
static void pack(struct buf *b, const void *object, size_t size)
{
	uint8_t out[8 + 256] = { 0 };
	size_t words = size / 4, len = (words + 7) / 8;

	for (size_t i = 0; i < words; i++) {
		uint32_t word;

		memcpy(&word, (const char *)object + i * 4, 4);
		if (!word)
			continue;
		out[i / 8] |= (uint8_t)(1U << i % 8);
		memcpy(out + len, &word, 4);
		len += 4;
	}
	buf_add(b, out, len);
}

/**
 * is_map() - Whether a map names no word past the object
 * @map:	A bit for each word
 * @words:	Words of the object
 *
 * Return: true if it is right
 */
static bool is_map(const uint8_t *map, size_t words)
{
	return words % 8 == 0 || map[words / 8] >> words % 8 == 0;
}

/**
 * unpack() - The same the other way
 * @at:		Cursor; moved behind the object
 * @end:	End of the bytes
 * @object:	Zeroed object
 * @size:	Its bytes
 *
 * Return: 0; -EBADMSG
 */
static int unpack(const char **at, const char *end, void *object, size_t size)
{
	size_t words = size / 4, bits = (words + 7) / 8;
	const uint8_t *map = (const uint8_t *)*at;
	const char *p = *at + bits;

	if ((size_t)(end - *at) < bits || !is_map(map, words))
		return -EBADMSG;
	for (size_t i = 0; i < words; i++) {
		if (!(map[i / 8] & 1U << i % 8))
			continue;
		if (end - p < 4)
			return -EBADMSG;
		memcpy((char *)object + i * 4, p, 4);
		p += 4;
	}
	*at = p;
	return 0;
}

/**
 * skip() - Pass over an object
 * @at:		Cursor; moved behind the object
 * @end:	End of the bytes
 * @size:	Bytes of the object
 *
 * Return: 0; -EBADMSG
 */
static int skip(const char **at, const char *end, size_t size)
{
	size_t bits = (size / 4 + 7) / 8, len = bits;

	if ((size_t)(end - *at) < bits ||
	    !is_map((const uint8_t *)*at, size / 4))
		return -EBADMSG;
	for (size_t i = 0; i < bits; i++)
		len += 4U * (unsigned int)__builtin_popcount((uint8_t)(*at)[i]);
	if ((size_t)(end - *at) < len)
		return -EBADMSG;
	*at += len;
	return 0;
}

/**
 * write_all() - Write bytes to a new file and sync it
 * @fd:		File
 * @b:		Bytes
 *
 * Return: 0 or a negative errno
 */
static int write_all(int fd, const struct buf *b)
{
	for (size_t at = 0; at < b->len;) {
		ssize_t n = write(fd, b->data + at, b->len - at);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	return fdatasync(fd) < 0 ? -errno : 0;
}

/**
 * journal_write() - Put a journal into its place, synced
 * @j:		Journal
 * @dir:	Folder
 * @name:	Name in it
 *
 * Return: 0 or a negative errno; the file that was there stays on failure
 */
int journal_write(const struct journal *j, int dir, const char *name)
{
	_cleanup_(buf_release) struct buf b = { .max = JOURNAL_MAX };
	struct journal_header h = j->header;
	const struct strings *s = j->sets[0].strings;
	_cleanup_close_ int fd = -1;
	char part[64];
	uint64_t sum;
	int r;

	memcpy(h.magic, MAGIC, sizeof(h.magic));
	h.layout = layout();
	h.n_strings = s->n;
	for (size_t i = 0; i < JOURNAL_SETS; i++)
		for (size_t k = 0; k < KIND_MAX; k++)
			h.n[i][k] = (uint32_t)j->sets[i].tables[k].n;
	buf_add(&b, &h, sizeof(h));
	for (uint32_t i = 1; i < s->n; i++) {
		buf_add(&b, &s->entries[i].len, 4);
		buf_add(&b, s->bytes + s->entries[i].at, s->entries[i].len);
	}
	for (size_t i = 0; i < JOURNAL_SETS; i++)
		for (size_t k = 0; k < KIND_MAX; k++)
			for (size_t n = 0; n < j->sets[i].tables[k].n; n++)
				pack(&b,
				     model_at(&j->sets[i], k, kinds[k]->size,
					      n),
				     kinds[k]->size);
	r = buf_error(&b);
	if (r < 0)
		return r;
	sum = checksum(b.data, b.len);
	buf_add(&b, &sum, sizeof(sum));
	snprintf(part, sizeof(part), "%s~", name);
	fd = openat(dir, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = buf_error(&b) < 0 ? buf_error(&b) : write_all(fd, &b);
	if (r == 0 && renameat(dir, part, dir, name) < 0)
		r = -errno;
	if (r == 0 && fsync(dir) < 0)
		r = -errno;
	return r;
}

/**
 * remap_list() - Give the interfaces in a list of hops their present numbers
 * @s:		Pool
 * @id:		List, with old numbers inside
 * @map:	Present number of each old one
 * @n:		Numbers in @map
 *
 * Return: list with present numbers
 */
static uint32_t remap_list(struct strings *s, uint32_t id, const uint32_t *map,
			   uint32_t n)
{
	_cleanup_(buf_release) struct buf all = BUF_INIT;

	buf_add(&all, strings_get(s, id), strings_len(s, id));
	for (size_t at = 0; at + sizeof(struct hop) <= all.len;
	     at += sizeof(struct hop)) {
		struct hop hop;

		memcpy(&hop, all.data + at, sizeof(hop));
		hop.dev = hop.dev < n ? map[hop.dev] : 0;
		memcpy(all.data + at, &hop, sizeof(hop));
	}
	return strings_add(s, all.data, all.len);
}

/**
 * remap() - Give the texts of an object their present numbers
 * @s:		Pool
 * @k:		Kind
 * @object:	Object
 * @map:	Present number of each old one
 * @n:		Numbers in @map
 */
static void remap(struct strings *s, const struct kind *k, char *object,
		  const uint32_t *map, uint32_t n)
{
	for (const struct field *f = k->fields; f->name; f++) {
		uint32_t id;

		if (f->type != FIELD_TEXT && f->type != FIELD_DEV &&
		    f->type != FIELD_WORDS && f->type != FIELD_HOPS &&
		    f->type != FIELD_GROUP)
			continue;
		memcpy(&id, object + f->offset, sizeof(id));
		id = id < n ? map[id] : 0;
		if (f->type == FIELD_HOPS && id)
			id = remap_list(s, id, map, n);
		memcpy(object + f->offset, &id, sizeof(id));
	}
}

/**
 * read_table() - All objects of one kind in one set
 * @j:		Journal; its header is read
 * @set:	Set
 * @kind:	Kind
 * @at:		Cursor
 * @end:	End of the bytes
 * @map:	Present numbers of texts; NULL: pass over the objects
 *
 * Return: 0; -EBADMSG, -ENOMEM
 */
static int read_table(struct journal *j, size_t set, size_t kind,
		      const char **at, const char *end, const uint32_t *map)
{
	const struct kind *k = kinds[kind];
	int r = 0;

	for (size_t n = 0; n < j->header.n[set][kind] && r == 0; n++) {
		void *object;

		if (!map) {
			r = skip(at, end, k->size);
			continue;
		}
		object = model_add(&j->sets[set], (enum kind_id)kind);
		if (!object)
			return -ENOMEM;
		r = unpack(at, end, object, k->size);
		if (r == 0)
			remap(j->sets[set].strings, k, object, map,
			      j->header.n_strings);
	}
	/* Texts have new numbers, and some orders go by them. */
	(void)model_sort(&j->sets[set], (enum kind_id)kind);
	return r;
}

/**
 * read_objects() - All tables of the sets that are asked for
 * @j:		Journal; its header is read
 * @sets:	Bits of enum journal_set
 * @at:		First object
 * @end:	End of them
 * @map:	Present numbers of texts
 *
 * Return: 0; -EBADMSG, -ENOMEM
 */
static int read_objects(struct journal *j, unsigned int sets, const char *at,
			const char *end, const uint32_t *map)
{
	int r = 0;

	for (size_t i = 0; i < JOURNAL_SETS && r == 0; i++)
		for (size_t k = 0; k < KIND_MAX && r == 0; k++)
			r = read_table(j, i, k, &at, end,
				       sets & 1U << i ? map : NULL);
	if (r < 0)
		return r;
	return at == end ? j->sets[0].strings->error : -EBADMSG;
}

/**
 * parse() - Read a journal from its bytes
 * @j:		Empty journal
 * @sets:	Bits of enum journal_set
 * @b:		Bytes
 *
 * Return: 0; -EBADMSG where it is damaged, -EPROTONOSUPPORT where another version wrote
 *	   it, -ENOMEM
 */
static int parse(struct journal *j, unsigned int sets, const struct buf *b)
{
	struct strings *s = j->sets[0].strings;
	_cleanup_free_ uint32_t *map = NULL;
	const char *at, *end;
	uint64_t sum;

	if (b->len < sizeof(j->header) + sizeof(sum))
		return -EBADMSG;
	end = b->data + b->len - sizeof(sum);
	memcpy(&sum, end, sizeof(sum));
	memcpy(&j->header, b->data, sizeof(j->header));
	if (memcmp(j->header.magic, MAGIC, 8) != 0 ||
	    checksum(b->data, b->len - sizeof(sum)) != sum)
		return -EBADMSG;
	if (j->header.version != VERSION || j->header.layout != layout())
		return -EPROTONOSUPPORT;
	at = b->data + sizeof(j->header);
	if (j->header.n_strings > b->len)
		return -EBADMSG;
	map = calloc(j->header.n_strings + 1UL, sizeof(*map));
	if (!map)
		return -ENOMEM;
	for (uint32_t i = 1; i < j->header.n_strings; i++) {
		uint32_t len;

		if (end - at < 4)
			return -EBADMSG;
		memcpy(&len, at, 4);
		if ((size_t)(end - at - 4) < len)
			return -EBADMSG;
		map[i] = strings_add(s, at + 4, len);
		at += 4 + len;
	}
	return read_objects(j, sets, at, end, map);
}

/**
 * journal_read() - Read a journal
 * @j:		Filled; the caller ends it by journal_release(), also after a failure
 * @s:		Pool for its texts
 * @dir:	Folder
 * @name:	Name in it
 *
 * Return: 0; -ENOENT, or as parse()
 */
int journal_read(struct journal *j, struct strings *s, int dir,
		 const char *name)
{
	return journal_read_sets(j, s, dir, name, ~0U);
}

/**
 * journal_read_sets() - Read some sets of a journal; all of it is checked
 * @j:		Filled; the caller ends it by journal_release(), also after a failure
 * @s:		Pool for its texts
 * @dir:	Folder
 * @name:	Name in it
 * @sets:	Bits of enum journal_set; the others stay empty
 *
 * Return: 0; -ENOENT, or as parse()
 */
int journal_read_sets(struct journal *j, struct strings *s, int dir,
		      const char *name, unsigned int sets)
{
	_cleanup_(buf_release) struct buf b = { .max = JOURNAL_MAX };
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	int r;

	journal_init(j, s);
	if (fd < 0)
		return -errno;
	r = buf_read_fd(&b, fd);
	return r < 0 ? r : parse(j, sets, &b);
}
