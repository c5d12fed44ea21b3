#include "report/status_text.h"

#include <string.h>

#include "report/limits.h"
#include "sesbounce/output.h"
#include "sesbounce/publish.h"
#include "sesbounce/text.h"

int status_text_about(struct buf *to, struct status_text_commands commands,
                      const char *pattern, struct str word)
{
    int r = 0;
    while (r == 0 && *pattern) {
        size_t plain = strcspn(pattern, "@$");
        r = buf_append(to, pattern, plain);
        pattern += plain;
        if (r == 0 && *pattern == '@')
            r = buf_append_str(to, word);
        else if (r == 0 && *pattern)
            r = buf_append_str(
                to, str_of(pattern[1] == 'r' ? commands.reads : commands.writes));
        pattern += *pattern == '@' ? 1 : *pattern ? 2 : 0;
    }
    return r;
}

/* --- pauses --- */

/* Whom SES pauses, the narrowest first, and how it is asked about them. */
static const struct sender {
    const char *column, *what, *ask;
} senders[] = {
    {"tenant", "; tenant ", "; type: aws sesv2 get-tenant --tenant-name"},
    {"configuration_set", "; configuration set ",
     "; type: aws sesv2 get-configuration-set --configuration-set-name"},
    {"identity", "; identity ", "; type: aws sesv2 get-email-identity --email-identity"},
    {"account_id", "; account ", "; type: aws sesv2 get-account"},
};
#define SENDER_ACCOUNT (&senders[3])

/* Names are what a message said they are, and may pretend to be something to type: each
 * is a word for the shell. */
int status_text_pause(struct buf *to, const struct store_value *values, size_t count)
{
    const struct sender *sender = senders;
    while (sender != SENDER_ACCOUNT &&
           output_find_text(values, count, sender->column).len == 0)
        sender++;
    struct str name = output_find_text(values, count, sender->column);
    struct str region = output_find_text(values, count, "region");
    struct str cause =
        str_cut(output_find_text(values, count, "cause"), REPORT_CAUSE_BYTES_MAX);
    const struct {
        const char *before;
        struct str word;
        bool is_fixed;  /* `before` stands there even without the word */
        bool is_option; /* `before` ends with one, and the word is its argument */
    } parts[] = {
        {cause.len ? "" : " (SES gave no reason)", STR_ABSENT, true, false},
        {", because ", cause, false, false},
        {sender->what, name, true, false},
        {", ", region, false, false},
        {", decided as ", output_find_text(values, count, "origin"), false, false},
        {sender->ask, sender == SENDER_ACCOUNT ? STR_ABSENT : name, true, true},
        {" --region", region, false, true},
    };
    const struct store_value *since = output_find(values, count, "since");
    int r = buf_append_str(to, STR("sending has been paused since "));
    if (r == 0)
        r = since ? output_plain(to, since) : buf_append_str(to, STR("an unknown time"));
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && r == 0; i++) {
        if (parts[i].is_fixed || parts[i].word.len > 0)
            r = buf_append_str(to, str_of(parts[i].before));
        if (r == 0 && parts[i].word.len > 0)
            r = parts[i].is_option ? text_shell_argument(to, parts[i].word)
                                   : text_shell(to, parts[i].word);
    }
    return r;
}

/* --- ages --- */

void status_text_age(int64_t age_seconds, char ret[CLOCK_TEXT_BYTES])
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t i = 0;
    while (i < 3 && age_seconds < 2 * units[i].seconds)
        i++;
    (void)snprintf(ret, CLOCK_TEXT_BYTES, "%lld %s ago)",
                   (long long)(age_seconds / units[i].seconds), units[i].name);
}

/* --- what is sent out --- */

int status_text_webhook(struct buf *to, struct status_text_commands commands,
                        const struct store_value *values, size_t count)
{
    static const struct output_part facts[] = {{" (waiting: ", "waiting"},
                                               {", given up: ", "failed"},
                                               {"; ", "last_fault"},
                                               {"); type: ", NULL}};
    struct str name = output_find_text(values, count, "name");
    struct str state = output_find_text(values, count, "state");
    const struct store_value *failed = output_find(values, count, "failed");
    const char *pattern = "$w webhooks retry @";
    if (str_equal(state, STR("ok")) && (!failed || failed->integer == 0))
        return 0;
    int r = buf_printf(to, "webhook %.*s ", STR_ARG(name));
    if (r == 0 && str_equal(state, STR("off"))) {
        r = buf_append_str(to, STR("is switched off, because it answered 410 Gone"));
    } else if (r == 0 && str_equal(state, STR("failing"))) {
        r = buf_append_str(to, STR("does not take what is sent"));
        pattern = "$w webhooks test @";
    } else if (r == 0) {
        r = buf_append_str(to, STR("has not got messages, which were given up"));
    }
    if (r == 0)
        r = output_parts(to, values, count, facts);
    return r == 0 ? status_text_about(to, commands, pattern, name) : r;
}

/* --- soft bounces --- */

struct identities {
    struct buf *to;
    size_t count;
};

static int identity_add(void *context, const struct store_value *values, size_t count)
{
    struct identities *identities = context;
    struct str identity = output_find_text(values, count, "identity");
    if (identities->count++ >= REPORT_IDENTITIES_TOLD_MAX)
        return 0;
    if (!str_present(identity))
        identity = STR("senders that SES does not name");
    int r = identities->count > 1 ? buf_append_str(identities->to, STR(", ")) : 0;
    return r == 0 ? buf_append_str(identities->to, identity) : r;
}

int status_text_soft_counting(struct buf *to, struct store *store, bool is_on,
                              int64_t now_ms)
{
    struct identities identities = {.to = to};
    if (!is_on)
        return buf_append_str(to, STR("off: [suppression] soft_days is 0"));
    size_t begin = to->len;
    int r = buf_append_str(to, STR("on, except for mail of "));
    if (r == 0)
        r = store_recorded_only(store, now_ms, identity_add, &identities);
    if (r == 0 && identities.count == 0) {
        buf_cut(to, begin);
        return buf_append_str(to, STR("on"));
    }
    if (r == 0 && identities.count > REPORT_IDENTITIES_TOLD_MAX)
        r = buf_printf(to, " and %zu more",
                       identities.count - REPORT_IDENTITIES_TOLD_MAX);
    if (r == 0)
        r = buf_append_str(to, STR(": no Delivery event arrived in the last 7 days, and "
                                   "only these end the counting, so soft bounces are "
                                   "only recorded; to let SES publish them, type: "));
    return r == 0 ? publish_command(to, store, "DELIVERY", STR_ABSENT) : r;
}
