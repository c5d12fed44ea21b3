/* stats: counts and rates over days, by day, or by who sent or to whom. */
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "ctl/status_text.h"

/* A full bar, at which AWS pauses sending. */
#define BAR_RATE  0.1
#define BAR_CELLS 20

static const char *const words[STORE_STATS_BY] = {
    [STORE_STATS_DOMAIN] = "domain",
    [STORE_STATS_IDENTITY] = "identity",
    [STORE_STATS_CONFIGURATION_SET] = "configuration_set",
    [STORE_STATS_SCOPE] = "scope",
    [STORE_STATS_CAMPAIGN] = "campaign",
    [STORE_STATS_TENANT] = "tenant",
};

struct stats {
    struct ctl *ctl;
    struct output output;
    int64_t limit; /* 0: none */
    bool is_cut;
    bool lacks_sends; /* a row has something, but nothing to divide it by */
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

static int64_t count_of(const struct store_value *values, size_t count, const char *name)
{
    const struct store_value *value = output_find(values, count, name);
    return value ? value->integer : 0;
}

/* Is there anything that could be a part of something? */
static bool row_has_reports(const struct store_value *values, size_t count)
{
    return count_of(values, count, "hard_bounces") +
               count_of(values, count, "soft_bounces") +
               count_of(values, count, "complaints") >
           0;
}

static const char *rate_text(const struct store_value *rate, const char *none, int digits,
                             char ret[CLOCK_TEXT_BYTES])
{
    if (!rate)
        return none;
    (void)snprintf(ret, CLOCK_TEXT_BYTES, "%.*f %%", digits, 100 * rate->real);
    return ret;
}

static int table_row_write(struct stats *stats, const struct store_value *values,
                           size_t count)
{
    static const char *const shown[] = {"sends", "deliveries", "hard_bounces",
                                        "soft_bounces", "complaints"};
    enum { SHOWN = sizeof(shown) / sizeof(*shown) };
    const struct store_value *bounces = output_find(values, count, "bounce_rate");
    const struct store_value *complaints = output_find(values, count, "complaint_rate");
    const char *none = row_has_reports(values, count) ? "unknown" : NULL;
    char texts[2][CLOCK_TEXT_BYTES], bar[4 * BAR_CELLS];
    struct store_value row[SHOWN + 4] = {values[0]};
    for (size_t i = 0; i < SHOWN; i++) {
        const struct store_value *value = output_find(values, count, shown[i]);
        row[1 + i] = value ? *value : output_text(shown[i], NULL);
    }
    bar_write(bounces ? bounces->real : 0, bar);
    row[SHOWN + 1] = output_text("bounce_rate", rate_text(bounces, none, 2, texts[0]));
    row[SHOWN + 2] =
        output_text("complaint_rate", rate_text(complaints, none, 3, texts[1]));
    row[SHOWN + 3] = output_text("0 … 10 %", bar[0] ? bar : NULL);
    return output_row(&stats->output, row, SHOWN + 4);
}

static int stats_row_write(void *context, const struct store_value *values, size_t count)
{
    struct stats *stats = context;
    if (stats->limit > 0 && (int64_t)stats->output.rows >= stats->limit) {
        stats->is_cut = true;
        return 0;
    }
    if (row_has_reports(values, count) && !output_find(values, count, "bounce_rate") &&
        !output_find(values, count, "complaint_rate"))
        stats->lacks_sends = true;
    return stats->ctl->format == OUTPUT_TABLE ? table_row_write(stats, values, count)
                                              : output_row(&stats->output, values, count);
}

/* --- what is missing --- */

struct unknown_set {
    char name[SES_NAME_BYTES_MAX + 1]; /* of the worst one without a rate */
};

static int unknown_set_take(void *context, const struct store_value *values, size_t count)
{
    struct unknown_set *unknown = context;
    struct str name = output_find_text(values, count, "configuration_set");
    if (!str_present(name) || name.len >= sizeof(unknown->name) ||
        !row_has_reports(values, count) || output_find(values, count, "bounce_rate"))
        return 0;
    memcpy(unknown->name, name.data, name.len);
    unknown->name[name.len] = '\0';
    return 1;
}

static void unknown_explain(struct stats *stats, enum store_stats_by by, int64_t since_ms)
{
    struct ctl *ctl = stats->ctl;
    struct unknown_set unknown = {""};
    _cleanup_(buf_done) struct buf line = {.max = CTL_MESSAGE_BYTES_MAX};
    if (by == STORE_STATS_CAMPAIGN || by == STORE_STATS_TENANT) {
        ctl_note(
            "campaigns and tenants are counted in the events that are kept; Send and "
            "Delivery are not kept unless [events] keep names them, so no rate is known");
        return;
    }
    int r = store_stats(ctl->store, STORE_STATS_CONFIGURATION_SET, since_ms,
                        unknown_set_take, &unknown);
    if (r >= 0)
        r = status_text_publish(&line, ctl->store, "SEND,DELIVERY",
                                str_of(unknown.name[0] ? unknown.name : NULL));
    if (r < 0)
        return;
    ctl_note("a rate is unknown where neither Send nor Delivery events arrive; type: %s",
             buf_str(&line).data);
}

/* --- the verb --- */

static bool by_read(const char *word, enum store_stats_by *ret)
{
    for (size_t i = 0; i < STORE_STATS_BY; i++)
        if (strcmp(word, words[i]) == 0) {
            *ret = (enum store_stats_by)i;
            return true;
        }
    ctl_fail("stats cannot count by `%s`; there are: domain, identity, "
             "configuration_set, scope, campaign, tenant",
             word);
    return false;
}

/* From the beginning of a day, today being the last. */
static bool since_read(const struct ctl *ctl, int64_t *ret_ms)
{
    int64_t days = CTL_STATS_DAYS;
    if (ctl_given(ctl, OPTION_DAYS) &&
        !ctl_number("--days", ctl->value[OPTION_DAYS], &days))
        return false;
    int64_t today = ctl->now_ms / CLOCK_DAY_MS;
    *ret_ms = (days > today ? 0 : today + 1 - days) * CLOCK_DAY_MS;
    return true;
}

static int stats_write(struct stats *stats, enum store_stats_by by, int64_t since_ms)
{
    const struct store_filter days = {.since_ms = since_ms > 0 ? since_ms : -1};
    if (by < STORE_STATS_BY)
        return store_stats(stats->ctl->store, by, since_ms, stats_row_write, stats);
    return store_query(stats->ctl->store, STORE_DAILY, &days, stats_row_write, stats);
}

int cmd_stats(struct ctl *ctl)
{
    enum store_stats_by by = STORE_STATS_BY;
    struct stats stats = {.ctl = ctl};
    int64_t since_ms;
    if (ctl_given(ctl, OPTION_BY) && !by_read(ctl->value[OPTION_BY], &by))
        return CTL_COULD_NOT;
    if (ctl_given(ctl, OPTION_LIMIT) &&
        !ctl_number("--limit", ctl->value[OPTION_LIMIT], &stats.limit))
        return CTL_COULD_NOT;
    if (!since_read(ctl, &since_ms) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    bool own_limit =
        stats.limit == 0 && by < STORE_STATS_BY && ctl->format == OUTPUT_TABLE;
    if (own_limit)
        stats.limit = CTL_TABLE_LIMIT;
    ctl_output(ctl, &stats.output, NULL);
    int code = ctl_output_end(ctl, &stats.output, stats_write(&stats, by, since_ms));
    if (code != CTL_DONE)
        return code;
    if (stats.is_cut && own_limit)
        ctl_note("there are more: these are the worst %d; --limit N shows more, -o json "
                 "or -o csv all",
                 CTL_TABLE_LIMIT);
    if (stats.lacks_sends)
        unknown_explain(&stats, by, since_ms);
    return code;
}
