/*
 * What is done to a store while faults are made: steps through its public API, the same
 * in every run, and the state that each step leaves behind.
 *
 * A state is the text of every row of every table, so that two equal states agree in
 * every message, event, body, counter and entry. workload_learn() makes one undisturbed
 * run, checks each state against the messages themselves, and keeps them; all that a
 * fault may leave behind is one of these.
 */
#ifndef TESTS_FAULT_WORKLOAD_H
#define TESTS_FAULT_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sesbounce/store_read.h"

/* 2026-09-21T14:13:20Z; no clock is asked. */
#define WORKLOAD_NOW_MS INT64_C(1790000000000)

#define WORKLOAD_STEPS_MAX 40

/* A directory of its own, in memory where that can be had, and the store in it. */
struct place {
    char directory[64];
    char path[80];
    struct store *store;
};
void place_make(struct place *place);
void place_close(struct place *place);
/* Removes the database with all that belongs to it. */
void place_clear(struct place *place);
void place_remove(struct place *place);
/* Opens as the daemon does; fails the test when that fails. */
void place_open(struct place *place);

/* The files as bytes, to begin from the same again. */
struct snapshot {
    unsigned char *bytes[3]; /* in the order of enum vfs_file; NULL: not there */
    size_t sizes[3];
};
void snapshot_take(const struct place *place, struct snapshot *ret);
void snapshot_put(const struct snapshot *snapshot, const struct place *place);
void snapshot_done(struct snapshot *snapshot);

struct state {
    char *text;
    long messages; /* known by their SNS id, or counted */
};
/* Of the open store of this place. */
void state_read(const struct place *place, struct state *ret);
void state_done(struct state *state);
/* Fails the test with the first line that differs. */
void state_expect(const struct state *state, const struct state *expected,
                  const char *what);

size_t workload_steps(void);
const char *workload_name(size_t step);
/* Deliveries of a step: SNS sends them again until they are acknowledged. */
bool workload_is_batch(size_t step);
/* 0 or the store's fault. Step 0 opens the store. */
int workload_run(struct place *place, size_t step);
/* The deliveries of a step once more; all must be known. */
void workload_repeat(struct place *place, size_t step);

/* The undisturbed run: the state after each step. `after` (may be NULL) is called with
 * the place after each. */
void workload_learn(struct place *place, void (*after)(void *context, size_t step),
                    void *context);
const struct state *workload_state(size_t step);
/* How many messages are acknowledged once this many steps are done. */
long workload_acknowledged(size_t steps);

void workload_start(void);
void workload_done(void);

#endif
