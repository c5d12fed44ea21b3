/* Alerts about bounce and complaint rates. */
#include <stdio.h>
#include <string.h>

#include "sesbounce/alert.h"

/* Below a threshold by this part, a rate no longer keeps an alert that it raised. */
#define HYSTERESIS 0.8

int64_t alert_volume(const struct alert_counts *counts)
{
    return counts->sends > 0
               ? counts->sends
               : counts->deliveries + counts->hard_bounces + counts->soft_bounces;
}

void alert_counts_add(struct alert_counts *to, const struct alert_counts *counts)
{
    to->sends += counts->sends;
    to->deliveries += counts->deliveries;
    to->hard_bounces += counts->hard_bounces;
    to->soft_bounces += counts->soft_bounces;
    to->complaints += counts->complaints;
}

/* As the view `daily` has them. */
struct rate {
    int64_t n, of;
};

static struct rate rate_of_bounces(const struct alert_counts *counts)
{
    struct rate rate = {counts->hard_bounces, counts->sends};

    if (counts->sends == 0)
        rate.of = counts->deliveries > 0 ? alert_volume(counts) : 0;
    return rate;
}

static struct rate rate_of_complaints(const struct alert_counts *counts)
{
    return (struct rate){counts->complaints,
                         counts->deliveries > 0 ? counts->deliveries : counts->sends};
}

static double rate_value(struct rate rate)
{
    if (rate.of == 0)
        return 0;
    return rate.n < rate.of ? (double)rate.n / (double)rate.of : 1;
}

/* Exact, so that 25 of 1000 are 2.5 %. */
static bool rate_reaches(struct rate rate, double threshold)
{
    return rate.of > 0 && (double)rate.n * ALERT_RATE_ONE >= (double)rate.of * threshold;
}

static enum alert_level rate_level(struct rate rate, const struct alert_levels *levels,
                                   double part)
{
    enum alert_level level = ALERT_NONE;

    for (int i = 0; i < ALERT_LEVELS; i++)
        if (rate_reaches(rate, part * levels->rate[i]))
            level = (enum alert_level)(i + 1);
    return level;
}

static int64_t window_least(const struct alert_rates *rates, enum alert_window window)
{
    return window == ALERT_HOUR ? 2 * rates->least_sends : rates->least_sends;
}

/* The window that is worst, and tells most. */
struct rate_found {
    struct rate rate;
    enum alert_window window;
    enum alert_level reached, kept;
};

static struct rate_found rate_find(const struct alert_rates *rates,
                                   const struct alert_sender *sender,
                                   struct rate (*rate_of)(const struct alert_counts *),
                                   const struct alert_levels *levels)
{
    static const enum alert_window windows[] = {ALERT_DAY, ALERT_HOUR, ALERT_LONG};
    struct rate_found found = {.reached = ALERT_NONE};

    for (size_t i = 0; i < ALERT_WINDOWS; i++) {
        enum alert_window window = windows[i];
        const struct alert_counts *counts = &sender->counts[window];
        struct rate rate = rate_of(counts);
        enum alert_level kept = rate_level(rate, levels, HYSTERESIS);
        enum alert_level reached = rate_level(rate, levels, 1);

        if (alert_volume(counts) < window_least(rates, window) || kept == ALERT_NONE)
            continue;
        if (reached > found.reached || kept > found.kept) {
            found.rate = rate;
            found.window = window;
        }
        found.reached = reached > found.reached ? reached : found.reached;
        found.kept = kept > found.kept ? kept : found.kept;
    }
    return found;
}

static void window_print(const struct alert_sender *sender, enum alert_window window,
                         char *ret, size_t size)
{
    if (window == ALERT_LONG)
        (void)snprintf(ret, size, "the last %lld days", (long long)sender->long_days);
    else
        (void)snprintf(ret, size, "the last %s",
                       window == ALERT_DAY ? "24 hours" : "hour");
}

/* An identity can be a mail address: the text names its domain only. */
static void sender_print(const struct alert_sender *sender, char *ret, size_t size)
{
    const char *at = strrchr(sender->identity, '@');

    if (sender->identity[0] == '\0')
        (void)snprintf(ret, size, "all mail");
    else if (at)
        (void)snprintf(ret, size, "mail of an address of %s", at + 1);
    else
        (void)snprintf(ret, size, "mail of %s", sender->identity);
}

static int rate_read(struct alert_readings *readings, enum alert_name name,
                     const struct rate_found *found, const struct alert_levels *levels,
                     const struct alert_sender *sender)
{
    enum alert_level shown = found->reached ? found->reached : found->kept;
    struct alert_reading reading = {.name = name,
                                    .reached = found->reached,
                                    .kept = found->kept,
                                    .has_value = true,
                                    .value = rate_value(found->rate)};
    char who[ALERT_SUBJECT_BYTES + 32], window[32];

    if (found->kept == ALERT_NONE)
        return 0;
    reading.threshold = (double)levels->rate[shown - 1] / ALERT_RATE_ONE;
    (void)snprintf(reading.subject, sizeof(reading.subject), "%s", sender->identity);
    sender_print(sender, who, sizeof(who));
    window_print(sender, found->window, window, sizeof(window));
    return alert_add(
        readings, &reading, "%.*f %% of %s in %s (%lld of %lld); the threshold is %g %%",
        name == ALERT_BOUNCE_RATE ? 1 : 2, 100 * reading.value, who, window,
        (long long)found->rate.n, (long long)found->rate.of, 100 * reading.threshold);
}

int alert_read_rates(struct alert_readings *readings, const struct alert_rates *rates,
                     const struct alert_sender *senders, size_t count)
{
    static const struct {
        enum alert_name name;
        struct rate (*of)(const struct alert_counts *counts);
    } kinds[] = {{ALERT_BOUNCE_RATE, rate_of_bounces},
                 {ALERT_COMPLAINT_RATE, rate_of_complaints}};
    int r = 0;

    for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
        const struct alert_levels *levels = k == 0 ? &rates->bounce : &rates->complaint;
        enum alert_level of_all = ALERT_NONE;

        for (size_t i = 0; i < count && r == 0; i++) {
            struct rate_found found = rate_find(rates, &senders[i], kinds[k].of, levels);

            if (i == 0)
                of_all = found.kept;
            /* One alert is enough for one thing; what is raised already stays. */
            else if (found.reached <= of_all)
                found.reached = ALERT_NONE;
            r = rate_read(readings, kinds[k].name, &found, levels, &senders[i]);
        }
    }
    return r;
}
