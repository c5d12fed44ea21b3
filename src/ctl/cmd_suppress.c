/* suppress list, add, remove: the list, and what people decide about it. */
#include <errno.h>
#include <string.h>

#include "ctl/addresses.h"
#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "ctl/progress.h"
#include "sesbounce/text.h"
#include "sesbounce/when.h"

int cmd_suppress_list(struct ctl *ctl)
{
    struct filter filter;
    if (!ctl_filter(ctl, STORE_SUPPRESSED, &filter) || !ctl_store(ctl, STORE_READ))
        return CTL_COULD_NOT;
    return ctl_print_view(ctl, &filter);
}

/* --- decisions --- */

/* An entry or two, a decision and a soft day each: no more than STORE_TURN_ROWS_MAX. */
#define TURN_DECISIONS_MAX (STORE_TURN_ROWS_MAX / 4)

/* What held before the decision. */
struct before {
    size_t live;      /* entries in the scope */
    bool manual;      /* one of them is a person's */
    int64_t until_ms; /* of that one */
    bool same_note;
};

/* One address of a transaction; told when that is committed. */
struct decided {
    struct given given;
    struct before before;
    bool changed;
};

struct decision {
    struct ctl *ctl;
    struct store_decision store;
    bool dry_run;
    bool add;
    struct output output;
    struct addresses addresses;
    size_t at; /* of the next address */
    struct decided turn[TURN_DECISIONS_MAX];
    size_t turn_count;
    /* the summary */
    uint64_t done;
    uint64_t lines, lines_new, lines_changed; /* of files */
    uint64_t lines_of_events;                 /* lifted, and not only a person's */
    bool any_missing;
};

struct look {
    const struct decision *decision;
    struct before *before;
};

static int on_entry(void *context, const struct store_value *values, size_t count)
{
    const struct look *look = context;
    struct before *before = look->before;
    const struct store_decision *asked = &look->decision->store;
    const struct store_value *reason = output_find(values, count, "reason");
    const struct store_value *scope = output_find(values, count, "scope");
    const struct store_value *state = output_find(values, count, "state");
    const struct store_value *until = output_find(values, count, "until");
    const struct store_value *note = output_find(values, count, "note");
    if (!scope || !str_equal(scope->text, str_of(asked->scope)) || !state ||
        !str_equal(state->text, STR("live")))
        return 0;
    before->live++;
    if (!reason || !str_equal(reason->text, STR("MANUAL")))
        return 0;
    before->manual = true;
    before->until_ms = POLICY_FOR_EVER;
    if (until)
        before->until_ms = until->integer;
    before->same_note =
        !asked->note || (note && str_equal(note->text, str_of(asked->note)));
    return 0;
}

static int look_up(const struct decision *decision, struct before *ret)
{
    struct store_filter filter = {.address = decision->store.address,
                                  .since_ms = CLOCK_NONE,
                                  .until_ms = CLOCK_NONE};
    struct look look = {decision, ret};
    *ret = (struct before){0};
    return store_query(decision->ctl->store, STORE_ENTRIES, &filter, on_entry, &look);
}

static bool would_change(const struct decision *decision, const struct before *before)
{
    if (!decision->add)
        return before->live > 0;
    return !before->manual || before->until_ms != decision->store.until_ms ||
           !before->same_note;
}

#define TERM_BYTES (sizeof("until ") + CLOCK_TEXT_BYTES)

static const char *term(int64_t until_ms, char ret[TERM_BYTES])
{
    char until[CLOCK_TEXT_BYTES];
    if (until_ms == POLICY_FOR_EVER)
        return "permanent";
    clock_format_rfc3339(until_ms, until);
    (void)snprintf(ret, TERM_BYTES, "until %s", until);
    return ret;
}

#define RESULT_BYTES (2 * TERM_BYTES + 64)

static void sentence(const struct decision *decision, const struct before *before,
                     bool changed, char ret[RESULT_BYTES])
{
    char now[TERM_BYTES], was[TERM_BYTES];
    const char *would = decision->dry_run ? "would be " : "";
    const char *ends = term(decision->store.until_ms, now);
    if (!decision->add)
        (void)snprintf(ret, RESULT_BYTES, "%s%s", changed ? would : "",
                       changed ? "lifted" : "is not on the list");
    else if (!changed)
        (void)snprintf(ret, RESULT_BYTES, "unchanged: %s", ends);
    else if (!before->manual)
        (void)snprintf(ret, RESULT_BYTES, "%sadded: %s", would, ends);
    else if (before->until_ms == decision->store.until_ms)
        (void)snprintf(ret, RESULT_BYTES, "%schanged: the note; %s as before", would,
                       ends);
    else
        (void)snprintf(ret, RESULT_BYTES, "%schanged: %s, was %s", would, ends,
                       term(before->until_ms, was));
}

