/*
 * What every verb of sesbouncectl is given, and how it ends.
 *
 * One thread, one command, then the process is over. A verb returns an exit code; what it
 * could not do it has told on standard error by then, with the remedy.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>

#include "sesbounce/address.h"
#include "sesbounce/filter.h"
#include "sesbounce/output.h"
#include "sesbounce/settings.h"
#include "sesbounce/store_read.h"

enum ctl_exit {
    CTL_DONE = 0,
    CTL_NO = 1,        /* the answer is no */
    CTL_COULD_NOT = 2, /* the command failed */
};

enum ctl_option {
    OPTION_CONFIG,
    OPTION_DB,
    OPTION_OUTPUT,
    OPTION_RAW,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_SCOPE,
    OPTION_INVERT,
    OPTION_INVALID,
    OPTION_NOTE,
    OPTION_UNTIL,
    OPTION_FOR,
    OPTION_DRY_RUN,
    OPTION_REASON,
    OPTION_SINCE,
    OPTION_DOMAIN,
    OPTION_LIMIT,
    OPTION_ADDRESS,
    OPTION_TYPE,
    OPTION_CLASS,
    OPTION_CAUSE,
    OPTION_RULE,
    OPTION_CAMPAIGN,
    OPTION_AFTER_ID,
    OPTION_ALL,
    OPTION_TOPIC,
    OPTION_CERTIFICATE,
    OPTION_FORGE,
    OPTION_COMPLAINT,
    OPTION_WHY,
    OPTION_FORGET,
    OPTION_FORMAT,
    OPTION_MESSAGE,
    OPTION_DAYS,
    OPTION_BY,
    OPTION_COUNT,
};
#define TAKES(option) (UINT64_C(1) << (option))

struct ctl;

/* A row of the table of verbs. */
struct verb {
    const char *name;
    const char *sub;     /* second word, or NULL */
    const char *words;   /* what follows, for the usage line */
    const char *summary; /* one line */
    const char *more;    /* further explanation, or NULL */
    const char *example;
    uint64_t options; /* TAKES(…) | …, in addition to the global ones */
    size_t words_min;
    size_t words_max; /* SIZE_MAX: any number */
    int (*run)(struct ctl *ctl);
    enum store_view view; /* of cmd_list */
};

struct ctl {
    const struct verb *verb;
    const char *value[OPTION_COUNT]; /* as typed, "" for a flag; NULL: not given */
    char **words;                    /* behind the verb; borrowed from argv */
    size_t word_count;
    enum output_format format;
    int64_t now_ms;
    struct settings *settings; /* owned; NULL until ctl_settings */
    struct store *store;       /* owned; NULL until ctl_store */
    const char *program;       /* as it was called, where that has a slash */
    char **argv;
    int argc;
    char *reads, *writes; /* owned; of command.c */
};

static inline bool ctl_given(const struct ctl *ctl, enum ctl_option option)
{
    return ctl->value[option] != NULL;
}

/* One line on standard error. Returns CTL_COULD_NOT. */
int ctl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A hint or warning on standard error. */
void ctl_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reads an address that was typed. False after saying why it is not one. */
bool ctl_address(const char *typed, struct address *ret);

/* Opening the store failed: `text` is its own line (empty: none), which says what to
 * type. */
void ctl_fail_open(const struct ctl *ctl, const char *path, int r, struct str text,
                   enum store_mode mode);

/* Tells what the store said about `r` (its own words where it has some) and the remedy.
 * Returns CTL_COULD_NOT. */
int ctl_fail_store(struct ctl *ctl, int r);

/* Standard output broke (or a row could not be made): silent when its reader has gone. */
int ctl_fail_output(int r);

/* Reads the configuration into `ctl->settings`. False after telling why. */
bool ctl_settings(struct ctl *ctl);

/*
 * Opens the store: --db, else `[store] path`. With --db no configuration is read. False
 * after telling why and what to type.
 */
bool ctl_store(struct ctl *ctl, enum store_mode mode);

/* The path that ctl_store() opens; NULL after telling why. */
const char *ctl_store_path(struct ctl *ctl);

/* Who decides: $SUDO_USER, else the user's name, else `uid N`. Valid until the next call.
 */
const char *ctl_actor(void);

/* Fills `ret` from the options of `ctl->verb` that name a filter. False after telling
 * what is wrong. */
bool ctl_filter(const struct ctl *ctl, enum store_view view, struct filter *ret);

