/* What the program logs between two calls: its standard error. After cmocka.h. */
#ifndef TESTS_LOG_CAPTURE_H
#define TESTS_LOG_CAPTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int log_file, log_saved;

static inline void log_begin(void)
{
    char name[] = "/tmp/test_log.XXXXXX";

    (void)fflush(stderr);
    log_file = mkstemp(name);
    assert_true(log_file >= 0);
    (void)unlink(name);
    log_saved = dup(STDERR_FILENO);
    assert_true(dup2(log_file, STDERR_FILENO) >= 0);
}

static inline void log_end(char *text, size_t size)
{
    ssize_t len = pread(log_file, text, size - 1, 0);

    (void)dup2(log_saved, STDERR_FILENO);
    (void)close(log_saved);
    (void)close(log_file);
    assert_true(len >= 0);
    text[len] = '\0';
}

#endif
