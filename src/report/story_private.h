/*
 * What the parts of the story share: story.c reads and orders it, story_words.c has the
 * sentences about what happened, story_state.c those about what holds now, story_remedy.c
 * those about what to type; story_text.c puts them together. One thread.
 */
#ifndef REPORT_STORY_PRIVATE_H
#define REPORT_STORY_PRIVATE_H

#include "sesbounce/limits.h"
#include "sesbounce/output.h"
#include "sesbounce/policy.h"

struct story_asked;

/* --- words: story_text.c --------------------------------------------------------- */

/* Text that grows; the first fault stays in `r`. Begins as WORDS. */
struct words {
    struct buf text;
    int r;
};
#define WORDS ((struct words){.text = {.max = REPORT_ROW_BYTES_MAX}})
void words_done(struct words *words);
void words_add(struct words *words, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void words_add_str(struct words *words, struct str text);
/* In quotation marks, on one line, and cut where it is long. */
void words_quote(struct words *words, struct str text);
void words_time(struct words *words, int64_t ms);
/* A word for the shell. */
void words_operand(struct words *words, struct str text);
/* ` permanently` or ` until TIME`; NULL: permanently. */
void words_term(struct words *words, const struct store_value *until);
/* `permanently`, `14 days`, `36 hours`. */
void words_duration(struct words *words, int64_t ms);
/* ` for all mail` or ` in scope NAME`. */
void words_scope(struct words *words, struct str scope);
/* Writes it, harmless for a terminal, with a line's end. */
int words_write(struct words *words, struct output *output);

/* --- what happened: story_words.c ------------------------------------------------ */

/* What SES reported. */
void event_words(struct words *words, const struct store_value *values, size_t count);
/* Which event that was, and of which mail: ` (event 7, campaign spring`. */
void event_place(struct words *words, const struct store_value *values, size_t count);
/* Does it concern the list at all? */
bool event_is_judged(const struct store_value *values, size_t count);
/* What became of the address, from a row of the log. */
void change_words(struct words *words, const struct store_value *values, size_t count);
/* A person's decision that is older than the log. */
void decision_words(struct words *words, const struct store_value *values, size_t count);
/* `Rule NAME: …` */
void rule_words(struct words *words, const struct policy *policy, struct str name);

/* --- what holds: story_state.c --------------------------------------------------- */

/* An entry that is in force, waits, or has expired; texts are owned. */
struct story_entry {
    char *scope, *detail, *rule, *why, *actor, *note;
    enum policy_reason reason;
    enum policy_origin origin;
    bool live, held;
    int64_t since_ms;
    int64_t until_ms;
    int64_t event_count;
};

struct story_state {
    const struct story_asked *asked;
    struct store *store;
    struct output *output;
    struct story_entry *entries; /* owned */
    size_t count;
    bool has_gap;                    /* before what is to be typed */
    bool explained[STORY_RULES_MAX]; /* each rule is explained once */
};

/* Notes an entry; those that were lifted are not of the state. 0 or -ENOMEM. */
int state_add(struct story_state *state, const struct store_value *values, size_t count);
void state_done(struct story_state *state);
/* May it be mailed, and what is the case in each scope? */
int state_write(struct story_state *state);
/* Is it in force, and the first of its scope that is? Entries come in the order of their
 * scopes. */
bool entry_leads_scope(const struct story_state *state, size_t i);
bool state_has_explained(const struct story_state *state, struct str rule);
void state_note_explained(struct story_state *state, struct str rule);

/* --- what to type: story_remedy.c ------------------------------------------------ */

/* Of the messages in quarantine with these ids, each behind a blank; empty: none. */
int quarantine_write_remedy(struct story_state *state, struct str ids);
/* How far soft counting has come, what would change the state, and what to type. */
int state_write_end(struct story_state *state);

/* Does what holds in `scope` concern mail of the scope that was asked for? Everything of
 * one scope also depends on what holds for all. */
bool scope_is_asked(const struct story_asked *asked, struct str scope);

#endif
