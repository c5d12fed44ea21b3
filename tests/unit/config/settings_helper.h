/* What the tests of the settings share: configuration files in a temporary directory, and
 * what the reader says of them. */
#ifndef SESBOUNCE_TESTS_SETTINGS_HELPER_H
#define SESBOUNCE_TESTS_SETTINGS_HELPER_H

#include "sesbounce/settings.h"

extern char settings_directory[];

/* Group fixtures. */
int settings_directory_make(void **state);
int settings_directory_remove(void **state);

/* Reads `text` as a configuration file. */
int settings_read_bytes(struct str text, struct settings **ret, struct buf *faults);

/* Reads a text that must hold no fault; the caller owns the settings. */
struct settings *settings_accept(const char *text);

/* The faults must be `expected`, where each @ that begins a line stands for the file. */
void settings_expect_faults(struct str text, const char *expected);
void settings_refuse(const char *text, const char *expected);

/* One wrong line below a section: its only fault must hold `part`. */
void settings_refuse_value(const char *section, const char *line, const char *part);

/* settings_print(), or for NULL settings_print_sample(); the caller frees it. */
char *settings_printed(const struct settings *settings);

#endif
