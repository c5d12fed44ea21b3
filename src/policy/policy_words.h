/*
 * Private to policy*.c: what the words of a diagnostic speak of.
 *
 * The phrases are whole words as servers write them. The list grows by what is seen: an
 * answer that was judged wrongly becomes a line of test_policy_diagnosis.c first.
 */
#ifndef SESBOUNCE_POLICY_WORDS_H
#define SESBOUNCE_POLICY_WORDS_H

#include "sesbounce/limits.h"
#include "sesbounce/str.h"

enum policy_word {
    WORD_NO_USER = 1 << 0,
    WORD_NO_DOMAIN = 1 << 1,
    WORD_FULL = 1 << 2,
    WORD_AUTHENTICATION = 1 << 3,
    WORD_REPUTATION = 1 << 4,
    WORD_AUTOREPLY = 1 << 5,
    /* "Sender address rejected: Domain not found" speaks of us, not of the recipient */
    WORD_ABOUT_US = 1 << 6,
    WORD_DNS = 1 << 7, /* a look-up failed, which says nothing about the domain */
};

/*
 * Lower case, one line, runs of blanks as one, and a `.` for each mail address: somebody
 * at vacation@ or dmarc@ says nothing about why his mail was refused. Codes that begin
 * the further lines of an answer are left out, so that its sentences go on. No more than
 * fits is looked at.
 */
struct str policy_words_simplify(struct str text, char ret[POLICY_DIAGNOSTIC_BYTES_MAX]);

/* Of simplified text: all enum policy_word that it holds. */
unsigned policy_words_find(struct str simple);

/* One to three digits at `at`; how many, 0 for none. */
size_t policy_words_number(struct str text, size_t at, unsigned *ret);

/* A letter, a digit, or a part of one that is not ASCII. */
static inline bool policy_words_char(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80;
}

#endif
