/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/watch/flap.h"

/**
 * hash_name() - FNV-1a of an object's name
 * @text:	Name
 *
 * Return: hash, never 0
 */
static uint64_t hash_name(const char *text)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3;
	return h ? h : 1;
}

/**
 * find_slot() - The slot of an object, or the one to use for it
 * @f:		Table
 * @hash:	Of its name
 *
 * A full table gives up the slot whose window began first: an object in a fight is
 * repaired all the time and stays.
 *
 * Return: slot, never NULL
 */
static struct flap_slot *find_slot(struct flap *f, uint64_t hash)
{
	struct flap_slot *oldest = &f->slots[0];

	for (size_t i = 0; i < FLAP_SLOTS; i++) {
		struct flap_slot *s = &f->slots[(hash + i) % FLAP_SLOTS];

		if (s->hash == hash)
			return s;
		if (!s->hash) {
			oldest = s;
			break;
		}
		if (s->first_ns < oldest->first_ns)
			oldest = s;
	}
	*oldest = (struct flap_slot){ .hash = hash };
	return oldest;
}

/**
 * flap_ask() - Whether an object that is not as it should be is to be repaired
 * @f:		Table
 * @object:	Its name, e.g. "route 2001:db8::/64"
 * @now:	CLOCK_MONOTONIC, nanoseconds
 *
 * Return: what to do about it
 */
enum flap_answer flap_ask(struct flap *f, const char *object, int64_t now)
{
	struct flap_slot *s = find_slot(f, hash_name(object));

	if (s->rest_until_ns > now)
		return FLAP_REST;
	if (now - s->first_ns > FLAP_WINDOW_NS) {
		/* Quiet for a whole rest: the fight is over, forget it. */
		if (s->rest_until_ns && now - s->rest_until_ns > s->rest_ns)
			s->rest_ns = 0;
		s->first_ns = now;
		s->count = 0;
	}
	if (++s->count <= (f->burst ? f->burst : FLAP_BURST))
		return FLAP_REPAIR;

	s->rest_ns = s->rest_ns ? MIN(s->rest_ns * 2, FLAP_REST_MAX_NS) :
				  FLAP_REST_NS;
	s->rest_until_ns = now + s->rest_ns;
	s->first_ns = s->rest_until_ns;
	s->count = 0;
	return FLAP_FIGHT;
}

/**
 * flap_rests() - Whether an object is left alone, without counting anything
 * @f:		Table
 * @object:	Its name
 * @now:	CLOCK_MONOTONIC, nanoseconds
 *
 * Return: true if it is
 */
bool flap_rests(const struct flap *f, const char *object, int64_t now)
{
	uint64_t hash = hash_name(object);

	for (size_t i = 0; i < FLAP_SLOTS; i++)
		if (f->slots[i].hash == hash)
			return f->slots[i].rest_until_ns > now;
	return false;
}

/**
 * flap_next() - When the next rest ends, so that the object is looked at again
 * @f:		Table
 * @now:	CLOCK_MONOTONIC, nanoseconds
 *
 * Return: later than @now; INT64_MAX where nothing rests
 */
int64_t flap_next(const struct flap *f, int64_t now)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < FLAP_SLOTS; i++)
		if (f->slots[i].rest_until_ns > now)
			next = MIN(next, f->slots[i].rest_until_ns);
	return next;
}
