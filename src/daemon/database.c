#include "daemon/database.h"

#include <errno.h>

#include "daemon/limits.h"

void database_tell_if_new(const struct store *store, const char *path)
{
    if (store_is_new(store))
        log_event(LOG_LEVEL_WARNING,
                  "there was no database, so a new, empty list was begun",
                  {"PATH", str_of(path)},
                  {"ADVICE", STR("on a new installation all is well; if a database was "
                                 "lost, stop sesbounced and restore a backup: "
                                 "sesbounced(8)")});
}

static const char *database_path(const struct database *database)
{
    return database->service->settings->store.path;
}

/* What was replaced before we noticed (-ESTALE) is another file already. */
static void database_let_go(struct database *database, int fault)
{
    checkpointer_let_go(database->checkpointer);
    service_send_readers_away(database->service);
    if (database->store)
        store_files_of(database->store, &database->held);
    store_close(take_ptr(database->store));
    database->lasting = fault;
    database->look_seen = store_fingerprint(database_path(database));
    database->look_tried = fault == -ESTALE ? 0 : database->look_seen;
}

void database_fault(struct database *database, const char *what, int fault)
{
    unsigned held_back = 0;

    health_store_fails(&database->service->health, fault);
    if (log_ration_pass(&database->fault_ration, clock_mono_ms(),
                        STORE_FAULT_LOGS_A_MINUTE, &held_back))
        log_event(
            LOG_LEVEL_ERROR, what, {"ERROR", str_of(strerror(-fault))},
            {"DETAIL", str_of(database->store ? store_fault(database->store) : NULL)});
    health_store_tell(&database->service->health, database_path(database));
    if (store_fault_stays(fault))
        database_let_go(database, fault);
}

void database_works(struct database *database)
{
    if (!database->lasting)
        health_store_works(&database->service->health, database_path(database));
}

int database_unusable(const struct database *database)
{
    if (database->store)
        return 0;
    return database->lasting ? database->lasting : -EIO;
}

/* --- repair ---------------------------------------------------------------------- */

/* A person who replaces the database may leave the log of the old one beside it. */
static int database_set_log_aside(const struct database *database)
{
    int r = store_set_log_aside(database_path(database), &database->held);

    if (r == 1)
        log_event(
            LOG_LEVEL_WARNING,
            "the write-ahead log of the database that was replaced does not belong "
            "to the new one and was renamed",
            {"PATH", str_of(database_path(database))},
            {"ADVICE", STR("it is PATH-wal.old; remove it, or keep it together with "
                           "the old database")});
    return r < 0 ? r : 0;
}

/* What fails for a reason that is not the file's own, such as a lock, is tried again. */
static void database_try_replaced(struct database *database)
{
    const char *path = database_path(database);
    int before = health_store_fault(&database->service->health);
    _cleanup_(buf_done) struct buf detail;
    bool of_file;
    int r;

    buf_init(&detail, STORE_FAULT_BYTES_MAX);
    r = database_set_log_aside(database);
    if (r == 0)
        r = store_open_again(path, &database->store, &detail);
    if (r == 0) {
        service_allow_readers(database->service, database->store);
        database->lasting = 0;
        database_works(database);
        return;
    }
    of_file = store_fault_stays(r) || r == -ENOENT || r == -EACCES;
    if (of_file || r != before)
        log_event(LOG_LEVEL_ERROR, "the database that is there now cannot be used",
                  {"ERROR", str_of(strerror(-r))}, {"DETAIL", buf_str(&detail)});
    health_store_fails(&database->service->health, r);
    if (of_file)
        database->look_tried = database->look_seen = store_fingerprint(path);
}

/* Has another file taken the place of the one that cannot be used? */
static void database_mend_lasting(struct database *database)
{
    uint64_t look = store_fingerprint(database_path(database));

    if (look != database->look_tried && look == database->look_seen) {
        database_try_replaced(database);
        return;
    }
    health_store_fails(&database->service->health,
                       health_store_fault(&database->service->health));
    database->look_seen = look;
}

static int database_open(struct database *database)
{
    const char *path = database_path(database);
    int r = store_open(path, STORE_OWN, &database->store, NULL);

    if (r == 0) {
        service_allow_readers(database->service, database->store);
        database_tell_if_new(database->store, path);
    }
    if (store_fault_stays(r))
        database_let_go(database, r);
    return r;
}

/* A file that cannot be opened yet is tried again; a store that failed is probed. */
static void database_mend_passing(struct database *database)
{
    int before = health_store_fault(&database->service->health);
    int r = database->store ? store_probe(database->store) : database_open(database);

    if (r == 0)
        database_works(database);
    else if (r != before) /* not the same each second */
        database_fault(database, "the database still cannot be used", r);
    else
        health_store_fails(&database->service->health, r);
}

void database_mend(struct database *database)
{
    if (health_store_fault(&database->service->health) == 0)
        return;
    if (database->lasting)
        database_mend_lasting(database);
    else
        database_mend_passing(database);
    if (health_store_fault(&database->service->health) != 0)
        health_store_tell(&database->service->health, database_path(database));
}
