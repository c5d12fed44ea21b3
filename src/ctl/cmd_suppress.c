/* suppress list, add, remove: the list, and what people decide about it. */
#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/text.h"
#include "ctl/when.h"

/* The store knows no domain of an entry: picked out here, and so is the limit. */
struct listing {
    struct output output;
    const char *domain;
    uint64_t limit;
};

static bool is_of_domain(const struct store_value *address, const char *domain)
{
    struct str suffix = str_of(domain);
    const struct str text = address ? address->text : STR("");
    return text.len > suffix.len && text.data[text.len - suffix.len - 1] == '@' &&
           str_equal_nocase((struct str){text.data + text.len - suffix.len, suffix.len},
                            suffix);
}

static int on_listed(void *context, const struct store_value *values, size_t count)
{
    struct listing *listing = context;
    if (listing->domain &&
        !is_of_domain(output_find(values, count, "address"), listing->domain))
        return 0;
    if (listing->limit && listing->output.rows == listing->limit)
        return 0;
    return output_row(&listing->output, values, count);
}

int cmd_suppress_list(struct ctl *ctl)
{
    struct store_filter filter;
    struct listing listing = {0};
    if (!ctl_filter(ctl, &filter) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    listing.domain = take_ptr(filter.domain);
    listing.limit = (uint64_t)filter.limit;
    if (listing.domain)
        filter.limit = 0;
    output_init(&listing.output, stdout, ctl->format, views_table(STORE_SUPPRESSED),
                views_all(STORE_SUPPRESSED));
    int r = store_query(ctl->store, STORE_SUPPRESSED, &filter, on_listed, &listing);
    if (r == 0)
        r = output_end(&listing.output);
    bool broken = listing.output.fault < 0;
    output_done(&listing.output);
    if (r < 0)
        return broken ? ctl_fail_output(r) : ctl_fail_store(ctl, r);
    return CTL_DONE;
}

/* --- decisions --- */

struct decision {
    struct ctl *ctl;
    struct store_decision store;
    bool dry_run;
    bool add;
    struct output output;
};

/* Nothing may be done when a later word is a typing error. */
static bool all_are_addresses(const struct ctl *ctl)
{
    struct address address;
    for (size_t i = 0; i < ctl->word_count; i++)
        if (address_parse(str_of(ctl->words[i]), &address) < 0) {
            ctl_fail("`%s` is no mail address; nothing was changed", ctl->words[i]);
            return false;
        }
    return true;
}

/* What a dry run asks: is there an entry (of a person, for `add`) in the scope? */
struct present {
    const struct decision *decision;
    bool found;
};

static int on_entry(void *context, const struct store_value *values, size_t count)
{
    struct present *present = context;
    const struct store_value *reason = output_find(values, count, "reason");
    const struct store_value *scope = output_find(values, count, "scope");
    bool in_scope =
        scope && str_equal(scope->text, str_of(present->decision->store.scope));
    bool manual = reason && str_equal(reason->text, STR("MANUAL"));
    present->found = present->found || (in_scope && (!present->decision->add || manual));
    return 0;
}

static int would_change(struct decision *decision, bool *ret_changed)
{
    struct present present = {.decision = decision};
    struct store_filter filter = {.address = decision->store.address,
                                  .since_ms = CLOCK_NONE,
                                  .until_ms = CLOCK_NONE};
    int r =
        store_query(decision->ctl->store, STORE_SUPPRESSED, &filter, on_entry, &present);
    *ret_changed = decision->add != present.found;
    return r;
}

static const char *sentence(const struct decision *decision, bool changed)
{
    if (decision->add) {
        if (!changed)
            return "was put on the list by hand before";
        return decision->dry_run ? "would be added" : "added";
    }
    if (!changed)
        return "is not on the list";
    return decision->dry_run ? "would be lifted" : "lifted";
}

static int tell(struct decision *decision, const char *typed, bool changed)
{
    const char *result = sentence(decision, changed);
    if (decision->ctl->format != OUTPUT_TABLE) {
        struct store_value row[] = {
            output_text("address", typed), output_text("scope", decision->store.scope),
            output_integer("changed", changed), output_text("result", result)};
        return output_row(&decision->output, row, 4);
    }
    printf("%s  %s", typed, result);
    if (decision->add && changed && decision->store.until_ms != POLICY_FOR_EVER) {
        char until[CLOCK_TEXT_BYTES];
        clock_format_rfc3339(decision->store.until_ms, until);
        printf(" until %s", until);
    } else if (decision->add && changed) {
        fputs(" for ever", stdout);
    }
    return putchar('\n') == EOF ? -EIO : 0;
}

/* Amazon keeps a list of its own per account and Region; mail stays blocked while the
 * address is there (reference: account-level suppression list). */
static void remind(const char *typed)
{
    struct buf word;
    buf_init(&word, CTL_LINE_BYTES_MAX);
    if (text_shell(&word, str_of(typed)) == 0)
        ctl_note("SES's own account list may hold it too, and then no mail flows: aws "
                 "sesv2 delete-suppressed-destination --email-address %s",
                 buf_str(&word).data);
    buf_done(&word);
}

static int decide(struct decision *decision)
{
    struct ctl *ctl = decision->ctl;
    bool any_missing = false;
    for (size_t i = 0; i < ctl->word_count; i++) {
        bool changed = false;
        decision->store.address = ctl->words[i];
        int r = decision->dry_run ? would_change(decision, &changed)
                : decision->add
                    ? store_suppress_add(ctl->store, &decision->store, &changed)
                    : store_suppress_remove(ctl->store, &decision->store, &changed);
        if (r < 0)
            return ctl_fail_store(ctl, r);
        any_missing = any_missing || !changed;
        r = tell(decision, ctl->words[i], changed);
        if (r < 0)
            return ctl_fail_output(r);
        if (!decision->add && !decision->dry_run)
            remind(ctl->words[i]);
    }
    int r = ctl->format == OUTPUT_TABLE ? 0 : output_end(&decision->output);
    if (r < 0)
        return ctl_fail_output(r);
    return !decision->add && any_missing ? CTL_NO : CTL_DONE;
}

static int run(struct ctl *ctl, bool add, int64_t until_ms)
{
    struct decision decision = {
        .ctl = ctl,
        .add = add,
        .dry_run = ctl_given(ctl, OPTION_DRY_RUN),
        .store = {.scope = ctl_given(ctl, OPTION_SCOPE) ? ctl->value[OPTION_SCOPE] : "*",
                  .actor = ctl_actor(),
                  .note = ctl->value[OPTION_NOTE],
                  .now_ms = ctl->now_ms,
                  .until_ms = until_ms}};
    /* Absent is NULL, never ''. */
    if (decision.store.note && !*decision.store.note)
        decision.store.note = NULL;
    if (!all_are_addresses(ctl) ||
        !ctl_store(ctl, decision.dry_run ? STORE_READ : STORE_WRITE))
        return CTL_COULD_NOT;
    output_init(&decision.output, stdout, ctl->format, NULL, NULL);
    int code = decide(&decision);
    output_done(&decision.output);
    return code;
}

int cmd_suppress_add(struct ctl *ctl)
{
    int64_t until_ms = POLICY_FOR_EVER;
    const char *until = ctl->value[OPTION_UNTIL], *length = ctl->value[OPTION_FOR];
    if (until && length)
        return ctl_fail("--until and --for exclude each other");
    if (length) {
        int64_t length_ms;
        if (when_duration(str_of(length), &length_ms) < 0 || length_ms == 0)
            return ctl_fail("`%s` is no duration: write 30d, 12h or 2w", length);
        until_ms = ctl->now_ms + length_ms;
    } else if (until) {
        if (!ctl_option_when(ctl, OPTION_UNTIL, &until_ms))
            return CTL_COULD_NOT;
        if (until_ms <= ctl->now_ms)
            return ctl_fail("--until %s has passed; for a term from now on write --for "
                            "30d",
                            until);
    }
    return run(ctl, true, until_ms);
}

int cmd_suppress_remove(struct ctl *ctl)
{
    return run(ctl, false, POLICY_FOR_EVER);
}
