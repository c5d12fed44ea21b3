/*
 * The life of one address, told in words: `60 listed, 75 remove` is an event that
 * occurred on day 60, and a person's decision on day 75, told to us in this order.
 */
#ifndef TESTS_LIFE_H
#define TESTS_LIFE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sesbounce/policy_list.h"

#define DAY          CLOCK_DAY_MS
#define EVER         POLICY_FOR_EVER
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define LIFE_SOFTS_MAX  64
#define LIFE_TOTALS_MAX 256

/* An address, and the totals that its changes added up to. */
struct life {
    struct policy_address address;
    struct policy_soft softs[LIFE_SOFTS_MAX];
    struct policy_change last;
    struct policy_total totals[LIFE_TOTALS_MAX];
    size_t total_count;
};

void life_begin(struct life *life);

/* One of the table's, by its word. */
const struct policy_judgement *life_judgement(const char *word);

/*
 * From the beginning. A step is a day, which may have a fraction, and the word of a
 * judgement, with `:import` behind it when it was imported, `:guard` when the outage
 * guard is on, `:silent` when no Deliveries of the identity are seen; `add`, `add:DAY`
 * (until then), `add:NOTE`, `remove`, `removal` (without `--complaint`), `release`,
 * `drop`, `import`, `import:SINCE`; or `delivered`, a Delivery that is known and was not
 * told.
 */
void life_lead(struct life *life, const char *happened);

/* What is kept: an entry reads `REASON since-until events first-last detail`, what soft
 * counting knows `soft 1`, `doubt 2` or `delivery 3`. */
void life_put(const struct life *life, char *to, size_t room);

/* At each time at which an entry ends, exactly the strongest that lasts longer counts. */
void life_assert_totals(const struct life *life, const char *claim);

#endif