static int tell(struct decision *decision, const struct decided *decided)
{
    char result[RESULT_BYTES];
    const char *typed = decided->given.address;
    bool changed = decided->changed;
    sentence(decision, &decided->before, changed, result);
    if (decision->ctl->format != OUTPUT_TABLE) {
        struct store_value row[] = {
            output_text("address", typed), output_text("scope", decision->store.scope),
            output_boolean("changed", changed), output_text("result", result)};
        return output_row(&decision->output, row, 4);
    }
    if (!decided->given.is_word)
        return 0;
    return printf("%s  %s\n", typed, result) < 0 ? -EIO : 0;
}

static int on_region(void *context, const struct store_value *values, size_t count)
{
    const struct store_value *region = output_find(values, count, "region");
    struct buf *option = context;
    if (!region)
        return 0;
    int r = buf_append_str(option, STR(" --region "));
    return r < 0 ? r : text_shell(option, region->text);
}

/* Amazon keeps a list of its own per account and Region; mail stays blocked while the
 * address is there (reference: account-level suppression list). What a person alone put
 * on our list says nothing about theirs. */
static int remind(const struct decision *decision, const char *typed)
{
    struct store_filter last = {.address = typed,
                                .since_ms = CLOCK_NONE,
                                .until_ms = CLOCK_NONE,
                                .newest_first = true,
                                .limit = 1};
    struct address address;
    struct buf words;
    buf_init(&words, CTL_LINE_BYTES_MAX);
    int r = address_parse(str_of(typed), &address);
    if (r == 0)
        r = text_shell(&words, str_of(address.seen));
    if (r == 0)
        r = store_query(decision->ctl->store, STORE_EVENTS, &last, on_region, &words);
    if (r == 0)
        ctl_note("SES's own account list may contain it too, and then SES does not "
                 "deliver: aws sesv2 delete-suppressed-destination --email-address %s",
                 buf_str(&words).data);
    buf_done(&words);
    return r;
}

static int decide_one(struct decision *decision, struct decided *decided)
{
    struct store *store = decision->ctl->store;
    decision->store.address = decided->given.address;
    int r = look_up(decision, &decided->before);
    if (r < 0)
        return r;
    if (decision->dry_run) {
        decided->changed = would_change(decision, &decided->before);
        return 0;
    }
    return decision->add
               ? store_suppress_add(store, &decision->store, &decided->changed)
               : store_suppress_remove(store, &decision->store, &decided->changed);
}

/* One transaction, short enough for the daemon to wait for it. 0 or a fault. */
static int decide_turn(struct decision *decision)
{
    struct store *store = decision->ctl->store;
    int r = decision->dry_run ? 0 : store_begin(store);
    if (r < 0)
        return r;
    int64_t deadline_ms = clock_mono_ms() + STORE_TURN_MS;
    decision->turn_count = 0;
    while (r == 0 && decision->turn_count < TURN_DECISIONS_MAX) {
        struct decided *decided = &decision->turn[decision->turn_count];
        *decided = (struct decided){.changed = false};
        if (!addresses_next(&decision->addresses, &decision->at, &decided->given))
            break;
        decision->turn_count++;
        r = decide_one(decision, decided);
        if (clock_mono_ms() >= deadline_ms)
            break;
    }
    if (decision->dry_run)
        return r;
    if (r == 0)
        return store_commit(store);
    store_rollback(store);
    return r;
}

static void count_decided(struct decision *decision, const struct decided *decided)
{
    const struct before *before = &decided->before;
    bool of_events = decided->changed && !(before->manual && before->live == 1);
    decision->done++;
    decision->any_missing = decision->any_missing || !decided->changed;
    if (decided->given.is_word)
        return;
    decision->lines++;
    decision->lines_new += decided->changed && (!decision->add || !before->manual);
    decision->lines_changed += decided->changed && decision->add && before->manual;
    decision->lines_of_events += !decision->add && of_events;
}

/* Prints what the transaction did, now that it is committed. `*ret_fault` is the fault of
 * printing, the return value that of the store. */
