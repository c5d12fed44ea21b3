/*
 * Whom nothing from before a certain time may come back about. An address is kept as its
 * HMAC under a key of the file's own: without a guess nobody gets it back from there.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "sesbounce/digest.h"
#include "store/store_internal.h"

/* 1 it is known, 0 there is none, so that nobody was erased, or a fault. */
static int tombstone_key_find(struct store *store, unsigned char ret[DIGEST_BYTES])
{
    _cleanup_(db_call_end) struct db_call call =
        db_call_begin(store, SQL_TOMBSTONE_KEY, NULL, 0);
    int r = db_step(&call);
    struct str key = r == 1 ? db_get_blob(&call) : STR_ABSENT;

    if (r <= 0 || key.len != DIGEST_BYTES)
        return r < 0 ? r : 0;
    memcpy(ret, key.data, DIGEST_BYTES);
    return 1;
}

/* What is in the file is remembered until another process has written to it. */
static int tombstone_key_get(struct store *store, unsigned char ret[DIGEST_BYTES])
{
    struct writing *writing = store->writing;
    int r;

    if (!writing)
        return tombstone_key_find(store, ret);
    if (!writing->tombstone_known) {
        r = tombstone_key_find(store, writing->tombstone_key);
        if (r < 0)
            return r;
        writing->tombstone_known = true;
        writing->tombstone_exists = r == 1;
    }
    memcpy(ret, writing->tombstone_key, DIGEST_BYTES);
    return writing->tombstone_exists;
}

static int tombstone_key_make(struct store *store, unsigned char ret[DIGEST_BYTES])
{
    int r = tombstone_key_get(store, ret);

    if (r != 0)
        return r < 0 ? r : 0;
    if (getrandom(ret, DIGEST_BYTES, 0) != DIGEST_BYTES)
        return -EIO;
    store->writing->tombstone_known = false;
    return db_do(store, SQL_TOMBSTONE_KEY_ADD,
                 db_blob((struct str){(const char *)ret, DIGEST_BYTES}));
}

int tombstone_put(struct store *store, struct str address, int64_t at_ms)
{
    unsigned char key[DIGEST_BYTES], hash[DIGEST_BYTES];
    int r = tombstone_key_make(store, key);

    if (r < 0)
        return r;
    digest_hmac_sha256((struct str){(const char *)key, sizeof(key)}, address, hash);
    return db_do(store, SQL_TOMBSTONE_PUT,
                 db_blob((struct str){(const char *)hash, sizeof(hash)}), db_int(at_ms));
}

int tombstone_covers(struct store *store, struct str address, int64_t ms)
{
    unsigned char key[DIGEST_BYTES], hash[DIGEST_BYTES];
    int64_t at_ms = 0;
    int r = address.len > 0 ? tombstone_key_get(store, key) : 0;

    if (r <= 0)
        return r;
    digest_hmac_sha256((struct str){(const char *)key, sizeof(key)}, address, hash);
    r = db_find(store, SQL_TOMBSTONE_FIND, &at_ms,
                db_blob((struct str){(const char *)hash, sizeof(hash)}));
    return r <= 0 ? r : ms <= at_ms;
}

int store_is_erased(struct store *store, const struct address *address, int64_t ms)
{
    return tombstone_covers(store, str_of(address->key), ms);
}
