/*
 * The verbatim bodies of messages: packed with zstd and a dictionary of our own where an
 * event was kept, plain in quarantine, where people and programs read them in a view.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "store/dictionaries.h"
#include "store/store_internal.h"

DEFINE_CLEANUP(ZSTD_DCtx, ZSTD_freeDCtx)

/* Rows name a dictionary by its number, from 1; 0 means plain. The last one packs. */
#define DICTIONARY_COUNT (sizeof(dictionaries) / sizeof(dictionaries[0]))
#define DICTIONARY_NEW   (&dictionaries[DICTIONARY_COUNT - 1])

/* Of 2,300 bytes it leaves 680 in 4.3 µs. Level 3 leaves 670, but its tables are larger
 * than a processor's nearest cache: 6 µs more between the writer's other work. */
#define PACKER_LEVEL 1
/* Shortest match, in bytes. What our messages have in common is longer; with the level's
 * own 6, 24 bytes more are left. */
#define PACKER_MATCH 7

static bool packer_set(ZSTD_CCtx *packer, ZSTD_cParameter parameter, int value)
{
    return !ZSTD_isError(ZSTD_CCtx_setParameter(packer, parameter, value));
}

/* A thread's packer is freed when the thread ends. */
static pthread_once_t packer_once = PTHREAD_ONCE_INIT;
static pthread_key_t packer_key;
static bool packer_has_key;

static void packer_free(void *packer)
{
    (void)ZSTD_freeCCtx(packer);
}

static void packer_begin(void)
{
    packer_has_key = pthread_key_create(&packer_key, packer_free) == 0;
}

/* NULL when memory is short. The row has the dictionary's number: no frame needs it. */
static ZSTD_CCtx *packer_get(void)
{
    ZSTD_CCtx *packer;

    (void)pthread_once(&packer_once, packer_begin);
    packer = packer_has_key ? pthread_getspecific(packer_key) : NULL;
    if (packer || !packer_has_key)
        return packer;
    packer = ZSTD_createCCtx();
    if (!packer || !packer_set(packer, ZSTD_c_compressionLevel, PACKER_LEVEL) ||
        !packer_set(packer, ZSTD_c_minMatch, PACKER_MATCH) ||
        !packer_set(packer, ZSTD_c_dictIDFlag, 0) ||
        ZSTD_isError(ZSTD_CCtx_loadDictionary(packer, DICTIONARY_NEW->bytes,
                                              DICTIONARY_NEW->size)) ||
        pthread_setspecific(packer_key, packer) != 0)
        (void)ZSTD_freeCCtx(take_ptr(packer));
    return packer;
}

static bool body_is_packable(struct str body)
{
    return body.len > 0 && body.len <= STORE_PACKED_BYTES_MAX;
}

/* Into memory of the size of `body`; `*ret_size` is 0 where plain is as short. 0 or
 * -ENOMEM. */
static int body_pack(struct str body, char *ret, size_t *ret_size)
{
    ZSTD_CCtx *packer = packer_get();
    size_t size;

    *ret_size = 0;
    if (!packer || !ret)
        return -ENOMEM;
    size = ZSTD_compress2(packer, ret, body.len - 1, body.data, body.len);
    if (ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation)
        return -ENOMEM;
    if (!ZSTD_isError(size))
        *ret_size = size;
    return 0;
}

static int body_add_as(struct store *store, int64_t message_id, struct str bytes,
                       size_t dictionary)
{
    return db_do(store, SQL_BODY_ADD, db_int(message_id), db_blob(bytes),
                 db_int((int64_t)dictionary));
}

int body_add_plain(struct store *store, int64_t message_id, struct str body)
{
    return body_add_as(store, message_id, body, 0);
}

static int body_add_packed(struct store *store, int64_t message_id, struct str body,
                           struct str packed)
{
    return packed.len == 0 ? body_add_plain(store, message_id, body)
                           : body_add_as(store, message_id, packed, DICTIONARY_COUNT);
}

