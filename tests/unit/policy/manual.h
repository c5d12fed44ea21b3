/*
 * A manual of which one section is made from a table of the program, and is checked in.
 */
#ifndef POLICY_MANUAL_H
#define POLICY_MANUAL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"

#define MANUAL_BYTES_MAX (256 * 1024)

struct manual {
    const char *path;       /* from the top of the repository */
    const char *begin;      /* what stands in front of the section */
    const char *end;        /* and behind it */
    const char *write;      /* the variable of the environment that has it rewritten */
    const char *write_with; /* the command for that */
};

static inline void put(struct buf *to, const char *text)
{
    assert_int_equal(buf_append_str(to, str_of(text)), 0);
}

static inline void manual_read(const char *path, struct buf *ret)
{
    char chunk[4096];
    size_t got;
    _cleanup_(fclosep) FILE *file = fopen(path, "re");

    assert_non_null(file);
    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
        assert_int_equal(buf_append(ret, chunk, got), 0);
}

static inline void manual_write(const char *path, const struct str parts[3])
{
    _cleanup_(fclosep) FILE *file = fopen(path, "we");

    assert_non_null(file);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fwrite(parts[i].data, 1, parts[i].len, file), parts[i].len);
}

/* Compares the section with `wanted`, or rewrites it. */
static inline void manual_check(const struct manual *manual, struct str wanted)
{
    _cleanup_(buf_done) struct buf text = {.max = MANUAL_BYTES_MAX};

    manual_read(manual->path, &text);
    const char *begin = strstr(text.data, manual->begin);
    const char *end = strstr(text.data, manual->end);
    assert_true(begin && end && begin < end);
    begin += strlen(manual->begin);

    struct str there = {begin, (size_t)(end - begin)};
    struct str before = {text.data, (size_t)(begin - text.data)};
    struct str behind = {end, text.len - before.len - there.len};
    if (getenv(manual->write))
        manual_write(manual->path, (struct str[]){before, wanted, behind});
    else if (!str_equal(there, wanted))
        fail_msg("%s differs from the table; type: %s=1 %s", manual->path, manual->write,
                 manual->write_with);
}

#endif
