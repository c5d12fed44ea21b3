/*
 * What the fuzz targets share. A target is fuzz_NAME.c: it defines
 * LLVMFuzzerTestOneInput(), calls what it tests, and aborts when a promise of the headers
 * is broken. libFuzzer's main() drives it in `make fuzz`, replay.c in `make check`.
 */
#ifndef SESBOUNCE_TESTS_FUZZ_H
#define SESBOUNCE_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sesbounce/ses_event.h"
#include "sesbounce/str.h"

/* Names are libFuzzer's. The second is optional: called once, before the first input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

/* A promise that must hold whatever the input is. */
#define PROMISE(condition)                                                               \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            (void)fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__,     \
                          #condition);                                                   \
            abort();                                                                     \
        }                                                                                \
    } while (0)

static inline struct str fuzz_str(const uint8_t *data, size_t size)
{
    return (struct str){size ? (const char *)data : "", size};
}

/* Cuts the bytes up to the next newline off `*rest`; all of it when there is none. */
static inline struct str fuzz_line(struct str *rest)
{
    struct str line = STR("");
    if (!str_split(rest, '\n', &line))
        return STR("");
    return line;
}

/* Rules as the default settings have them, and three campaigns. */
extern const struct ses_rules fuzz_rules;

/* Everything that is promised of an event, and of what is judged from it. */
void fuzz_check_event(const struct ses_event *event);

#endif
