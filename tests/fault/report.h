/*
 * What the fault programs tell of themselves: how many faults of a kind, how many
 * acknowledged messages were looked for afterwards, how many of them were lost or
 * doubled. report_end() appends a line a kind to the file $FAULT_REPORT names:
 *
 *     kind<TAB>injected<TAB>acknowledged<TAB>lost<TAB>doubled
 */
#ifndef TESTS_FAULT_REPORT_H
#define TESTS_FAULT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

struct report {
    const char *kind;
    long injected;
    long acknowledged;
    long lost;
    long doubled;
};

void report_end(const struct report *report);

/* FAULTS=short: a minute for all programs together. Without it a run is full. */
bool fault_is_short(void);

/* A sequence that FAULT_SEED repeats. */
struct dice {
    uint64_t state;
};
/* From $FAULT_SEED, else a fixed one for a short run and a new one for a full run; told
 * on standard output. */
struct dice dice_new(const char *who);
/* 0 to below `sides`. */
uint32_t dice_roll(struct dice *dice, uint32_t sides);

#endif
