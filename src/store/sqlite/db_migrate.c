#include <errno.h>
#include <stdio.h>

#include "store/sqlite/db.h"
#include "store/sqlite/schema_sql.h"

#define MIGRATION_COUNT ((int)(sizeof(migrations) / sizeof(migrations[0])))

struct identity {
    int64_t application_id;
    int64_t version;
    int64_t objects; /* tables, views and indexes; reading them checks the schema */
};

/* The first column of the first row of `sql`. */
static int identity_read_number(struct store *store, const char *sql, int64_t *ret)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->db->sqlite, sql, -1, &statement, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return rc == SQLITE_ROW ? 0 : db_fault(store, rc, "reading the file's header");
}

static int identity_read(struct store *store, struct identity *ret)
{
    int r = identity_read_number(store, "PRAGMA application_id", &ret->application_id);

    if (r == 0)
        r = identity_read_number(store, "PRAGMA user_version", &ret->version);
    if (r == 0)
        r = identity_read_number(store, "SELECT count(sql) FROM sqlite_schema",
                                 &ret->objects);
    return r;
}

static int identity_refuse(struct store *store, int error, struct buf *fault,
                           const char *text)
{
    (void)snprintf(store->fault, sizeof(store->fault), "%s", text);
    if (fault)
        (void)buf_printf(fault, "%s %s", store->path, text);
    return error;
}

/* 0 when the file is up to date or, for its owner, can be brought there. */
static int identity_judge(struct store *store, const struct identity *identity,
                          struct buf *fault)
{
    bool is_new = identity->version == 0 && identity->objects == 0;

    if (is_new && store->db->is_again)
        return identity_refuse(store, -ENOENT, fault,
                               "is empty: restore a backup to it; sesbounced(8)");
    if (is_new && store->mode == STORE_OWN)
        return 0;
    if (is_new)
        return identity_refuse(store, -ENOENT, fault,
                               "holds nothing yet: start sesbounced, which sets it up");
    if (identity->application_id != STORE_APPLICATION_ID)
        return identity_refuse(
            store, -ENOTSUP, fault,
            "is an SQLite database, but not one of sesbounced's: set [store] path "
            "to another file");
    if (identity->version > MIGRATION_COUNT)
        return identity_refuse(
            store, -ENOTSUP, fault,
            "was made by a newer sesbounced: install that version again, or "
            "restore the backup from before the upgrade");
    if (identity->version < MIGRATION_COUNT && store->mode != STORE_OWN)
        return identity_refuse(
            store, -ENOTSUP, fault,
            "is of an older version: restart sesbounced, which upgrades it");
    return 0;
}

static int migrations_apply(struct store *store, int64_t from)
{
    char sql[96];
    int r;

    for (int64_t i = from; i < MIGRATION_COUNT; i++) {
        r = db_exec(store, migrations[i].sql, migrations[i].name);
        if (r < 0)
            return r;
    }
    (void)snprintf(sql, sizeof(sql),
                   "PRAGMA application_id = %d; PRAGMA user_version = %d",
                   STORE_APPLICATION_ID, MIGRATION_COUNT);
    return db_exec(store, sql, "setting the version");
}

/* Nobody waits for what retention deletes of a new file. That an old one was lost is for
 * `status`, which shows it for STORE_LOST_TELL_DAYS. */
static int file_note_beginning(struct store *store)
{
    int r = db_exec(store, "INSERT INTO total (name, n) VALUES ('prune_from', 0)",
                    "noting that a list was begun");

    if (r < 0 || !store->db->was_lost)
        return r;
    return db_exec(store,
                   "INSERT INTO total (name, n)"
                   " VALUES ('begun_anew_at', strftime('%s', 'now'))",
                   "noting that an empty list was begun");
}

/* --- a file that holds something, which may take long ---------------------------- */

static struct {
    store_upgrade_fn *hear;
    void *context;
} upgrade_hearer;

void store_on_upgrade(store_upgrade_fn *hear, void *context)
{
    upgrade_hearer.hear = hear;
    upgrade_hearer.context = context;
}

struct upgrading {
    struct store_upgrade now;
    int64_t begun_ms, told_ms;
};

static void upgrade_tell(struct upgrading *upgrading, enum store_upgrade_stage what)
{
    upgrading->told_ms = clock_mono_ms();
    upgrading->now.what = what;
    upgrading->now.took_ms = upgrading->told_ms - upgrading->begun_ms;
    if (upgrade_hearer.hear)
        upgrade_hearer.hear(upgrade_hearer.context, &upgrading->now);
}

static int upgrade_progress(void *context)
{
    struct upgrading *upgrading = context;

    if (clock_mono_ms() - upgrading->told_ms >= STORE_UPGRADE_TELL_MS)
        upgrade_tell(upgrading, STORE_UPGRADE_GOES_ON);
    return 0;
}

/* All or nothing, and once: the version is read again under the lock. `upgrading` is NULL
 * for a new file. */
static int file_upgrade(struct store *store, struct upgrading *upgrading,
                        struct buf *fault)
{
    struct identity identity = {0};
    int r = db_exec(store, "BEGIN EXCLUSIVE", "beginning a migration");

    if (r < 0)
        return r;
    if (upgrading)
        upgrade_tell(upgrading, STORE_UPGRADE_BEGINS);
    r = identity_read(store, &identity);
    if (r == 0)
        r = identity_judge(store, &identity, fault);
    if (r == 0)
        r = migrations_apply(store, identity.version);
    if (r == 0 && identity.version == 0)
        r = file_note_beginning(store);
    if (r == 0)
        r = db_exec(store, "COMMIT", "committing a migration");
    store->db->is_new = r == 0 && identity.version == 0;
    if (r < 0 && !sqlite3_get_autocommit(store->db->sqlite))
        (void)sqlite3_exec(store->db->sqlite, "ROLLBACK", NULL, NULL, NULL);
    return r;
}

/* Sorts of millions of rows would take more memory than the unit allows. For new files
 * there is nothing to sort. */
static int file_upgrade_large(struct store *store, struct buf *fault, int version)
{
    struct upgrading upgrading = {.now = {.from = version, .to = MIGRATION_COUNT},
                                  .begun_ms = clock_mono_ms()};
    int r = identity_read_number(store, "SELECT coalesce(max(id), 0) FROM event",
                                 &upgrading.now.events);
    int back;

    if (r == 0)
        r = db_exec(store, "PRAGMA temp_store = FILE", "preparing a migration");
    if (r < 0)
        return r;
    sqlite3_progress_handler(store->db->sqlite, STORE_CHECK_STEPS, upgrade_progress,
                             &upgrading);
    r = file_upgrade(store, &upgrading, fault);
    sqlite3_progress_handler(store->db->sqlite, 0, NULL, NULL);
    if (r == 0)
        upgrade_tell(&upgrading, STORE_UPGRADE_ENDS);
    back = db_exec(store, "PRAGMA temp_store = MEMORY", "after a migration");
    return r < 0 ? r : back;
}

int db_migrate_check(struct store *store, struct buf *fault)
{
    struct identity identity = {0};
    int r = identity_read(store, &identity);

    return r < 0 ? r : identity_judge(store, &identity, fault);
}

int db_migrate(struct store *store, struct buf *fault)
{
    struct identity identity = {0};
    int r = identity_read(store, &identity);

    if (r == 0)
        r = identity_judge(store, &identity, fault);
    if (r == 0 && identity.version < MIGRATION_COUNT)
        r = identity.version == 0
                ? file_upgrade(store, NULL, fault)
                : file_upgrade_large(store, fault, (int)identity.version);
    return r;
}
