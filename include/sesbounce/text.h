/*
 * Text for people and programs: what strangers wrote (diagnostics, subjects, addresses)
 * made harmless for a terminal, and quoted for JSON, CSV and the shell. Pure; any thread.
 * All append to a buf and return as buf_append.
 */
#ifndef SESBOUNCE_TEXT_H
#define SESBOUNCE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "sesbounce/buf.h"
#include "sesbounce/str.h"

/*
 * Control characters (C0, DEL, C1), bytes that are not UTF-8 and characters that turn the
 * direction of writing become `?`, so that a diagnostic cannot drive a terminal or pass
 * for another line. With `keep_lines` line feeds and tabs stay.
 */
int text_neutral(struct buf *to, struct str s, bool keep_lines);

/* How many characters `s` has: UTF-8 sequences count once. */
size_t text_width(struct str s);

/* The longest prefix of `s` of at most `characters` characters. */
struct str text_prefix(struct str s, size_t characters);

/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD, and what could
 * drive a terminal (str_character_is_harmful) is written as \uXXXX. */
int text_json(struct buf *to, struct str s);

/* JSON that somebody else wrote, with the latter done to it. */
int text_json_harmless(struct buf *to, struct str json);

/* A field of RFC 4180: quoted only where it must be; bytes stay as they are. */
int text_csv(struct buf *to, struct str s);

/*
 * `s` with a ' before whatever a spreadsheet would take for a formula: = + - @ TAB CR at
 * its beginning, as OWASP's "CSV Injection" has them, with the line feed and the
 * full-width forms; and the former behind a semicolon, a tab or a line's end, where many
 * locales, and a paste, begin a cell. Blanks and quotation marks in between hide nothing.
 */
int text_no_formula(struct buf *to, struct str s);

/* A word that a POSIX shell reads back as `s`. */
int text_shell(struct buf *to, struct str s);

/* The same for an operand, behind `--` where it would be an option otherwise; and for the
 * argument of the long option that `to` ends with, behind a blank or, for that reason, =.
 */
int text_shell_operand(struct buf *to, struct str s);
int text_shell_argument(struct buf *to, struct str s);

#endif
