/* The rows that a message names: found, counted and read. */
#include "store/store_internal_sending.h"

/* --- rows ------------------------------------------------------------------------ */

const struct source store_sources[STORE_SOURCES] = {
    [STORE_SOURCE_CHANGES] = {SQL_SEND_CHANGES, "change",
                              1u << NEWS_SUPPRESSION_ADDED |
                                  1u << NEWS_SUPPRESSION_REMOVED |
                                  1u << NEWS_SUPPRESSION_HELD},
    [STORE_SOURCE_EVENTS] = {SQL_SEND_EVENTS, "event",
                             1u << NEWS_EVENT_BOUNCE | 1u << NEWS_EVENT_COMPLAINT},
    [STORE_SOURCE_NOTICES] = {SQL_SEND_NOTICES, "notice",
                              1u << NEWS_ALERT_RAISED | 1u << NEWS_ALERT_RESOLVED |
                                  1u << NEWS_SENDING_PAUSED | 1u << NEWS_SENDING_RESUMED},
};

struct db_call source_begin(struct store *store, enum store_source source, int64_t after,
                            int64_t limit)
{
    return db_call(store, store_sources[source].scan, db_int(after), db_int(limit));
}

int source_next(struct db_call *call, enum store_source source, int64_t *ret_id,
                enum news *ret_news)
{
    int r = db_step(call);

    if (r <= 0)
        return r;
    *ret_id = db_get_int(call);
    struct str word = db_get_text(call);
    if (source == STORE_SOURCE_CHANGES) {
        struct str before = db_get_text(call), after = db_get_text(call);

        *ret_news = news_of_change(word, before, after);
    } else if (source == STORE_SOURCE_EVENTS) {
        *ret_news = news_of_event(word);
    } else {
        *ret_news = news_of_word(word);
    }
    if (*ret_news != NEWS_TYPES && !(store_sources[source].news & 1u << *ret_news))
        *ret_news = NEWS_TYPES;
    return 1;
}

bool news_is_wanted(unsigned wanted, enum news news)
{
    return news != NEWS_TYPES && (wanted & 1u << news);
}

/* --- parcels --------------------------------------------------------------------- */

void parcel_print(const struct store_parcel *parcel, char ret[PARCEL_BYTES])
{
    int len = 0;

    ret[0] = '\0';
    for (unsigned i = 0; i < STORE_SOURCES; i++) {
        long long from = (long long)parcel->after[i] + 1, to = (long long)parcel->to[i];
        size_t left = PARCEL_BYTES - (size_t)len;
        const char *blank = len > 0 ? " " : "";

        if (from == to)
            len +=
                snprintf(ret + len, left, "%s%s %lld", blank, store_sources[i].word, to);
        else if (from < to)
            len += snprintf(ret + len, left, "%s%s %lld-%lld", blank,
                            store_sources[i].word, from, to);
    }
}

bool parcel_parse(struct str text, struct store_parcel *ret)
{
    struct str word, range, first;

    *ret = (struct store_parcel){.after = {0}};
    while (str_split(&text, ' ', &word)) {
        uint64_t from, to;
        unsigned i = 0;

        while (i < STORE_SOURCES && !str_equal(word, str_of(store_sources[i].word)))
            i++;
        if (i == STORE_SOURCES || !str_split(&text, ' ', &range) ||
            !str_split(&range, '-', &first) || str_to_u64(first, INT64_MAX, &from) < 0)
            return false;
        to = from;
        if (str_present(range) && str_to_u64(range, INT64_MAX, &to) < 0)
            return false;
        ret->after[i] = (int64_t)from - 1;
        ret->to[i] = (int64_t)to;
    }
    return true;
}

int store_parcel_count(struct store *store, const struct store_parcel *parcel,
                       unsigned wanted, int64_t ret[NEWS_TYPES])
{
    int r = 0;

    memset(ret, 0, NEWS_TYPES * sizeof(*ret));
    for (unsigned i = 0; r >= 0 && i < STORE_SOURCES; i++) {
        int64_t id = parcel->after[i];
        enum news news;

        if (id >= parcel->to[i])
            continue;
        _cleanup_(db_call_end) struct db_call call =
            source_begin(store, (enum store_source)i, id, STORE_SENDING_ROWS);
        while ((r = source_next(&call, (enum store_source)i, &id, &news)) == 1 &&
               id <= parcel->to[i])
            if (news_is_wanted(wanted, news))
                ret[news]++;
    }
    return r < 0 ? r : 0;
}

/* --- reading them ---------------------------------------------------------------- */

struct parcel_reading {
    struct store_sending row;
    store_sending_fn *give;
    void *context;
};

static int parcel_row_give(void *context, const struct store_value *values, size_t count)
{
    struct parcel_reading *reading = context;

    reading->row.values = values;
    reading->row.count = count;
    return reading->give(reading->context, &reading->row);
}

static int parcel_notice_give(struct store *store, struct parcel_reading *reading)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_SEND_NOTICE, db_int(reading->row.id));
    struct store_value values[3] = {{.name = "at", .type = STORE_TIME},
                                    {.name = "type", .type = STORE_TEXT},
                                    {.name = "data", .type = STORE_JSON}};
    int r = db_step(&call);

    if (r <= 0)
        return r;
    values[0].integer = db_get_int(&call);
    values[1].text = db_get_text(&call);
    values[2].text = db_get_text(&call);
    return parcel_row_give(reading, values, 3);
}

static int source_read(struct store *store, const struct store_parcel *parcel,
                       unsigned wanted, struct parcel_reading *reading)
{
    enum store_source source = reading->row.source;
    enum store_view view = source == STORE_SOURCE_CHANGES ? STORE_LOG : STORE_EVENTS;
    int64_t after = parcel->after[source];
    int r;

    _cleanup_(db_call_end) struct db_call call =
        source_begin(store, source, after, STORE_SENDING_ROWS);
    while ((r = source_next(&call, source, &reading->row.id, &reading->row.news)) == 1 &&
           reading->row.id <= parcel->to[source]) {
        struct store_filter filter = {.id = reading->row.id, .limit = 1};

        if (!news_is_wanted(wanted, reading->row.news))
            continue;
        r = source == STORE_SOURCE_NOTICES
                ? parcel_notice_give(store, reading)
                : store_query(store, view, &filter, parcel_row_give, reading);
        if (r != 0)
            return r;
    }
    return r < 0 ? r : 0;
}

int store_parcel_read(struct store *store, const struct store_parcel *parcel,
                      unsigned wanted, store_sending_fn *row, void *context)
{
    static const enum store_source order[STORE_SOURCES] = {
        STORE_SOURCE_NOTICES, STORE_SOURCE_CHANGES, STORE_SOURCE_EVENTS};
    int r = 0;

    for (unsigned i = 0; r == 0 && i < STORE_SOURCES; i++) {
        struct parcel_reading reading = {
            .row = {.source = order[i]}, .give = row, .context = context};

        if (parcel->after[order[i]] < parcel->to[order[i]])
            r = source_read(store, parcel, wanted, &reading);
    }
    return r;
}
