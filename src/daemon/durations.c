#include "daemon/durations.h"

#include "sesbounce/clock.h"

/* From a check of a signature to the longest answer that SNS waits for; texts, so that a
 * bound is spelt in one way. */
static const struct {
    int64_t us;
    const char *seconds;
} bounds[DURATIONS_BOUNDS] = {
    {100, "0.0001"},  {250, "0.00025"},   {500, "0.0005"},  {1000, "0.001"},
    {2500, "0.0025"}, {5000, "0.005"},    {10000, "0.01"},  {25000, "0.025"},
    {50000, "0.05"},  {100000, "0.1"},    {250000, "0.25"}, {1000000, "1.0"},
    {5000000, "5.0"}, {12000000, "12.0"},
};

void durations_add(struct durations *durations, int64_t begin_us)
{
    int64_t us = clock_mono_us() - begin_us;
    size_t i = 0;

    while (i < DURATIONS_BOUNDS && us > bounds[i].us)
        i++;
    atomic_fetch_add_explicit(&durations->counts[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&durations->sum_us, (uint64_t)us, memory_order_relaxed);
}

int durations_print(struct durations *durations, const char *name, struct buf *ret)
{
    uint64_t sum_us = atomic_load_explicit(&durations->sum_us, memory_order_relaxed);
    uint64_t count = 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i <= DURATIONS_BOUNDS; i++) {
        count += atomic_load_explicit(&durations->counts[i], memory_order_relaxed);
        r = buf_printf(ret, "%s_bucket{le=\"%s\"} %llu\n", name,
                       i < DURATIONS_BOUNDS ? bounds[i].seconds : "+Inf",
                       (unsigned long long)count);
    }
    return r < 0 ? r
                 : buf_printf(ret, "%s_sum %llu.%06llu\n%s_count %llu\n", name,
                              (unsigned long long)(sum_us / 1000000),
                              (unsigned long long)(sum_us % 1000000), name,
                              (unsigned long long)count);
}
