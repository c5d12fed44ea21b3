/*
 * What the parts of the story share: story.c reads it, story_chapter.c orders and
 * shortens it; story_words.c has the sentences about what happened, story_change.c those
 * about the list, story_state.c those about what holds now, story_remedy.c those about
 * what to type; story_text.c puts them together. One thread.
 */
#ifndef REPORT_STORY_PRIVATE_H
#define REPORT_STORY_PRIVATE_H

#include "report/limits.h"
#include "sesbounce/output.h"
#include "sesbounce/policy.h"

struct story_asked;
struct story_state;

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
/* `, abuse, one of 3 recipients`; nothing for an empty one. */
void words_detail(struct words *words, struct str detail);
/* Writes it, harmless for a terminal, with a line's end. */
int words_write(struct words *words, struct output *output);

/* --- what happened: story_words.c ------------------------------------------------ */

/* What SES reported. */
void event_words(struct words *words, const struct store_value *values, size_t count);
/* Which event that was, and of which mail: ` (event 7, campaign spring`. */
void event_place(struct words *words, const struct policy *policy,
                 const struct store_value *values, size_t count);
/* Does it concern the list at all? */
bool event_is_judged(const struct store_value *values, size_t count);
/* `Rule NAME: …` */
void rule_words(struct words *words, const struct policy *policy, struct str name);
/* Why an event of that rule changed nothing, where that is not obvious; or nothing. */
void unchanged_words(struct words *words, const struct story_state *state,
                     struct str name, bool is_unscoped);

/* --- what became of the address: story_change.c ----------------------------------- */

/* From a row of the log. `reasons` are those of a removal of several entries, which has a
 * row for each; else absent. */
void change_words(struct words *words, const struct store_value *values, size_t count,
                  struct str reasons);
/* A person's decision that is older than the log. */
void decision_words(struct words *words, const struct store_value *values, size_t count);

/* --- what holds: story_state.c --------------------------------------------------- */

/* An entry that is in force, waits, or has expired; texts are owned. */
struct story_entry {
    char *scope, *detail, *rule, *why, *actor, *note;
    enum policy_reason reason;
    enum policy_origin origin;
    bool live, held;
    int64_t since_ms;
    int64_t until_ms;
    int64_t first_ms, last_ms; /* of its events */
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
/* Is any entry in force? */
bool state_has_live(const struct story_state *state);
bool state_has_explained(const struct story_state *state, struct str rule);
void state_note_explained(struct story_state *state, struct str rule);

/* --- what happened at one moment: story_chapter.c ----------------------------------- */

/* An event with what it changed, or a change by itself. */
struct chapter {
    int64_t at_ms;
    int64_t id;           /* what happened at the same moment stays in order */
    int64_t event_id;     /* 0: it is not one */
    bool is_unscoped;     /* the event belongs to no scope */
    struct words text;    /* without its end, where there is a place */
    struct words place;   /* which event it is */
    struct words rule;    /* its name */
    struct words changes; /* a line each */
    size_t repeats;       /* equal ones right behind it */
    int64_t last_ms;      /* of those */
};
struct chapters {
    struct chapter *list; /* owned */
    size_t count;
};
/* The next chapter, empty. NULL: no memory. */
struct chapter *chapter_add(struct chapters *chapters, const struct store_value *values,
                            size_t count, const char *at);
/* NULL: it has none. */
struct chapter *chapter_of_event(struct chapters *chapters, int64_t event_id);
int chapter_fault(const struct chapter *chapter);
/* The oldest first; equal ones in a row are one, and the middle of many is left out. */
int chapters_write(struct chapters *chapters, struct story_state *state);
void chapters_done(struct chapters *chapters);

/* --- what to type: story_remedy.c ------------------------------------------------ */

/* Of the messages in quarantine with these ids, each behind a blank; empty: none. */
int quarantine_write_remedy(struct story_state *state, struct str ids);
/* How far soft counting has come, what would change the state, and what to type. */
int state_write_end(struct story_state *state);

/* Does what holds in `scope` concern mail of the scope that was asked for? Everything of
 * one scope also depends on what holds for all. */
bool scope_is_asked(const struct story_asked *asked, struct str scope);

#endif
