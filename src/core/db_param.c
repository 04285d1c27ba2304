/* SPDX-License-Identifier: Apache-2.0 */
#include "core/db.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Parameters in PostgreSQL's binary form: big-endian numbers, raw bytes; arrays as in array_send().
 */

/* Object ids from PostgreSQL's pg_type.dat; they never change. */
static const struct {
    unsigned array, element;
} type_oids[] = {
    [DB_UUID] = {2951, 2950},        [DB_TEXT] = {1009, 25}, [DB_BYTEA] = {1001, 17},
    [DB_INT8] = {1016, 20},          [DB_INT4] = {1007, 23}, [DB_BOOL] = {1000, 16},
    [DB_TIMESTAMPTZ] = {1185, 1184},
};

static void put_big_endian(uint8_t *out, uint64_t value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        out[i] = (uint8_t)(value & 0xff);
        value >>= 8;
    }
}

static struct db_param number(unsigned oid, uint64_t value, int bytes)
{
    struct db_param param = {.oid = oid, .length = bytes};
    put_big_endian(param.small, value, bytes);
    return param;
}

struct db_param db_null(void)
{
    return (struct db_param){.length = -1};
}

struct db_param db_text(const char *text)
{
    return text != NULL ? db_text_n(text, strlen(text)) : db_null();
}

struct db_param db_text_n(const char *text, size_t length)
{
    return (struct db_param){
        .oid = type_oids[DB_TEXT].element, .length = (int)length, .data = text};
}

struct db_param db_bytes(const void *bytes, size_t length)
{
    /* An empty value has no address of its own: the small store stands in. */
    return (struct db_param){.oid = type_oids[DB_BYTEA].element,
                             .length = (int)length,
                             .data = length > 0 ? bytes : NULL};
}

struct db_param db_i64(int64_t value)
{
    return number(type_oids[DB_INT8].element, (uint64_t)value, 8);
}

struct db_param db_i32(int32_t value)
{
    return number(type_oids[DB_INT4].element, (uint64_t)(int64_t)value, 4);
}

struct db_param db_bool(bool value)
{
    return number(type_oids[DB_BOOL].element, value ? 1 : 0, 1);
}

struct db_param db_uuid(const struct uuid *id)
{
    if (id == NULL) {
        return db_null();
    }
    struct db_param param = {.oid = type_oids[DB_UUID].element, .length = UUID_BYTES};
    memcpy(param.small, id->bytes, UUID_BYTES);
    return param;
}

static uint64_t time_us(int64_t utc_ms)
{
    return (uint64_t)((utc_ms - DB_EPOCH_MS) * 1000);
}

struct db_param db_time(int64_t utc_ms)
{
    return utc_ms == INT64_MIN ? db_null()
                               : number(type_oids[DB_TIMESTAMPTZ].element, time_us(utc_ms), 8);
}

/*
 * array_send():  | ndim 1 | has_null | element oid | count | lower bound 1 | { length, bytes }… |
 * 20 bytes of head are kept free in front and filled by db_array.
 */
enum { ARRAY_HEAD_BYTES = 20 };

static uint8_t *array_room(struct db_array *array, size_t count)
{
    size_t need = array->data.length + count;
    if (need > array->data.room) {
        size_t room = array->data.room * 2;
        array->data.room = room > need ? room : need;
        array->data.bytes = xrealloc(array->data.bytes, array->data.room);
    }
    uint8_t *at = (uint8_t *)array->data.bytes + array->data.length;
    array->data.length = need;
    return at;
}

void db_array_init(struct db_array *array, enum db_type type)
{
    array->oid = type_oids[type].array;
    array->element_oid = type_oids[type].element;
    array->count = 0;
    array->has_null = false;
    array->data.length = 0;
    (void)array_room(array, ARRAY_HEAD_BYTES);
}

void db_array_done(struct db_array *array)
{
    free(array->data.bytes);
    *array = (struct db_array){0};
}

static uint8_t *element(struct db_array *array, size_t bytes)
{
    uint8_t *at = array_room(array, 4 + bytes);
    put_big_endian(at, bytes, 4);
    array->count++;
    return at + 4;
}

void db_array_null(struct db_array *array)
{
    put_big_endian(array_room(array, 4), UINT32_MAX, 4);
    array->count++;
    array->has_null = true;
}

void db_array_bytes(struct db_array *array, const void *bytes, size_t length)
{
    if (bytes == NULL) {
        db_array_null(array);
        return;
    }
    memcpy(element(array, length), bytes, length);
}

void db_array_uuid(struct db_array *array, const struct uuid *id)
{
    db_array_bytes(array, id != NULL ? id->bytes : NULL, UUID_BYTES);
}

void db_array_text(struct db_array *array, const char *text)
{
    db_array_bytes(array, text, text != NULL ? strlen(text) : 0);
}

void db_array_i64(struct db_array *array, int64_t value)
{
    put_big_endian(element(array, 8), (uint64_t)value, 8);
}

void db_array_i32(struct db_array *array, int32_t value)
{
    put_big_endian(element(array, 4), (uint64_t)(int64_t)value, 4);
}

void db_array_time(struct db_array *array, int64_t utc_ms)
{
    if (utc_ms == INT64_MIN) {
        db_array_null(array);
        return;
    }
    put_big_endian(element(array, 8), time_us(utc_ms), 8);
}

struct db_param db_array(struct db_array *array)
{
    assert(array->oid != 0 && array->data.length <= INT32_MAX);
    uint8_t *head = (uint8_t *)array->data.bytes;
    put_big_endian(head, 1, 4);
    put_big_endian(head + 4, array->has_null ? 1 : 0, 4);
    put_big_endian(head + 8, array->element_oid, 4);
    put_big_endian(head + 12, array->count, 4);
    put_big_endian(head + 16, 1, 4);
    if (array->count == 0) {
        put_big_endian(head, 0, 4); /* an empty array has no dimension */
        return (struct db_param){.oid = array->oid, .length = 12, .data = array->data.bytes};
    }
    return (struct db_param){
        .oid = array->oid, .length = (int)array->data.length, .data = array->data.bytes};
}
