/*
 * Private to ses_*.c: the pieces a message of SES is read from.
 *
 * Results of the readers: 0, -ENOMEM, or an enum quarantine_reason (which is positive).
 */
#ifndef SESBOUNCE_MESSAGE_SES_PARTS_H
#define SESBOUNCE_MESSAGE_SES_PARTS_H

#include <stdlib.h>

#include "message/json_tree.h"
#include "sesbounce/ses_event.h"

/* Absent unless the member is a string with something in it. */
static inline struct str ses_member(const struct json_value *object, const char *name)
{
    return json_tree_text(json_tree_member(object, name));
}

/* Absent where blanks are all there is. */
static inline struct str ses_text_trimmed(struct str text)
{
    struct str trimmed = str_trim(text);
    return trimmed.len ? trimmed : STR_ABSENT;
}

/* A member whose blanks do not count: many lines, but none with something on it. */
static inline struct str ses_member_trimmed(const struct json_value *object,
                                            const char *name)
{
    return ses_text_trimmed(ses_member(object, name));
}

/* CLOCK_NONE if the member is not a time. */
static inline int64_t ses_member_time(const struct json_value *object, const char *name)
{
    int64_t ms;
    struct str text = ses_member(object, name);
    return str_present(text) && clock_parse(text, &ms) == 0 ? ms : CLOCK_NONE;
}

/* --- ses_recipients.c ------------------------------------------------------------ */

/* Recipients, distinct by what SES named. */
struct ses_recipients {
    struct ses_recipient *items; /* owned */
    size_t count;
    size_t readable; /* how many of them are mail addresses */
    size_t room;     /* that many fit into items */
};

static inline void ses_recipients_done(struct ses_recipients *recipients)
{
    free(recipients->items);
}

/* Reads a list of addresses, or of objects with an emailAddress. `ret` is the caller's in
 * every case. */
int ses_recipients_read(const struct json_value *list, struct ses_recipients *ret);

/* Is any of those that are `named` among those that the mail was sent `to`? */
bool ses_recipients_meet(const struct ses_recipients *to,
                         const struct ses_recipients *named);

/*
 * Marks who is not among those that the mail was sent `to`, unless that is unknown. Where
 * one address was named and the mail had one recipient, the event is about that one: it
 * takes the place of the named one, which `*ret_reported` then owns.
 */
void ses_recipients_compare(struct ses_recipients *to, struct ses_recipients *named,
                            struct ses_recipient **ret_reported);

/* --- ses_block.c, ses_mail.c ----------------------------------------------------- */

/* The block of event->type, and whom it names. */
int ses_block_read(const struct json_value *message, struct ses_event *event);

/* Everything under `mail`, and event->campaign. 0 or -ENOMEM. */
int ses_mail_read(const struct json_value *mail, const struct ses_rules *rules,
                  struct ses_event *event);

#endif
