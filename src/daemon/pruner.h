/*
 * When the writer prunes: what `[retention]` keeps no longer goes in short steps, between
 * which deliveries have most of the writer's time, and so does the space that this frees.
 * Of the writer's thread.
 */
#ifndef SESBOUNCED_PRUNER_H
#define SESBOUNCED_PRUNER_H

#include "sesbounce/settings.h"
#include "sesbounce/store_retention.h"

struct pruner {
    struct store_pruning pruning;
    bool is_announced; /* what goes may go */
    int64_t from_ms;   /* by the wall clock: nothing goes before; 0: not told */
    int64_t next_ms;   /* of the clock that only runs forward: the next step */
    int64_t restart_ms;
};

void pruner_init(struct pruner *pruner, const struct settings *settings);

/* A step if it is time for one. 0 or a fault of the store. */
int pruner_step(struct pruner *pruner, struct store *store);

#endif
