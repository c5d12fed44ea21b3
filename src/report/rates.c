#include "sesbounce/rates.h"

#include <string.h>

#include "sesbounce/output.h"
#include "sesbounce/publish.h"

static const char *const words[STORE_STATS_BY] = {
    [STORE_STATS_DAY] = "day",
    [STORE_STATS_ALL] = "all",
    [STORE_STATS_DOMAIN] = "domain",
    [STORE_STATS_IDENTITY] = "identity",
    [STORE_STATS_CONFIGURATION_SET] = "configuration_set",
    [STORE_STATS_SCOPE] = "scope",
    [STORE_STATS_CAMPAIGN] = "campaign",
    [STORE_STATS_TENANT] = "tenant",
};

const char rates_by_words[] =
    "day, all, domain, identity, configuration_set, scope, campaign, tenant";

bool rates_by_parse(const char *word, enum store_stats_by *ret)
{
    for (size_t i = 0; i < STORE_STATS_BY; i++)
        if (strcmp(word, words[i]) == 0) {
            *ret = (enum store_stats_by)i;
            return true;
        }
    return false;
}

const char *rates_by_word(enum store_stats_by by)
{
    return words[by];
}

static bool is_of_events(enum store_stats_by by)
{
    return by == STORE_STATS_CAMPAIGN || by == STORE_STATS_TENANT;
}

/* --- rows --- */

static int64_t rates_count_of(const struct store_value *values, size_t count,
                              const char *name)
{
    const struct store_value *value = output_find(values, count, name);
    return value ? value->integer : 0;
}

bool rates_row_has_reports(const struct store_value *values, size_t count)
{
    return rates_count_of(values, count, "hard_bounces") +
               rates_count_of(values, count, "soft_bounces") +
               rates_count_of(values, count, "complaints") >
           0;
}

static bool row_lacks_rates(const struct store_value *values, size_t count)
{
    return rates_row_has_reports(values, count) &&
           !output_find(values, count, "bounce_rate") &&
           !output_find(values, count, "complaint_rate");
}

struct rates {
    enum store_stats_by by;
    int64_t limit, given;
    store_row_fn *row;
    void *context;
    struct rates_result *result;
};

static int rates_row_give(void *context, const struct store_value *values, size_t count)
{
    struct rates *rates = context;
    struct store_value row[STORE_COLUMNS_MAX];
    const char *unknown = NULL;
    if (rates->limit > 0 && rates->given >= rates->limit) {
        rates->result->is_cut = true;
        return 0;
    }
    if (row_lacks_rates(values, count)) {
        rates->result->lacks_rates = true;
        unknown = is_of_events(rates->by) ? "not-kept" : "no-sends";
    }
    rates->given++;
    memcpy(row, values, count * sizeof(*values));
    row[count] = output_text("unknown", unknown);
    return rates->row(rates->context, row, count + 1);
}

int rates_read(struct store *store, enum store_stats_by by, int64_t since_ms,
               int64_t limit, store_row_fn *row, void *context, struct rates_result *ret)
{
    struct rates rates = {by, limit, 0, row, context, ret};
    *ret = (struct rates_result){0};
    return store_stats(store, by, since_ms, rates_row_give, &rates);
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
        !row_lacks_rates(values, count))
        return 0;
    memcpy(unknown->name, name.data, name.len);
    unknown->name[name.len] = '\0';
    return 1;
}

int rates_explain(struct store *store, enum store_stats_by by, int64_t since_ms,
                  struct buf *to)
{
    struct unknown_set unknown = {""};
    if (is_of_events(by))
        return buf_printf(
            to,
            "campaigns and tenants are counted in the events that are kept; Send and "
            "Delivery are not kept unless [events] keep names them, so no rate is "
            "known%s",
            by == STORE_STATS_TENANT ? "; with `scope_by = tenant` under [suppression], "
                                       "stats --by scope counts all that names a tenant"
                                     : "");
    int r = store_stats(store, STORE_STATS_CONFIGURATION_SET, since_ms, unknown_set_take,
                        &unknown);
    if (r >= 0)
        r = buf_printf(to, "a rate is unknown where neither Send nor Delivery events "
                           "arrive; type: ");
    return r < 0 ? r
                 : publish_command(to, store, "SEND,DELIVERY",
                                   str_of(unknown.name[0] ? unknown.name : NULL));
}