/* A number of 1 or more given as a word (`what`: how it is called). */
bool ctl_number(const char *what, const char *text, int64_t *ret);

/* Rows of `ctl->format` on standard output. */
void ctl_output(const struct ctl *ctl, struct output *ret,
                const struct output_columns *columns);

/* Writes what is held and flushes. 0 or a negative errno. */
int ctl_output_flush(struct output *output);

/* Ends what ctl_output() began, flushes and frees. `r` is the result so far: a fault of
 * the store unless writing failed. Reports a fault. Returns the exit code. */
int ctl_output_end(struct ctl *ctl, struct output *output, int r);

/* One row with the names that it has. Returns `code`, or CTL_COULD_NOT after telling. */
int ctl_print_row(struct ctl *ctl, const struct store_value *values, size_t count,
                  int code);

/* What becomes of the work of a turn. */
enum ctl_turn_end {
    TURN_READS /* it opens no transaction */,
    TURN_ROLLS_BACK,
    TURN_COMMITS
};

/*
 * One transaction, short enough for the daemon to wait for it: `step` runs until it says
 * that nothing is left, fails, or STORE_TURN_MS have passed. 0 or a fault.
 */
int ctl_turn(struct store *store, enum ctl_turn_end end,
             int (*step)(void *context, bool *ret_end), void *context);

/*
 * command.c: what a command that a message says to type begins with, so that it works as
 * printed: `sesbouncectl`, with the configuration and the database that were named, and
 * `sudo -u OWNER` where we may not write. Valid as long as `ctl`.
 */
const char *command_reads(struct ctl *ctl);
const char *command_writes(struct ctl *ctl);

/* Says how the user whom `path` belongs to would give the present command. */
void command_note_as_owner(const struct ctl *ctl, const char *path);

/*
 * scopes.c: can --scope, if it is given, be the name of a scope? False after telling. And
 * says so if no mail belongs to that scope, by the configuration where it was read.
 */
bool scopes_check_option(const struct ctl *ctl);
void scopes_warn(const struct ctl *ctl);

/* options.c: reads argv into `ctl` and finds the verb; `verbs` end with one that has no
 * name. -1: run it; else the exit code. */
int options_read(struct ctl *ctl, int argc, char **argv, const struct verb *verbs);

/* The name of an option, without its hyphens. */
const char *options_name(enum ctl_option option);

/* The verbs, cmd_*.c. */
int cmd_check(struct ctl *ctl);
int cmd_list(struct ctl *ctl); /* ctl.c: what verb->view holds */
int cmd_why(struct ctl *ctl);
int cmd_suppress_add(struct ctl *ctl);
int cmd_suppress_remove(struct ctl *ctl);
int cmd_suppress_rebuild(struct ctl *ctl);
int cmd_suppress_release(struct ctl *ctl);
int cmd_suppress_drop(struct ctl *ctl);
int cmd_policy_list(struct ctl *ctl);
int cmd_policy_test(struct ctl *ctl);
int cmd_list_import(struct ctl *ctl);
int cmd_list_export(struct ctl *ctl);
int cmd_list_diff(struct ctl *ctl);
int cmd_events(struct ctl *ctl);
int cmd_follow(struct ctl *ctl); /* and watch */
int cmd_quarantine_show(struct ctl *ctl);
int cmd_quarantine_retry(struct ctl *ctl);
int cmd_quarantine_drop(struct ctl *ctl);
int cmd_topics_confirm(struct ctl *ctl);
int cmd_topics_forget(struct ctl *ctl);
int cmd_message_show(struct ctl *ctl);
int cmd_message_verify(struct ctl *ctl);
int cmd_import(struct ctl *ctl);
int cmd_simulate(struct ctl *ctl);
int cmd_status(struct ctl *ctl);
int cmd_stats(struct ctl *ctl);
int cmd_db_check(struct ctl *ctl);
int cmd_db_settle(struct ctl *ctl);
int cmd_db_compact(struct ctl *ctl);
int cmd_db_prune(struct ctl *ctl);
int cmd_webhooks_list(struct ctl *ctl);
int cmd_webhooks_test(struct ctl *ctl);
int cmd_webhooks_retry(struct ctl *ctl);
int cmd_webhooks_replay(struct ctl *ctl);
int cmd_erase(struct ctl *ctl);
int cmd_export(struct ctl *ctl);

#endif
