/*
 * The writer: the one thread that changes the database, and its checkpointer.
 *
 * Group commit: takes what queued up while the last fsync ran, applies it in one
 * transaction and resumes all of it after the commit. No timer, no tunable. When a
 * transaction fails it is rolled back and its deliveries are tried one by one, and only
 * those that fail get 503.
 */
#ifndef SESBOUNCED_WRITER_H
#define SESBOUNCED_WRITER_H

#include "daemon/service.h"
#include "sesbounce/store.h"

struct writer;

/*
 * Starts both threads. `store` (taken over) may be NULL: then the file could not be
 * opened yet, the writer tries again from time to time, and everything gets 503 until it
 * works.
 */
int writer_start(struct service *service, struct store *store, struct writer **ret);

/* The log must say so if a list was lost. */
void writer_tell_if_new(const struct store *store, const char *path);

/* Lends a job to the writer. 0; -EAGAIN when full, -ESHUTDOWN when stopping. */
int writer_push(struct writer *writer, struct writer_job *job);

/* Would a delivery be refused now? */
bool writer_is_full(struct writer *writer);

/*
 * Answers deliveries in the queue with 503 that would be late before the next tick; what
 * is inside the writer's transaction may yet be committed, and waits. When the writer has
 * hung for ANSWER_MS, says that nothing is stored (`storing` and `trouble` of the
 * service). For main's thread, each tick.
 */
void writer_sweep(struct writer *writer, int64_t mono_ms);

/* Takes no more jobs, finishes those it has, checkpoints, closes, joins. */
void writer_stop(struct writer *writer);

/* After the HTTP threads have ended, which may push (and are refused) until then. */
void writer_free(struct writer *writer);

/* Is one of its threads stuck? */
bool writer_is_stuck(struct writer *writer, int64_t mono_ms);

/* 0, or -EUCLEAN or -ENOTSUP once the database turned out to be unusable. */
int writer_fatal(struct writer *writer);

#endif
