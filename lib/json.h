/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: json - the only door to cJSON: read and build JSON values
 *
 * For data of programs: metadata, hints, results, reports. Documents that people write
 * (shoot, netsetup document) go through lib/doc, which keeps line and column.
 *
 * A value is owned by whoever made it (json_parse(), json_object(), ...) until it is put
 * into another one by json_set() or json_append(); end the root by json_free(). Readers
 * accept NULL and wrong types, so that a chain of them is checked once, at its end.
 * Builders are sticky: where memory runs out the value is left out and json_print()
 * of the root fails.
 */

#include "lib/base.h"
#include "lib/buf.h"
#include "lib/cleanup.h"

struct json;

must_check int json_parse(const char *text, size_t len, struct json **ret_json);
must_check int json_parse_file(const char *path, size_t max,
			       struct json **ret_json);
void json_free(struct json *j);
DEFINE_CLEANUP(struct json *, json_free)

/* Reading. */
const struct json *json_get(const struct json *j, const char *path);
const struct json *json_at(const struct json *j, size_t index);
const struct json *json_first(const struct json *j);
const struct json *json_next(const struct json *child);
const char *json_key(const struct json *child);
size_t json_count(const struct json *j);
bool json_is_object(const struct json *j);
bool json_is_array(const struct json *j);
bool json_is_null(const struct json *j);
const char *json_string(const struct json *j);
must_check int json_number(const struct json *j, double *ret_number);
must_check int json_int(const struct json *j, int64_t *ret_int);
bool json_true(const struct json *j);
/* The same, of a member: NULL / the default where it is missing or of another type. */
const char *json_get_string(const struct json *j, const char *path);
int64_t json_get_int(const struct json *j, const char *path, int64_t none);
bool json_get_bool(const struct json *j, const char *path, bool none);

/* Building. */
struct json *json_object(void);
struct json *json_array(void);
struct json *json_copy(const struct json *j);
void json_set(struct json *object, const char *key, struct json *value);
void json_set_string(struct json *object, const char *key, const char *value);
void json_set_format(struct json *object, const char *key, const char *format,
		     ...) printf_like(3, 4);
void json_set_int(struct json *object, const char *key, int64_t value);
void json_set_number(struct json *object, const char *key, double value);
void json_set_bool(struct json *object, const char *key, bool value);
void json_set_null(struct json *object, const char *key);
struct json *json_set_object(struct json *object, const char *key);
struct json *json_set_array(struct json *object, const char *key);
void json_append(struct json *array, struct json *value);
void json_append_string(struct json *array, const char *value);
void json_append_number(struct json *array, double value);
struct json *json_append_object(struct json *array);

enum json_style { JSON_COMPACT, JSON_PRETTY };
must_check int json_print(const struct json *j, enum json_style style,
			  struct buf *b);
void json_escape(struct buf *b, const char *text);
