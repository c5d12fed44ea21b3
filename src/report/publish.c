#include "sesbounce/publish.h"

#include <errno.h>

#include "report/limits.h"
#include "sesbounce/arn.h"
#include "sesbounce/output.h"
#include "sesbounce/text.h"

/* Ends a query. */
#define ENOUGH 1

static int publish_topic_take(void *context, const struct store_value *values,
                              size_t count)
{
    struct buf *to = context;
    struct str arn = output_find_text(values, count, "topic_arn");
    if (str_equal(arn, STR(ARN_SIMULATOR_TOPIC)))
        return 0;
    int r = buf_append_str(to, arn);
    if (r == 0)
        r = buf_append(to, "", 1);
    if (r == 0)
        r = buf_append_str(to, output_find_text(values, count, "region"));
    return r == 0 ? ENOUGH : r;
}

static int publish_set_take(void *context, const struct store_value *values, size_t count)
{
    struct buf *to = context;
    struct str name = output_find_text(values, count, "configuration_set");
    if (name.len == 0)
        return 0;
    int r = buf_append_str(to, name);
    return r == 0 ? ENOUGH : r;
}

int publish_command(struct buf *to, struct store *store, const char *types,
                    struct str configuration_set)
{
    const struct store_filter newest = {.newest_first = true};
    _cleanup_(buf_done) struct buf topic = {.max = REPORT_MESSAGE_BYTES_MAX};
    const struct store_filter events = {.newest_first = true,
                                        .limit = REPORT_EVENTS_LOOKED_AT_MAX};
    _cleanup_(buf_done) struct buf destination = {.max = REPORT_MESSAGE_BYTES_MAX};
    _cleanup_(buf_done) struct buf set = {.max = REPORT_MESSAGE_BYTES_MAX};
    int r = store_query(store, STORE_TOPICS, &newest, publish_topic_take, &topic);
    if (r >= 0 && !str_present(configuration_set))
        r = store_query(store, STORE_EVENTS, &events, publish_set_take, &set);
    if (set.len > 0)
        configuration_set = buf_str(&set);
    struct str arn = STR("TOPIC-ARN"), region = STR_ABSENT;
    if (r < 0)
        return r;
    if (topic.len > 0) {
        arn = str_of(buf_str(&topic).data);
        region = str_skip(buf_str(&topic), arn.len + 1);
    }
    r = buf_printf(&destination,
                   "Enabled=true,MatchingEventTypes=[%s],SnsDestination={TopicArn=%.*s}",
                   types, STR_ARG(arn));
    if (r == 0)
        r = buf_append_str(to, STR("aws sesv2 create-configuration-set-event-destination"
                                   " --configuration-set-name"));
    if (r == 0)
        r = text_shell_argument(to, str_present(configuration_set)
                                        ? configuration_set
                                        : STR("CONFIGURATION-SET"));
    if (r == 0)
        r = buf_append_str(to, STR(" --event-destination-name sesbounced-counts"
                                   " --event-destination "));
    if (r == 0)
        r = text_shell(to, buf_str(&destination));
    if (r == 0 && region.len > 0) {
        r = buf_append_str(to, STR(" --region"));
        return r == 0 ? text_shell_argument(to, region) : r;
    }
    return r;
}
