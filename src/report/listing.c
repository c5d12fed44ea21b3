#include "sesbounce/listing.h"

static const char *const suppressed_table[] = {
    "address",     "scope",  "reason", "detail", "since", "until",
    "event_count", "origin", "actor",  "note",   NULL};
static const char *const event_table[] = {
    "id",          "occurred_at",    "type",   "class",      "cause", "address",
    "bounce_type", "bounce_subtype", "status", "diagnostic", NULL};
static const char *const quarantine_table[] = {"id",        "received_at",    "reason",
                                               "topic_arn", "sns_message_id", NULL};
static const char *const topic_table[] = {"topic_arn",       "state",    "since",
                                          "last_message_at", "messages", "waiting",
                                          "fault",           NULL};

static const char *const held_table[] = {"id",     "address", "scope", "reason",
                                         "detail", "why",     "since", NULL};
static const char *const log_table[] = {
    "id",     "at",    "address", "scope", "action", "reason_before", "reason_after",
    "detail", "until", "origin",  "actor", "rule",   "note",          NULL};

static const char *const leak_table[] = {
    "sent_at",   "address",  "scope", "suppressed_since", "identity", "configuration_set",
    "source_ip", "campaign", NULL};

static const char *const alert_table[] = {"since", "resolved_at", "level",
                                          "name",  "text",        NULL};
static const char *const webhook_table[] = {
    "name",   "format",          "state",           "waiting",
    "failed", "last_success_at", "next_attempt_at", "last_fault",
    NULL};

struct output_columns listing_columns(enum store_view view)
{
    static const char *const *const tables[] = {[STORE_SUPPRESSED] = suppressed_table,
                                                [STORE_EVENTS] = event_table,
                                                [STORE_BOUNCES] = event_table,
                                                [STORE_COMPLAINTS] = event_table,
                                                [STORE_QUARANTINE] = quarantine_table,
                                                [STORE_TOPICS] = topic_table,
                                                [STORE_PAUSED] = NULL,
                                                [STORE_HELD] = held_table,
                                                [STORE_LOG] = log_table,
                                                [STORE_GUARDS] = NULL,
                                                [STORE_LEAKS] = leak_table,
                                                [STORE_UNSUBSCRIBES] = NULL,
                                                [STORE_SOFT_DAYS] = NULL,
                                                [STORE_ALERTS] = alert_table,
                                                [STORE_WEBHOOKS] = webhook_table,
                                                [STORE_WEBHOOK_MESSAGES] = NULL};
    return (struct output_columns){tables[view], store_columns(view)};
}

struct listing {
    struct output *output;
    const char *domain; /* NULL: the store selects it */
    uint64_t limit;     /* 0: none */
    bool more;
};

/* Ends a query. */
#define ENOUGH 1

bool listing_is_of_domain(struct str address, struct str domain)
{
    size_t local = address.len - domain.len; /* with the @ */
    return address.len > domain.len && address.data[local - 1] == '@' &&
           str_equal_nocase((struct str){address.data + local, domain.len}, domain);
}

static int row_write(void *context, const struct store_value *values, size_t count)
{
    struct listing *listing = context;
    if (listing->domain &&
        !listing_is_of_domain(output_find_text(values, count, "address"),
                              str_of(listing->domain)))
        return 0;
    if (listing->limit == 0 || listing->output->rows < listing->limit)
        return output_row(listing->output, values, count);
    listing->more = true;
    return ENOUGH;
}

int listing_write(struct store *store, const struct filter *filter, struct output *output,
                  bool *ret_more)
{
    struct store_filter selected = filter->store;
    struct listing listing = {.output = output, .limit = (uint64_t)selected.limit};
    /* The store knows no domain of an entry. */
    if (filter->view == STORE_SUPPRESSED)
        listing.domain = take_ptr(selected.domain);
    if (listing.domain)
        selected.limit = 0;
    /* One row more than asked for tells whether something was cut. */
    else if (selected.limit > 0 && selected.limit < INT64_MAX)
        selected.limit++;
    int r = store_query(store, filter->view, &selected, row_write, &listing);
    if (ret_more)
        *ret_more = listing.more;
    return r == ENOUGH ? 0 : r;
}
