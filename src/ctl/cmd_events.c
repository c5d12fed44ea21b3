/* events: what SES reported, suppress log: what has changed; why: the story of one
 * address. */
#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "sesbounce/listing.h"
#include "sesbounce/publish.h"
#include "sesbounce/story.h"
#include "sesbounce/text.h"

int cmd_events(struct ctl *ctl)
{
    enum store_view view = ctl->verb->view;
    const struct output_columns columns = listing_columns(view);
    struct filter filter;
    struct output output;
    bool more;
    if (!ctl_filter(ctl, view, &filter) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    bool own_limit =
        filter.store.limit == 0 && ctl->format == OUTPUT_TABLE && !filter.store.message;
    if (own_limit)
        filter.store.limit = CTL_TABLE_LIMIT;
    filter.store.newest_first =
        filter.store.limit > 0 && !ctl_given(ctl, OPTION_AFTER_ID);
    ctl_output(ctl, &output, &columns);
    int code =
        ctl_output_end(ctl, &output, listing_write(ctl->store, &filter, &output, &more));
    if (code == CTL_DONE && more && own_limit)
        ctl_note("there are more: these are the %s %d; --limit N shows more, -o json or "
                 "-o csv all",
                 filter.store.newest_first ? "newest" : "first", CTL_TABLE_LIMIT);
    return code;
}

int cmd_why(struct ctl *ctl)
{
    struct address address;
    struct story_asked asked = {.address = &address,
                                .typed = ctl->words[0],
                                .scope = ctl->value[OPTION_SCOPE],
                                .policy = &policy_built_in,
                                .reads = command_reads(ctl),
                                .now_ms = ctl->now_ms};
    struct story_search search;
    struct output output;
    if (!ctl_address(ctl->words[0], &address))
        return CTL_COULD_NOT;
    if (output_is_csv(ctl->format)) {
        _cleanup_(buf_done) struct buf word = {.max = CTL_LINE_BYTES_MAX};
        int r = text_shell_argument(&word, str_of(address.key));
        return ctl_fail("entries and events have different columns: use -o json, or "
                        "`events --address%s -o csv`",
                        r == 0 ? word.data : " ADDRESS");
    }
    if (!ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    if (ctl->settings)
        asked.policy = &ctl->settings->policy;
    scopes_warn(ctl);
    asked.writes = command_writes(ctl);
    _cleanup_(buf_done) struct buf publish = {.max = CTL_MESSAGE_BYTES_MAX};
    int r = publish_command(&publish, ctl->store, "DELIVERY", STR_ABSENT);
    if (r < 0)
        return ctl_fail_store(ctl, r);
    asked.publish = buf_str(&publish).data;
    ctl_output(ctl, &output, NULL);
    int code =
        ctl_output_end(ctl, &output, story_write(ctl->store, &asked, &output, &search));
    if (code == CTL_DONE && search.is_cut)
        ctl_note("there is more in quarantine: only the newest %zu messages were "
                 "searched for the address",
                 search.messages);
    return code;
}
