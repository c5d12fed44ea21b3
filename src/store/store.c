/* The store as a whole: opening, transactions, and what a fault means. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_internal.h"

const char *store_advice(int fault)
{
    switch (fault) {
    case -EUCLEAN:
        return "the database is corrupt: stop the socket and the service, move the file "
               "and its -wal and -shm aside together, restore a backup; sesbounced(8)";
    case -ENOTSUP:
        return "this version cannot use the database; sesbounced(8)";
    case -ESTALE:
        return "the database was removed or replaced while it was open: put it back, or "
               "stop sesbounced, move its -wal and -shm aside and restore a backup; a "
               "restart without it begins an empty list; sesbounced(8)";
    case -ENOENT:
        return "the database is missing: restore a backup to its path; sesbounced(8)";
    case -EACCES:
        return "the database must belong to the user that sesbounced runs as, and be "
               "writable by that user; `journalctl -u sesbounced` says what to type";
    case -EBUSY:
        return "another process holds the database locked: as root and in its directory, "
               "`fuser -v sesbounced.db*` shows it";
    case -EROFS:
        return "the database cannot be written: is the disk mounted read-only, or does "
               "the "
               "unit lack ReadWritePaths=DIRECTORY (systemctl edit sesbounced)?";
    case -ENOSPC:
        return "the disk is full: `df`";
    case -EIO:
        return "the disk reports errors: `dmesg`";
    case -ETIMEDOUT:
        return "the disk does not answer: `dmesg`";
    default:
        return strerrordesc_np(-fault);
    }
}

/* What to type, where only the errno is known. */
static void store_explain(const struct store *store, int error, struct buf *fault)
{
    if (fault && fault->len == 0)
        (void)buf_printf(fault, "%s: %s%s%s%s", store->path, store_advice(error),
                         store->fault[0] ? " (" : "", store->fault,
                         store->fault[0] ? ")" : "");
}

static int store_prepare(struct store *store)
{
    int64_t version = 0;
    int r = db_version(store, &version);

    if (r < 0 || (store->mode != STORE_OWN && store->mode != STORE_WRITE))
        return r;
    store->writing = calloc(1, sizeof(*store->writing));
    if (!store->writing)
        return -ENOMEM;
    store->writing->version_told = store->writing->version_known = version;
    store->writing->outbox_changed = true; /* nobody has looked at it yet */
    return 0;
}

static int store_open_as(const char *path, enum store_mode mode, bool is_again,
                         struct store **ret, struct buf *fault)
{
    _cleanup_(store_closep) struct store *store = calloc(1, sizeof(*store));
    int r;

    *ret = NULL;
    if (!store)
        return -ENOMEM;
    store->mode = mode;
    store->path = strdup(path);
    if (!store->path)
        return -ENOMEM;
    r = db_open(store, is_again, fault);
    if (r == 0)
        r = store_prepare(store);
    if (r < 0) {
        store_explain(store, r, fault);
        return r;
    }
    *ret = take_ptr(store);
    return 0;
}

int store_open(const char *path, enum store_mode mode, struct store **ret,
               struct buf *fault)
{
    return store_open_as(path, mode, false, ret, fault);
}

int store_open_again(const char *path, struct store **ret, struct buf *fault)
{
    return store_open_as(path, STORE_OWN, true, ret, fault);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    store_rollback(store);
    db_close(store);
    free(store->writing);
    free(store->path);
    free(store);
}

bool store_fault_stays(int fault)
{
    return fault == -EUCLEAN || fault == -ENOTSUP || fault == -ESTALE;
}

const char *store_fault(const struct store *store)
{
    return store->fault;
}

/* --- transactions ---------------------------------------------------------------- */

/* What others wrote since our last transaction makes what we remember of topics stale. */
static int store_look_around(struct store *store)
{
    int64_t version = 0;
    int r = db_version(store, &version);

    if (r == 0 && version != store->writing->version_known) {
        write_forget(store);
        store->writing->version_known = version;
    }
    return r;
}

int store_begin(struct store *store)
{
    int r;

    assert(store->writing && !store->in_transaction);
    r = db_begin(store);
    if (r < 0)
        return r;
    store->in_transaction = true;
    store->writing->change_ids = (struct change_ids){0};
    r = store_look_around(store);
    if (r < 0)
        store_rollback(store);
    return r;
}

void store_rollback(struct store *store)
{
    if (!store->in_transaction)
        return;
    write_forget(store);
    guard_forget(store);
    outbox_transaction_ended(store, false);
    db_rollback(store);
    store->in_transaction = false;
}

int store_commit(struct store *store)
{
    int r;

    assert(store->in_transaction);
    r = write_flush(store);
    if (r == 0)
        r = db_commit(store);
    if (r < 0) {
        store_rollback(store);
        return r;
    }
    store->in_transaction = false;
    outbox_transaction_ended(store, true);
    return 0;
}

int store_finish(struct store *store, int r)
{
    if (r >= 0)
        return store_commit(store);
    store_rollback(store);
    return r;
}

int store_probe(struct store *store)
{
    int r = store_begin(store);

    return r < 0 ? r : store_finish(store, db_do(store, SQL_PROBE));
}
