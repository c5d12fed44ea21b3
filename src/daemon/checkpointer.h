/*
 * Checkpoints off the commit path.
 *
 * A checkpoint beside a busy writer never finishes by itself (measured: the WAL grew
 * beyond 1 GB). So a thread with a second connection copies PASSIVE once the WAL has
 * grown past STORE_WAL_BYTES, and when it returns the writer restarts the WAL at its
 * next batch boundary, for which little is left to copy. The mutex guards `state` and
 * `stopping`.
 */
#ifndef SESBOUNCED_CHECKPOINTER_H
#define SESBOUNCED_CHECKPOINTER_H

#include "daemon/busy.h"
#include "sesbounce/store.h"

struct checkpointer;

/* Borrows `path` and `busy`, which it publishes. Opens its connection only when there is
 * something to do. 0, or -errno and nothing is running. */
int checkpointer_start(const char *path, busy_since *busy, struct checkpointer **ret);

/* By the writer, between two transactions: asks for a checkpoint, or ends one. Warns of a
 * reader that held up so many that the WAL has STORE_WAL_PINNED_BYTES. */
void checkpointer_edge(struct checkpointer *checkpointer, struct store *store);

/* By the writer, before it closes the store for good: waits for the checkpoint under way,
 * and closes the connection. A file that is about to be replaced must have no other user:
 * two files with one inode would share a -shm. It is opened again when next asked. */
void checkpointer_let_go(struct checkpointer *checkpointer);

/* Waits for the checkpoint under way, and frees. Takes NULL. */
void checkpointer_stop(struct checkpointer *checkpointer);

#endif
