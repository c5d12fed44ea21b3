/*
 * The writer: the one thread that changes the database, with its checkpointer. It runs
 * the jobs in its mailbox, and knows nothing of their kinds.
 *
 * Group commit: it takes what queued up while the last fsync ran, adds it to one
 * transaction and ends all of it after the commit. No timer, no tunable. When a
 * transaction fails it is rolled back and its jobs are tried one by one, and only those
 * that fail end with a fault.
 */
#ifndef SESBOUNCED_WRITER_H
#define SESBOUNCED_WRITER_H

#include "daemon/service.h"
#include "sesbounce/store.h"

struct writer;

/*
 * Starts both threads. `store` (taken over) may be NULL: then the file could not be
 * opened, the health of the service says why, and the writer keeps trying.
 */
int writer_start(struct service *service, struct store *store, struct writer **ret);

/*
 * By main, at each tick: ends the jobs in the mailbox that would be late before the next
 * one; what is inside the writer's transaction may yet be committed, and waits. When the
 * writer has hung for ANSWER_MS, nothing is stored: the health of the service says so.
 */
void writer_sweep(struct service *service, int64_t mono_ms);

/* Closes the mailbox, finishes the jobs in it, checkpoints, closes, joins, frees. NULL is
 * allowed. */
void writer_stop(struct writer *writer);

#endif
