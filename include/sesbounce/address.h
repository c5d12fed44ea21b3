/*
 * Mail addresses as SES spells them, made comparable.
 *
 * SES was seen to send `John <test@example.com>`, blanks, upper case, quoted local parts,
 * `test..me@`, and free text. This does not judge by RFC 5321: a text with one `@` that
 * separates a local part from a domain is an address; any other is not. Pure; any thread.
 */
#ifndef SESBOUNCE_ADDRESS_H
#define SESBOUNCE_ADDRESS_H

#include <stdbool.h>

#include "sesbounce/limits.h"
#include "sesbounce/str.h"

struct address {
    char seen[ADDRESS_BYTES_MAX]; /* bare addr-spec, the domain alone in lower case */
    char key[ADDRESS_BYTES_MAX];  /* all in lower case, domain as A-labels: compared */
    const char *domain;           /* the part of `key` behind its last @ */
};

/*
 * 0, -EINVAL when `text` holds no address or one that is too long, or -ENOMEM (only for a
 * domain that needs A-labels: a wrong key would be worse than none). Takes the part in
 * angle brackets if there is one, trims blanks; refuses several addresses. `key` loses
 * needless quotes (`"joe"@` is `joe@`) and a dot at the end. `ret` may not be copied with
 * =: `domain` points into it (use address_copy).
 *
 * A character that nobody sees (str_character_unseen) or a quotation mark that a shell or
 * a word processor left makes a different address, which blocks nobody: a text that has
 * one is not an address.
 */
int address_parse(struct str text, struct address *ret);

/*
 * The same for a word, a line or a member that people and programs enter: it may not have
 * an invisible character, may not be in quotation marks, and nothing but a name may stand
 * beside its only address. On -EINVAL or -ENOMEM `ret_fault` says why, such as `it
 * contains U+200B after 'jane' (a zero-width character)`. What address_parse() took is
 * taken here in both its spellings: what is on the list can be taken off.
 */
int address_read(struct str text, struct address *ret,
                 char ret_fault[ADDRESS_FAULT_BYTES]);

/* The part of it that looks at characters alone. False with `ret_fault`. */
bool address_check_text(struct str text, char ret_fault[ADDRESS_FAULT_BYTES]);

void address_copy(struct address *to, const struct address *from);

/* …@simulator.amazonses.com: SES's mailbox simulator (send-an-email-from-console). */
bool address_is_simulator(const struct address *address);

#endif
