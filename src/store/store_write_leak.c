/* Mail that was sent after its address was suppressed: some sender ignores the list. */
#include <string.h>

#include "store/store_internal.h"

/* Only of whom we certainly sent the mail to: a remote server can name anybody, and mail
 * that SES received for us was not sent by us. */
bool leak_is_possible(const struct list_event *event)
{
    const struct ses_event *about = &event->intake->event;
    const struct ses_recipient *recipient = event->recipient;

    /* Nobody could ask the list for what is only imported now. */
    return !event->intake->imported && about->type != SES_RECEIVED &&
           about->sent_ms != CLOCK_NONE && str_present(about->ses_message_id) &&
           about->destination_count > 0 && recipient->named == SES_NAMED_RECIPIENT &&
           !address_is_simulator(&recipient->address);
}

static int leak_add(struct store *store, const struct list_event *event, struct str scope,
                    int64_t since_ms)
{
    const struct ses_event *about = &event->intake->event;
    int r = db_change(store, SQL_LEAK_ADD, db_text(str_of(event->recipient->address.key)),
                      db_text(scope), db_time(since_ms), db_time(about->sent_ms),
                      db_text_max(about->identity, SES_NAME_BYTES_MAX),
                      db_text_max(about->configuration_set, SES_NAME_BYTES_MAX),
                      db_text_max(about->source_ip, SES_WORD_BYTES_MAX),
                      db_text_max(about->campaign, SES_NAME_BYTES_MAX),
                      db_text_max(about->ses_message_id, SES_ID_BYTES_MAX));

    if (r <= 0)
        return r;
    total_add(store, TOTAL_LEAKS, 1);
    return db_do(store, SQL_LEAK_BOUND, db_int(db_last_id(store) - STORE_LEAKS_MAX));
}

static bool entry_was_in_force(const struct policy_entry *entry, int64_t ms)
{
    return entry->exists && !entry->held && entry->since_ms < ms &&
           entry->until_ms > ms && (!entry->lifted || entry->lifted_ms > ms);
}

int leak_note_kept(struct store *store, const struct list_event *event,
                   const struct kept_address *kept)
{
    int64_t since_ms = INT64_MAX;

    for (unsigned i = 0; i < POLICY_REASONS; i++) {
        const struct policy_entry *entry = &kept->state.entries[i];

        if (entry_was_in_force(entry, event->intake->event.sent_ms) &&
            entry->since_ms < since_ms)
            since_ms = entry->since_ms;
    }
    return since_ms == INT64_MAX ? 0
                                 : leak_add(store, event, str_of(kept->scope), since_ms);
}

/* The entries of one address in the two scopes that can concern a mail. */
struct leaks {
    struct {
        int64_t since_ms; /* of the first of them; CLOCK_NONE: there is none */
        const char *scope;
    } in[2];
};

static void leaks_add(struct leaks *leaks, struct str scope, int64_t since_ms)
{
    size_t i = str_equal(scope, str_of(leaks->in[0].scope)) ? 0 : 1;

    if (leaks->in[i].since_ms == CLOCK_NONE || since_ms < leaks->in[i].since_ms)
        leaks->in[i].since_ms = since_ms;
}

static int leaks_find(struct store *store, const struct list_event *event,
                      struct leaks *leaks)
{
    _cleanup_(db_call_end) struct db_call call =
        db_call(store, SQL_LEAK_FIND, db_text(str_of(event->recipient->address.key)),
                db_text(str_of(event->intake->scoped.name)),
                db_time(event->intake->event.sent_ms));
    int r;

    while ((r = db_step(&call)) == 1) {
        struct str scope = db_get_text(&call);

        leaks_add(leaks, scope, db_get_time(&call));
    }
    return r;
}

int leak_note(struct store *store, const struct list_event *event)
{
    struct leaks leaks = {
        {{CLOCK_NONE, POLICY_SCOPE_ALL}, {CLOCK_NONE, event->intake->scoped.name}}};
    int r = leaks_find(store, event, &leaks);

    for (size_t i = 0; r == 0 && i < 2; i++)
        if (leaks.in[i].since_ms != CLOCK_NONE)
            r = leak_add(store, event, str_of(leaks.in[i].scope), leaks.in[i].since_ms);
    return r;
}
