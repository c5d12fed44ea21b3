#include "sesbounce/listing.h"

#include <string.h>

/* JSON, and CSV with rows, follow the view itself. */
#define EVENT_TABLE                                                                      \
    "id", "occurred_at", "type", "class", "cause", "address", "bounce_type",             \
        "bounce_subtype", "status", "diagnostic", NULL
#define EVENT_ALL                                                                        \
    "id", "type", "class", "cause", "address", "address_seen", "domain", "scope",        \
        "occurred_at", "sent_at", "received_at", "bounce_type", "bounce_subtype",        \
        "complaint_subtype", "feedback_type", "candidates", "status", "action",          \
        "diagnostic", "reporting_mta", "remote_mta_ip", "user_agent", "feedback_id",     \
        "ses_message_id", "source", "from_domain", "identity", "account_id", "region",   \
        "configuration_set", "tenant", "campaign", "tags", "destination_count",          \
        "source_ip", "is_simulator", "topic_arn", "sns_message_id", "ses_timestamp",     \
        "rule", NULL

static const char *const suppressed_table[] = {
    "address",     "reason", "detail", "since", "until",
    "event_count", "origin", "actor",  "note",  NULL};
static const char *const suppressed_all[] = {
    "address",       "scope",       "reason",         "detail", "since", "until",
    "last_event_at", "event_count", "first_event_at", "origin", "actor", "note",
    "rule",          NULL};
static const char *const event_table[] = {EVENT_TABLE};
static const char *const event_all[] = {EVENT_ALL};
static const char *const quarantine_table[] = {"id",        "received_at",    "reason",
                                               "topic_arn", "sns_message_id", NULL};
static const char *const quarantine_all[] = {
    "id", "received_at", "topic_arn", "sns_message_id", "reason", "body", NULL};
static const char *const topic_table[] = {"topic_arn",       "state",    "since",
                                          "last_message_at", "messages", "waiting",
                                          "fault",           NULL};
static const char *const topic_all[] = {
    "topic_arn",       "account_id", "region",       "state", "subscription_arn", "since",
    "last_message_at", "messages",   "announced_at", "fault", "waiting",          NULL};

const struct output_columns *listing_columns(enum store_view view)
{
    static const struct output_columns suppressed = {suppressed_table, suppressed_all};
    static const struct output_columns events = {event_table, event_all};
    static const struct output_columns quarantine = {quarantine_table, quarantine_all};
    static const struct output_columns topics = {topic_table, topic_all};
    switch (view) {
    case STORE_SUPPRESSED:
        return &suppressed;
    case STORE_EVENTS:
    case STORE_BOUNCES:
    case STORE_COMPLAINTS:
        return &events;
    case STORE_QUARANTINE:
        return &quarantine;
    case STORE_TOPICS:
        return &topics;
    case STORE_ENTRIES:
    case STORE_DECISIONS:
    case STORE_DAILY:
    case STORE_PAUSED:
        break;
    }
    return NULL;
}

struct listing {
    struct output *output;
    const char *domain; /* NULL: the store selects it */
    uint64_t limit;     /* 0: none */
    bool more;
};

/* Ends a query. */
#define ENOUGH 1

static bool is_of_domain(const struct store_value *address, const char *domain)
{
    struct str suffix = str_of(domain);
    const struct str text = address ? address->text : STR("");
    return text.len > suffix.len && text.data[text.len - suffix.len - 1] == '@' &&
           str_equal_nocase((struct str){text.data + text.len - suffix.len, suffix.len},
                            suffix);
}

static int row_list(void *context, const struct store_value *values, size_t count)
{
    struct listing *listing = context;
    if (listing->domain &&
        !is_of_domain(output_find(values, count, "address"), listing->domain))
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
    int r = store_query(store, filter->view, &selected, row_list, &listing);
    if (ret_more)
        *ret_more = listing.more;
    return r == ENOUGH ? 0 : r;
}
