/* suppress diff: our list beside that of a file. */
#include <errno.h>
#include <string.h>

#include "ctl/list_keys.h"
#include "ctl/list_pages.h"
#include "ctl/list_reading.h"

struct diff {
    struct list_reading reading;
    struct list_keys keys; /* of the file */
    size_t at;             /* the next of them */
    struct output output;
    uint64_t only_here, only_there, reasons, same;
};

/* What has ended is on no list. */
static int entry_collect(void *context, const struct list_entry *entry)
{
    struct diff *diff = context;
    if (entry->until_ms <= diff->reading.options.now_ms)
        return 0;
    return list_keys_add(&diff->keys, entry);
}

static int difference_print(struct diff *diff, const struct list_key *key,
                            const char *difference, const char *here, const char *there)
{
    const struct store_value row[] = {
        output_text("address", key->address), output_text("scope", key->scope),
        output_text("difference", difference), output_text("reason_here", here),
        output_text("reason_there", there)};
    return output_row(&diff->output, row, sizeof(row) / sizeof(*row));
}

/* Those of the file that come before `key`; NULL: all. */
static int there_print(struct diff *diff, const struct list_key *key)
{
    int r = 0;
    for (; r == 0 && diff->at < diff->keys.count; diff->at++) {
        struct list_key next = list_keys_get(&diff->keys, diff->at);
        if (key && list_keys_compare(&next, key) >= 0)
            break;
        diff->only_there++;
        r = difference_print(diff, &next, "only there", NULL,
                             policy_reason_word(next.reason));
    }
    return r;
}

static int row_compare(void *context, const struct store_value *values, size_t count)
{
    struct diff *diff = context;
    char address[ADDRESS_BYTES_MAX], scope[POLICY_SCOPE_BYTES_MAX], reason[16];
    (void)snprintf(address, sizeof(address), "%.*s",
                   STR_ARG(output_find_text(values, count, "address")));
    (void)snprintf(scope, sizeof(scope), "%.*s",
                   STR_ARG(output_find_text(values, count, "scope")));
    (void)snprintf(reason, sizeof(reason), "%.*s",
                   STR_ARG(output_find_text(values, count, "reason")));
    struct list_key here = {.address = address, .scope = scope}, there = {0};
    int r = there_print(diff, &here);
    bool is_there = false;
    if (diff->at < diff->keys.count) {
        there = list_keys_get(&diff->keys, diff->at);
        is_there = list_keys_compare(&there, &here) == 0;
    }
    diff->at += is_there;
    if (r < 0)
        return r;
    if (!is_there) {
        diff->only_here++;
        return difference_print(diff, &here, "only here", reason, NULL);
    }
    const char *word = policy_reason_word(there.reason);
    if (!word || strcmp(word, reason) == 0) {
        diff->same++;
        return 0;
    }
    diff->reasons++;
    return difference_print(diff, &here, "reason", reason, word);
}

static int diff_read(struct diff *diff, struct ctl *ctl)
{
    int r = list_reading_run(&diff->reading, ctl, entry_collect, diff);
    if (r == -E2BIG)
        ctl_fail("%s: more than can be compared at once, which is %d MiB of addresses; "
                 "compare with a part of it, and --scope",
                 diff->reading.file, CTL_LIST_KEYS_BYTES_MAX / 1024 / 1024);
    else if (r < 0 && r != -ECANCELED)
        ctl_fail("%s: %s", diff->reading.file, strerror(-r));
    return r < 0 ? CTL_COULD_NOT : CTL_DONE;
}

static int diff_run(struct diff *diff, struct ctl *ctl)
{
    struct list_pages_of of = {.scope = diff->reading.options.scope};
    /* A list that knows no scopes says nothing about ours. */
    if (!of.scope && !diff->reading.has_scopes)
        of.scope = POLICY_SCOPE_ALL;
    list_keys_sort(&diff->keys);
    list_keys_unique(&diff->keys);
    ctl_output(ctl, &diff->output, NULL);
    int r = list_pages_each(ctl->store, &of, row_compare, diff);
    if (r == 0)
        r = there_print(diff, NULL);
    int code = ctl_output_end(ctl, &diff->output, r);
    if (code != CTL_DONE)
        return code;
    if (ctl->format == OUTPUT_TABLE)
        ctl_note(
            "%llu only here, %llu only there, %llu with another reason, %llu the same",
            (unsigned long long)diff->only_here, (unsigned long long)diff->only_there,
            (unsigned long long)diff->reasons, (unsigned long long)diff->same);
    if (diff->only_here + diff->only_there + diff->reasons > 0)
        return CTL_NO;
    return diff->reading.faults == 0
               ? CTL_DONE
               : ctl_fail("lines that are not entries were not compared");
}

int cmd_list_diff(struct ctl *ctl)
{
    struct diff diff = {.at = 0};
    if (!list_reading_init(&diff.reading, ctl) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    list_keys_init(&diff.keys, CTL_LIST_KEYS_BYTES_MAX, false);
    int code = diff_read(&diff, ctl);
    if (code == CTL_DONE)
        code = diff_run(&diff, ctl);
    list_keys_done(&diff.keys);
    return code;
}