int body_add(struct store *store, int64_t message_id, struct str body)
{
    _cleanup_(freep) char *packed = NULL;
    size_t size;
    int r;

    if (!body_is_packable(body))
        return body_add_plain(store, message_id, body);
    packed = malloc(body.len);
    r = body_pack(body, packed, &size);
    return r < 0 ? r
                 : body_add_packed(store, message_id, body, (struct str){packed, size});
}

int body_add_kept(struct store *store, int64_t message_id, const struct intake *intake)
{
    return intake->packed
               ? body_add_packed(store, message_id, intake->body,
                                 (struct str){intake->packed, intake->packed_bytes})
               : body_add(store, message_id, intake->body);
}

int store_pack(struct intake *intake)
{
    _cleanup_(freep) char *packed = NULL;
    struct str body = intake->body;
    int r;

    if (intake->kind != INTAKE_KEEP || !body_is_packable(body))
        return 0;
    /* Not on the stack, where the compiler would clear it first. */
    packed = malloc(body.len);
    r = body_pack(body, packed, &intake->packed_bytes);
    if (r < 0)
        return r;
    intake->packed = realloc(packed, intake->packed_bytes + 1);
    if (!intake->packed)
        return -ENOMEM;
    packed = NULL;
    intake->event.owned_bytes += intake->packed_bytes;
    return 0;
}

static int body_refuse(struct store *store, int error, int64_t event_id, const char *why)
{
    (void)snprintf(store->fault, sizeof(store->fault), "the message of event %lld %s",
                   (long long)event_id, why);
    return error;
}

static int body_unpack(struct store *store, int64_t event_id, int64_t number,
                       struct str packed, struct buf *ret)
{
    static const char damaged[] = "is damaged: it cannot be decompressed";
    const struct dictionary *dictionary = &dictionaries[number - 1];
    _cleanup_(ZSTD_freeDCtxp) ZSTD_DCtx *unpacker = NULL;
    _cleanup_(freep) char *plain = NULL;
    unsigned long long size = ZSTD_getFrameContentSize(packed.data, packed.len);

    /* As are the numbers that say that there is no size. */
    if (size > STORE_PACKED_BYTES_MAX)
        return body_refuse(store, -EUCLEAN, event_id, damaged);
    unpacker = ZSTD_createDCtx();
    plain = malloc(size + 1);
    if (!unpacker || !plain)
        return -ENOMEM;
    if (ZSTD_decompress_usingDict(unpacker, plain, size, packed.data, packed.len,
                                  dictionary->bytes, dictionary->size) != size)
        return body_refuse(store, -EUCLEAN, event_id, damaged);
    return buf_append(ret, plain, size);
}

/* Of the row that `call` is at; `event_id` is for the fault. */
static int body_read(struct db_call *call, int64_t event_id, struct buf *ret)
{
    struct store *store = call->store;
    int64_t number = db_get_int_or(call, -1);
    struct str body = db_get_blob(call);
    int r;

    if (number >= 0 && !body.data)
        return db_call_fault(call, "reading a message");
    r = db_read_check(store);
    if (r < 0 || number < 0)
        return r;
    if (number > (int64_t)DICTIONARY_COUNT)
        return body_refuse(store, -ENOTSUP, event_id,
                           "was stored by a newer sesbounced: install that version");
    r = number == 0 ? buf_append_str(ret, body)
                    : body_unpack(store, event_id, number, body, ret);
    return r < 0 ? r : 1;
}

int store_message(struct store *store, int64_t event_id, struct buf *ret)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_BODY_FIND, db_int(event_id));
    int r = db_step(&call);

    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    return body_read(&call, event_id, ret);
}

int body_find(struct store *store, int64_t message_id, struct buf *ret)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_BODY_OF_MESSAGE, db_int(message_id));
    int r = db_step(&call);

    return r <= 0 ? r : body_read(&call, 0, ret);
}
