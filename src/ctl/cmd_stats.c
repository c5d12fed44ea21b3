/* stats: counts and rates over days, by day, or by who sent or to whom. */
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "sesbounce/rates.h"

/* A full bar, at which AWS pauses sending. */
#define BAR_RATE  0.1
#define BAR_CELLS 20

struct stats {
    struct ctl *ctl;
    struct output output;
};

/* --- the table --- */

/* U+2588 FULL BLOCK, and those of one to seven eighths before it: U+258F … U+2589. */
static void bar_write(double rate, char ret[4 * BAR_CELLS])
{
    double share = rate < BAR_RATE ? rate / BAR_RATE : 1;
    size_t eighths = (size_t)(share * BAR_CELLS * 8 + 0.5), len = 0;
    if (eighths == 0 && rate > 0)
        eighths = 1;
    for (; eighths > 0; eighths -= eighths < 8 ? eighths : 8) {
        memcpy(ret + len, "\xE2\x96", 2);
        ret[len + 2] = (char)(0x90 - (int)(eighths < 8 ? eighths : 8));
        len += 3;
    }
    ret[len] = '\0';
}

static const char *rate_text(const struct store_value *rate, const char *none, int digits,
                             char ret[CLOCK_TEXT_BYTES])
{
    if (!rate)
        return none;
    (void)snprintf(ret, CLOCK_TEXT_BYTES, "%.*f %%", digits, 100 * rate->real);
    return ret;
}

static int table_row_write(struct stats *stats, const struct store_value *first,
                           const struct store_value *values, size_t count)
{
    static const char *const shown[] = {"sends", "deliveries", "hard_bounces",
                                        "soft_bounces", "complaints"};
    enum { SHOWN = sizeof(shown) / sizeof(*shown) };
    const struct store_value *bounces = output_find(values, count, "bounce_rate");
    const char *none = rates_row_has_reports(values, count) ? "unknown" : NULL;
    char texts[4][CLOCK_TEXT_BYTES], bar[4 * BAR_CELLS];
    struct store_value row[SHOWN + 6] = {*first};
    for (size_t i = 0; i < SHOWN; i++) {
        const struct store_value *value = output_find(values, count, shown[i]);
        row[1 + i] = value ? *value : output_text(shown[i], NULL);
    }
    bar_write(bounces ? bounces->real : 0, bar);
    row[SHOWN + 1] = output_text("bounce_rate", rate_text(bounces, none, 2, texts[0]));
    row[SHOWN + 2] = output_text(
        "complaint_rate",
        rate_text(output_find(values, count, "complaint_rate"), none, 3, texts[1]));
    row[SHOWN + 3] = output_text(
        "of_reporting", rate_text(output_find(values, count, "reporting_complaint_rate"),
                                  NULL, 3, texts[2]));
    row[SHOWN + 4] =
        output_text("unseen", rate_text(output_find(values, count, "unseen_share"), NULL,
                                        0, texts[3]));
    row[SHOWN + 5] = output_text("0 … 10 %", bar[0] ? bar : NULL);
    return output_row(&stats->output, row, SHOWN + 6);
}

static int sum_row_write(void *context, const struct store_value *values, size_t count)
{
    const struct store_value all = output_text("day", "all days");
    return table_row_write(context, &all, values, count);
}

static int stats_row_write(void *context, const struct store_value *values, size_t count)
{
    struct stats *stats = context;
    return stats->ctl->format == OUTPUT_TABLE
               ? table_row_write(stats, values, values, count)
               : output_row(&stats->output, values, count);
}

/* --- the verb --- */

static bool by_read(const char *word, enum store_stats_by *ret)
{
    if (rates_by_parse(word, ret))
        return true;
    ctl_fail("stats cannot count by `%s`; there are: %s", word, rates_by_words);
    return false;
}

/* From the beginning of a day, today being the last. */
static bool since_read(const struct ctl *ctl, int64_t *ret_ms)
{
    int64_t days = RATES_DAYS;
    if (ctl_given(ctl, OPTION_DAYS) &&
        !ctl_number("--days", ctl->value[OPTION_DAYS], &days))
        return false;
    int64_t today = ctl->now_ms / CLOCK_DAY_MS;
    *ret_ms = (days > today ? 0 : today + 1 - days) * CLOCK_DAY_MS;
    return true;
}

/* Behind the days, what they come to; a program asks for it with --by all. */
static int stats_write(struct stats *stats, enum store_stats_by by, int64_t since_ms,
                       int64_t limit, struct rates_result *ret)
{
    struct store *store = stats->ctl->store;
    struct rates_result all = {.is_cut = false};
    int r = rates_read(store, by, since_ms, limit, stats_row_write, stats, ret);
    if (r == 0 && by == STORE_STATS_DAY && stats->ctl->format == OUTPUT_TABLE &&
        stats->output.rows > 1)
        r = rates_read(store, STORE_STATS_ALL, since_ms, 0, sum_row_write, stats, &all);
    return r;
}

static void unknown_explain(struct stats *stats, enum store_stats_by by, int64_t since_ms)
{
    _cleanup_(buf_done) struct buf text = {.max = CTL_MESSAGE_BYTES_MAX};
    if (rates_explain(stats->ctl->store, by, since_ms, &text) == 0)
        ctl_note("%s", buf_str(&text).data);
}

int cmd_stats(struct ctl *ctl)
{
    enum store_stats_by by = STORE_STATS_DAY;
    struct stats stats = {.ctl = ctl};
    struct rates_result result = {0};
    int64_t since_ms, limit = 0;
    if (ctl_given(ctl, OPTION_BY) && !by_read(ctl->value[OPTION_BY], &by))
        return CTL_COULD_NOT;
    if (ctl_given(ctl, OPTION_LIMIT) &&
        !ctl_number("--limit", ctl->value[OPTION_LIMIT], &limit))
        return CTL_COULD_NOT;
    if (!since_read(ctl, &since_ms) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    bool own_limit = limit == 0 && by > STORE_STATS_ALL && ctl->format == OUTPUT_TABLE;
    if (own_limit)
        limit = CTL_TABLE_LIMIT;
    ctl_output(ctl, &stats.output, NULL);
    int code = ctl_output_end(ctl, &stats.output,
                              stats_write(&stats, by, since_ms, limit, &result));
    if (code != CTL_DONE)
        return code;
    if (result.is_cut && own_limit)
        ctl_note("there are more: these are the worst %d; --limit N shows more, -o json "
                 "or -o csv all",
                 CTL_TABLE_LIMIT);
    if (result.lacks_rates)
        unknown_explain(&stats, by, since_ms);
    return code;
}
