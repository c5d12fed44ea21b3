/* erase: what is kept about one address goes. export: all of it, for who asks. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "ctl/progress.h"
#include "sesbounce/store_retention.h"
#include "sesbounce/text.h"

/* Where SES may list the address, too. */
struct regions {
    char names[CTL_REGIONS_MAX][ARN_REGION_BYTES_MAX];
    size_t count;
};

static int region_note(void *context, const struct store_value *values, size_t count)
{
    struct regions *regions = context;
    struct str region = output_find_text(values, count, "region");
    size_t i = 0;
    if (!str_present(region) || region.len >= ARN_REGION_BYTES_MAX)
        return 0;
    while (i < regions->count && !str_equal(region, str_of(regions->names[i])))
        i++;
    if (i == regions->count && i < CTL_REGIONS_MAX) {
        memcpy(regions->names[i], region.data, region.len);
        regions->names[i][region.len] = '\0';
        regions->count++;
    }
    return 0;
}

static int erasure_run(struct ctl *ctl, struct store_erasure *erasure)
{
    struct progress progress;
    bool more = true;
    int r = 0;
    progress_start(&progress, "rows searched", false);
    while (r == 0 && more) {
        r = store_erase(ctl->store, erasure, &more);
        progress_show(&progress, (uint64_t)erasure->after_id);
    }
    progress_end(&progress);
    return r;
}

/* False after telling: until then the address may be in the write-ahead log. */
static bool log_empty(struct ctl *ctl)
{
    int r = 0;
    for (int i = 0; r == 0 && i < CTL_EMPTY_TIMES; i++)
        r = store_erase_end(ctl->store);
    if (r < 0)
        (void)ctl_fail_store(ctl, r);
    else if (r == 0)
        ctl_note("erased, but a process that reads the database keeps what was there "
                 "before in its -wal file: end it (`fuser -v` shows it), and run this "
                 "command again");
    return r == 1;
}

static int erasure_print(struct ctl *ctl, const struct store_erasure *erasure)
{
    const char *would = erasure->dry_run ? "would be " : "";
    const char *key = erasure->address.key;
    const struct store_value row[] = {
        output_text("address", key),
        output_integer("events", erasure->events),
        output_integer("messages", erasure->bodies),
        output_integer("redacted", erasure->redacted),
        output_integer("quarantined", erasure->quarantined),
        output_integer("texts", erasure->texts),
        output_integer("counted", erasure->counted),
        output_boolean("suppressed", erasure->stays),
    };
    if (ctl->format != OUTPUT_TABLE)
        return ctl_print_row(ctl, row, sizeof(row) / sizeof(*row), CTL_DONE);
    if (printf("%s\n"
               "  %serased: events: %lld, their messages: %lld, messages in quarantine: "
               "%lld, events that were only counted: %lld\n"
               "  %sredacted, since they are about others, too: messages: %lld, other "
               "texts: %lld\n",
               key, would, (long long)erasure->events, (long long)erasure->bodies,
               (long long)erasure->quarantined, (long long)erasure->counted, would,
               (long long)erasure->redacted, (long long)erasure->texts) < 0)
        return ctl_fail_output(-EIO);
    return CTL_DONE;
}

static void ses_tell(const char *key, const struct regions *regions)
{
    _cleanup_(buf_done) struct buf word = {.max = CTL_LINE_BYTES_MAX};
    if (text_shell_argument(&word, str_of(key)) < 0)
        return;
    if (regions->count == 0)
        ctl_note("  aws sesv2 delete-suppressed-destination --email-address%s "
                 "--region REGION",
                 buf_str(&word).data);
    for (size_t i = 0; i < regions->count; i++)
        ctl_note("  aws sesv2 delete-suppressed-destination --email-address%s "
                 "--region %s",
                 buf_str(&word).data, regions->names[i]);
}

/* What the database still knows, and until when. */
static void remains_tell(const struct store_erasure *erasure)
{
    const char *key = erasure->address.key;
    if (erasure->stays)
        ctl_note("%s stays on the list with scope, reason and date, so that it is not "
                 "mailed; --forget removes that, too",
                 key);
    else if (erasure->was_listed && erasure->dry_run)
        ctl_note("%s would no longer be on the list, and might be mailed again", key);
    else if (erasure->was_listed)
        ctl_note("%s is no longer on the list, and may be mailed again; update copies "
                 "of the list",
                 key);
    ctl_note("a keyed hash of the address stays, so that an import does not bring back "
             "what is erased");
    ctl_note("counters name the domain %s without the address: those by provider for %d "
             "days, and the outage guard where it held the domain's bounces",
             erasure->address.domain, (int)(STORE_PROVIDERS_KEEP_MS / CLOCK_DAY_MS));
    if (erasure->is_identity)
        ctl_note(
            "mail is sent from %s: counters name that identity, and so do the events "
            "about this mail until [retention] events deletes them",
            key);
}

static void rest_tell(const struct store_erasure *erasure, const struct regions *regions)
{
    const char *key = erasure->address.key;
    remains_tell(erasure);
    ctl_note("this cannot reach backups and copies of the database, alerts and webhooks "
             "that were sent, the journal, and what your own programs keep");
    ctl_note("SES may have the address on its own list; to remove it there, type:");
    ses_tell(key, regions);
}

int cmd_erase(struct ctl *ctl)
{
    _cleanup_(freep) struct store_erasure *erasure = calloc(1, sizeof(*erasure));
    struct regions regions = {.count = 0};
    struct address address;
    bool dry_run = ctl_given(ctl, OPTION_DRY_RUN);
    const char *note = ctl->value[OPTION_NOTE];
    if (!erasure)
        return ctl_fail("out of memory");
    if (!ctl_address(ctl->words[0], &address) ||
        !ctl_store(ctl, dry_run ? STORE_READ : STORE_WRITE))
        return CTL_COULD_NOT;
    struct store_filter filter = {.address = address.key};
    erasure->actor = ctl_actor();
    erasure->note = note && *note ? note : NULL;
    erasure->forget = ctl_given(ctl, OPTION_FORGET);
    erasure->dry_run = dry_run;
    erasure->now_ms = ctl->now_ms;
    int r = store_query(ctl->store, STORE_EVENTS, &filter, region_note, &regions);
    if (r == 0)
        r = store_erase_begin(ctl->store, ctl->words[0], erasure);
    if (r == 0)
        r = erasure_run(ctl, erasure);
    if (r < 0)
        return ctl_fail_store(ctl, r);
    int code = erasure_print(ctl, erasure);
    if (code == CTL_DONE && !dry_run && !log_empty(ctl))
        code = CTL_COULD_NOT;
    rest_tell(erasure, &regions);
    return code;
}
