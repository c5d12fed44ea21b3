/*
 * What the files of src/store/sqlite share: the SQLite side of a connection. The rules of
 * store/engine.h are theirs, too.
 */
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include <sqlite3.h>

#include "store/engine.h"

/* 'SESB': application_id in the file's header. */
#define STORE_APPLICATION_ID 0x53455342

struct db {
    sqlite3 *sqlite;
    sqlite3 *early; /* holds a lock for readers from before; else NULL */
    bool has_early; /* there are such readers: store_early_reader() */
    int turn_fd;    /* PATH.turn, -1 for readers */
    bool has_turn;
    int64_t turn_taken_ms, turn_given_ms; /* the last time; 0: never */
    bool is_again;                        /* opened by store_open_again() */
    bool at_rest;                         /* opened by db_rest_open() */
    bool is_ready;                        /* opened with success */
    bool is_new;                          /* this connection set the file up */
    bool was_lost;   /* it had to create the file, but there was one before */
    bool is_spoiled; /* corrupt, or not the file at `path`: nothing is put right at the
                        end */
    struct store_files files; /* STORE_OWN */
    int64_t wal_bytes;
    int compact_pages; /* of the next step; 0 before the first */
    sqlite3_stmt *statements[SQL_COUNT];
    uint64_t bound[SQL_COUNT]; /* of each, which parameters may be other than NULL */
};

/* Each statement is in one of them. */
extern const char *const db_sql[SQL_COUNT];
extern const char *const db_sql_retention[SQL_COUNT];

/* --- db_call.c ------------------------------------------------------------------- */

/* Maps a result of SQLite's to an errno and keeps its text. Never returns 0. */
int db_fault(struct store *store, int rc, const char *what);

/* Runs SQL text without results. */
int db_exec(struct store *store, const char *sql, const char *what);

/* --- db_wal.c -------------------------------------------------------------------- */

/*
 * Opens the connection of a writer, which must stay at synchronous=FULL: it writes the
 * WAL in pieces of up to STORE_WAL_WRITE_BYTES. Takes its WAL and rollback hooks, and
 * keeps `wal_bytes`. A result of SQLite's.
 */
int db_wal_open(struct store *store, int flags);

/* --- db.c ------------------------------------------------------------------------ */

/* The name of a file beside the database, which the caller owns; NULL: -ENOMEM. */
char *db_beside(const char *path, const char *suffix);

/* --- db_look.c ------------------------------------------------------------------- */

/* Reads every page, for STORE_LOOK_MS at most: what is not found by then counts as sound.
 * 0 or -EUCLEAN, or another fault. */
int db_look_through(struct store *store);

/* Remembers which files they are, for store_files_of(). */
void db_look_at_files(struct store *store);

/* --- db_rest.c ------------------------------------------------------------------- */

/* Of a writer, between transactions and with no statement running: leaves a file that
 * needs no -wal and no -shm to be read, unless somebody else has it open. True when it
 * did; the WAL is gone then. */
bool db_rest(struct store *store);

/* Runs `sql`, which goes back to WAL, as sqlite3_exec() does; readers never find the file
 * without what they need. */
int db_wake(struct store *store, const char *sql,
            int (*row)(void *context, int count, char **values, char **names),
            void *context);

/*
 * Of the owner, right after opening. In a file that says WAL already, as after a crash or
 * a stop while somebody read it, SQLite sets up the -shm again if nobody uses it. A
 * process that begins to read at that moment, and may not do so itself, would be refused.
 * So this happens here, while nobody can begin. Not beside a hot journal: SQLite would
 * not recognise it then. Faults are left to the next statement.
 */
void db_wake_wal(struct store *store);

/* Opens again, for reading only, a file that could not be read because it has no -wal or
 * -shm. -EBUSY where there is a -wal with something in it: then that fault is another
 * one. */
int db_rest_open(struct store *store);

/* --- db_early.c ------------------------------------------------------------------ */

/*
 * Marks the present readers of the file as early readers, whom a checkpoint would
 * disturb. While nobody can begin to read without the WAL: SQLite's PENDING lock is held,
 * or the header says WAL. False, and nothing done, when nobody reads.
 */
bool db_early_mark(struct store *store);
/* From now on no process moves anything from the WAL into the file. */
int db_early_hold(struct store *store);
/* Undoes both. */
void db_early_end(struct store *store);
/* Keeps in PATH.turn whether there are any (STORE_OWN), and reads it there. */
void db_early_note(struct store *store);
bool db_early_is_noted(const struct store *store);

/* --- db_turn.c: transactions ----------------------------------------------------- */

/* Opens PATH.turn, creating it where the mode may. */
int db_turn_open(struct store *store);
/* -EBUSY when another process has it for longer than STORE_BUSY_MS. */
int db_turn_take(struct store *store);
void db_turn_give(struct store *store);

/* --- db_migrate.c ---------------------------------------------------------------- */

/* Brings the file to this program's version (STORE_OWN), or says why it cannot be used.
 */
int db_migrate(struct store *store, struct buf *fault);

/* The latter alone: changes nothing, so a file that is not ours stays as it is. */
int db_migrate_check(struct store *store, struct buf *fault);

#endif