static int tell_turn(struct decision *decision, int *ret_fault)
{
    int r = 0;
    for (size_t i = 0; i < decision->turn_count && r == 0; i++) {
        const struct decided *decided = &decision->turn[i];
        const struct before *before = &decided->before;
        count_decided(decision, decided);
        *ret_fault = tell(decision, decided);
        if (*ret_fault < 0)
            return 0;
        if (decided->given.is_word && !decision->add && !decision->dry_run &&
            !(before->manual && before->live == 1))
            r = remind(decision, decided->given.address);
    }
    return r;
}

/* Of files, which may hold thousands: how many, and what remains to be done. */
static int summary(const struct decision *decision)
{
    unsigned long long changed = decision->lines_changed;
    unsigned long long news = decision->lines_new;
    unsigned long long rest = decision->lines - decision->lines_new - changed;
    const char *would = decision->dry_run ? "would be " : "";
    char now[TERM_BYTES];
    int r;
    if (decision->lines_of_events && !decision->dry_run)
        ctl_note("SES's own account list may contain %llu of them too, and then SES does "
                 "not deliver: see aws sesv2 list-suppressed-destinations",
                 (unsigned long long)decision->lines_of_events);
    if (decision->ctl->format != OUTPUT_TABLE || decision->lines == 0)
        return 0;
    if (decision->add)
        r = printf("%llu %sadded, %llu %schanged, %llu unchanged: %s\n", news, would,
                   changed, would, rest, term(decision->store.until_ms, now));
    else
        r = printf("%llu %slifted, %llu not on the list\n", news, would, rest);
    return r < 0 ? -EIO : 0;
}

static int decide_all(struct decision *decision, int *ret_fault)
{
    struct progress progress;
    int r;
    progress_start(&progress, "addresses", true);
    do {
        r = decide_turn(decision);
        if (r == 0)
            r = tell_turn(decision, ret_fault);
        progress_show(&progress, decision->done);
    } while (r == 0 && *ret_fault == 0 && decision->turn_count > 0);
    progress_end(&progress);
    return r;
}

static int decide(struct decision *decision)
{
    struct ctl *ctl = decision->ctl;
    int fault = 0;
    int r = decide_all(decision, &fault);
    if (r < 0 && decision->done > 0 && !decision->dry_run)
        ctl_note(
            "the first %llu of %zu addresses are done; repeat the command for the rest",
            (unsigned long long)decision->done, decision->addresses.count);
    if (r < 0)
        return ctl_fail_store(ctl, r);
    if (fault == 0)
        fault = summary(decision);
    if (fault == 0)
        fault = ctl_output_flush(&decision->output);
    if (fault < 0)
        return ctl_fail_output(fault);
    return !decision->add && decision->any_missing ? CTL_NO : CTL_DONE;
}

static int run(struct ctl *ctl, bool add, int64_t until_ms)
{
    struct decision decision = {.ctl = ctl,
                                .add = add,
                                .dry_run = ctl_given(ctl, OPTION_DRY_RUN),
                                .store = {.scope = "*",
                                          .actor = ctl_actor(),
                                          .note = ctl->value[OPTION_NOTE],
                                          .now_ms = ctl->now_ms,
                                          .until_ms = until_ms}};
    if (ctl_given(ctl, OPTION_SCOPE) && strcmp(ctl->value[OPTION_SCOPE], "*") != 0)
        return ctl_fail("there is no scope `%s`: `*`, which is all mail, is the only one "
                        "for now; omit --scope",
                        ctl->value[OPTION_SCOPE]);
    /* Absent is NULL, never ''. */
    if (decision.store.note && !*decision.store.note)
        decision.store.note = NULL;
    ctl_output(ctl, &decision.output, NULL);
    int code = CTL_COULD_NOT;
    if (!addresses_read(&decision.addresses, ctl->words, ctl->word_count))
        ctl_note("nothing was changed");
    else if (ctl_store(ctl, decision.dry_run ? STORE_READ : STORE_WRITE))
        code = decide(&decision);
    addresses_done(&decision.addresses);
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
            return ctl_fail("`%s` is not a duration: write 30d, 12h or 2w", length);
        until_ms = ctl->now_ms + length_ms;
    } else if (until) {
        if (!ctl_option_when(ctl, OPTION_UNTIL, &until_ms))
            return CTL_COULD_NOT;
        if (until_ms <= ctl->now_ms)
            return ctl_fail(
                "--until %s has passed; for a term that begins now, write --for "
                "30d",
                until);
    }
    return run(ctl, true, until_ms);
}

int cmd_suppress_remove(struct ctl *ctl)
{
    return run(ctl, false, POLICY_FOR_EVER);
}
