/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/strings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/**
 * hash_bytes() - FNV-1a
 * @data:	Bytes
 * @len:	Their number
 *
 * Return: hash
 */
static uint32_t hash_bytes(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619U;
	return h;
}

/**
 * strings_new() - Make an empty pool
 *
 * Return: pool, ended by strings_free(); NULL where memory ran out
 */
struct strings *strings_new(void)
{
	struct strings *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->room = 4096;
	s->n_room = 64;
	s->n_slots = 128;
	s->bytes = calloc(1, s->room);
	s->entries = calloc(s->n_room, sizeof(*s->entries));
	s->slots = calloc(s->n_slots, sizeof(*s->slots));
	if (!s->bytes || !s->entries || !s->slots) {
		strings_free(s);
		return NULL;
	}
	s->len = 1; /* the empty string's NUL */
	s->n = 1;
	return s;
}

/**
 * strings_free() - End a pool
 * @s:		Pool, or NULL
 */
void strings_free(struct strings *s)
{
	if (!s)
		return;
	free(s->bytes);
	free(s->entries);
	free(s->slots);
	free(s);
}

/**
 * slot_of() - Where a string is, or would be put
 * @s:		Pool
 * @data:	Bytes
 * @len:	Their number
 * @hash:	Their hash
 *
 * Return: index into .slots
 */
static uint32_t slot_of(const struct strings *s, const void *data, size_t len,
			uint32_t hash)
{
	uint32_t slot = hash & (s->n_slots - 1);

	for (; s->slots[slot]; slot = (slot + 1) & (s->n_slots - 1)) {
		const struct string_entry *e = &s->entries[s->slots[slot]];

		if (e->hash == hash && e->len == len &&
		    memcmp(s->bytes + e->at, data, len) == 0)
			break;
	}
	return slot;
}

/**
 * grow() - Make room for one more entry and its bytes
 * @s:		Pool
 * @len:	Bytes of the string
 *
 * Return: 0; -ENOMEM
 */
static int grow(struct strings *s, size_t len)
{
	if (s->len + len + 1 > s->room) {
		size_t room = (s->room + len + 1) * 2;
		char *bytes = realloc(s->bytes, room);

		if (!bytes)
			return -ENOMEM;
		s->bytes = bytes;
		s->room = room;
	}
	if (s->n == s->n_room) {
		struct string_entry *e =
			realloc(s->entries, s->n_room * 2 * sizeof(*e));

		if (!e)
			return -ENOMEM;
		s->entries = e;
		s->n_room *= 2;
	}
	if (s->n * 2 >= s->n_slots) {
		uint32_t n = s->n_slots * 2;
		uint32_t *slots = calloc(n, sizeof(*slots));

		if (!slots)
			return -ENOMEM;
		for (uint32_t i = 1; i < s->n; i++) {
			uint32_t at = s->entries[i].hash & (n - 1);

			while (slots[at])
				at = (at + 1) & (n - 1);
			slots[at] = i;
		}
		free(s->slots);
		s->slots = slots;
		s->n_slots = n;
	}
	return 0;
}

/**
 * strings_find() - Number of a string that is there already
 * @s:		Pool
 * @data:	Bytes
 * @len:	Their number
 *
 * Return: number; 0 where it is not there, or empty
 */
uint32_t strings_find(const struct strings *s, const void *data, size_t len)
{
	return len == 0 ?
		       0 :
		       s->slots[slot_of(s, data, len, hash_bytes(data, len))];
}

/**
 * strings_add() - Number of a string, which is kept from now on
 * @s:		Pool
 * @data:	Bytes; may lie in the pool only if it is there already
 * @len:	Their number, below 4 GiB
 *
 * Return: number; 0 for the empty string, and where memory ran out (.error)
 */
uint32_t strings_add(struct strings *s, const void *data, size_t len)
{
	uint32_t hash = hash_bytes(data, len), slot;

	if (len == 0 || s->error)
		return 0;
	slot = slot_of(s, data, len, hash);
	if (s->slots[slot])
		return s->slots[slot];
	s->error = len > UINT32_MAX / 2 ? -ENOMEM : grow(s, len);
	if (s->error)
		return 0;
	slot = slot_of(s, data, len, hash);
	s->entries[s->n] = (struct string_entry){ s->len, (uint32_t)len, hash };
	memcpy(s->bytes + s->len, data, len);
	s->bytes[s->len + len] = '\0';
	s->len += len + 1;
	s->slots[slot] = s->n;
	return s->n++;
}

/**
 * strings_add_text() - The same for a C string
 * @s:		Pool
 * @text:	Text
 *
 * Return: number, as strings_add()
 */
uint32_t strings_add_text(struct strings *s, const char *text)
{
	return strings_add(s, text, strlen(text));
}

/**
 * strings_get() - Bytes of a string, followed by a NUL
 * @s:		Pool
 * @id:		Number
 *
 * Return: bytes; "" for a number that is not known
 */
const char *strings_get(const struct strings *s, uint32_t id)
{
	return id < s->n ? s->bytes + s->entries[id].at : "";
}

/**
 * strings_len() - Length of a string
 * @s:		Pool
 * @id:		Number
 *
 * Return: bytes, without the NUL
 */
size_t strings_len(const struct strings *s, uint32_t id)
{
	return id < s->n ? s->entries[id].len : 0;
}
