#include "sesbounce/amazon.h"
#include "report/limits.h"

#include <stdlib.h>
#include <string.h>

#include "report/limits.h"
#include "sesbounce/buf.h"
#include "sesbounce/output.h"
#include "sesbounce/text.h"

struct amazon {
    const struct address *address;
    char *lines[AMAZON_LINES_MAX]; /* owned; the newest first */
    size_t count;
    size_t events; /* bounces and complaints, whatever list they tell of */
};

static int option_append(struct buf *line, struct str option, struct str argument)
{
    if (argument.len == 0)
        return 0;
    int r = buf_append_str(line, option);
    return r < 0 ? r : text_shell_argument(line, argument);
}

static int command_write(struct buf *line, struct str spelling, struct str region,
                         struct str tenant, struct str account)
{
    int r = buf_append_str(line, STR("aws sesv2 delete-suppressed-destination"));
    if (r == 0)
        r = option_append(line, STR(" --email-address"), spelling);
    if (r == 0)
        r = option_append(line, STR(" --region"), region);
    if (r == 0)
        r = option_append(line, STR(" --tenant-name"), tenant);
    if (r == 0 && account.len > 0)
        r = buf_printf(line, "  # account %.*s", STR_ARG(account));
    return r;
}

static int command_add(struct amazon *amazon, struct str spelling,
                       const struct store_value *values, size_t count, struct str tenant)
{
    _cleanup_(buf_done) struct buf line = {.max = REPORT_ROW_BYTES_MAX};
    int r = command_write(&line, spelling, output_find_text(values, count, "region"),
                          tenant, output_find_text(values, count, "account_id"));
    if (r < 0)
        return r;
    for (size_t i = 0; i < amazon->count; i++)
        if (str_equal(str_of(amazon->lines[i]), buf_str(&line)))
            return 0;
    if (amazon->count < AMAZON_LINES_MAX)
        amazon->lines[amazon->count++] = buf_take(&line);
    return 0;
}

/* May SES have put the address on a list of its own, or found it there? */
static bool event_is_of_list(const struct store_value *values, size_t count)
{
    const struct store_value *simulator = output_find(values, count, "is_simulator");
    struct str class = output_find_text(values, count, "class");
    struct str subtype = output_find_text(values, count, "bounce_subtype");
    struct str feedback = output_find_text(values, count, "feedback_type");
    struct str rule = output_find_text(values, count, "rule");
    if (simulator && simulator->integer)
        return false;
    /* Not of the mail's recipient; or on the global list, which only SES can change; or
     * of `simulate`. */
    if (str_equal(rule, STR("not-addressed")) ||
        str_equal_nocase(subtype, STR("Suppressed")) ||
        str_equal(output_find_text(values, count, "account_id"), STR("000000000000")))
        return false;
    return str_equal(class, STR("hard")) ||
           (str_equal(class, STR("complaint")) && !str_equal(feedback, STR("not-spam")));
}

/* A list of SES compares spellings; another address than ours is not on it for us. */
static struct str spelling_of(const struct amazon *amazon, struct address *room,
                              const struct store_value *values, size_t count)
{
    struct str seen = output_find_text(values, count, "address_seen");
    if (str_present(seen) && address_parse(seen, room) == 0 &&
        strcmp(room->key, amazon->address->key) == 0)
        return str_of(room->seen);
    return str_of(amazon->address->key);
}

static int event_look(void *context, const struct store_value *values, size_t count)
{
    struct amazon *amazon = context;
    struct address room;
    struct str class = output_find_text(values, count, "class");
    amazon->events += str_equal(class, STR("hard")) || str_equal(class, STR("complaint"));
    if (!event_is_of_list(values, count))
        return 0;
    struct str spelling = spelling_of(amazon, &room, values, count);
    struct str subtype = output_find_text(values, count, "bounce_subtype");
    struct str tenant = output_find_text(values, count, "tenant");
    if (!str_present(subtype))
        subtype = output_find_text(values, count, "complaint_subtype");
    bool is_of_tenant = str_equal_nocase(subtype, STR("OnTenantSuppressionList"));
    if (is_of_tenant && tenant.len == 0)
        tenant = STR("TENANT");
    bool is_of_account = str_equal_nocase(subtype, STR("OnAccountSuppressionList"));
    int r = is_of_tenant ? 0 : command_add(amazon, spelling, values, count, STR_ABSENT);
    if (r == 0 && !is_of_account && tenant.len > 0)
        r = command_add(amazon, spelling, values, count, tenant);
    return r;
}

int amazon_commands(struct store *store, const struct address *address,
                    amazon_line_fn *each, void *context, size_t *ret_events)
{
    const struct store_filter filter = {
        .address = address->key, .newest_first = true, .limit = STORY_EVENTS_MAX};
    struct amazon amazon = {.address = address};
    int r = store_query(store, STORE_EVENTS, &filter, event_look, &amazon);
    for (size_t i = 0; i < amazon.count; i++) {
        if (r == 0)
            r = each(context, amazon.lines[i]);
        free(amazon.lines[i]);
    }
    if (ret_events)
        *ret_events = amazon.events;
    return r;
}

int amazon_command_plain(const struct address *address, amazon_line_fn *each,
                         void *context)
{
    _cleanup_(buf_done) struct buf line = {.max = REPORT_ROW_BYTES_MAX};
    int r =
        command_write(&line, str_of(address->seen), STR_ABSENT, STR_ABSENT, STR_ABSENT);
    return r < 0 ? r : each(context, buf_str(&line).data);
}
