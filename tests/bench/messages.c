#include "messages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "sesbounce/cleanup.h"

static int map(const char *path, struct messages *messages)
{
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    void *file;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (st.st_size == 0 || st.st_size > MESSAGES_FILE_BYTES_MAX)
        return -EINVAL;
    file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (file == MAP_FAILED)
        return -errno;
    messages->file = file;
    messages->file_bytes = (size_t)st.st_size;
    return 0;
}

/* The record at `at`, if all of it is there. */
static bool record(const struct messages *messages, size_t at, struct str *ret)
{
    size_t left = messages->file_bytes - at;
    uint64_t len;

    if (left < MESSAGES_PREFIX_BYTES ||
        str_to_u64((struct str){messages->file + at, MESSAGES_PREFIX_BYTES - 1},
                   left - MESSAGES_PREFIX_BYTES, &len) < 0)
        return false;
    *ret = (struct str){messages->file + at + MESSAGES_PREFIX_BYTES, len};
    return true;
}

int messages_open(const char *path, struct messages *ret)
{
    size_t room = 0;
    int r;

    *ret = (struct messages){0};
    r = map(path, ret);
    for (size_t at = 0; r == 0 && at < ret->file_bytes;) {
        if (ret->count == room) {
            struct str *more =
                reallocarray(ret->items, room = room ? 2 * room : 1024, sizeof(*more));

            if (!more)
                return -ENOMEM;
            ret->items = more;
        }
        if (!record(ret, at, &ret->items[ret->count]))
            return -EINVAL;
        at += MESSAGES_PREFIX_BYTES + ret->items[ret->count++].len;
    }
    return r;
}

void messages_done(struct messages *messages)
{
    if (messages->file)
        (void)munmap(messages->file, messages->file_bytes);
    free(messages->items);
    *messages = (struct messages){0};
}

int64_t bench_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t bench_number(const char *text, uint64_t max)
{
    uint64_t number = 0;

    if (str_to_u64(str_of(text), max, &number) < 0) {
        (void)fprintf(stderr, "%s: not a number from 0 to %llu\n", text,
                      (unsigned long long)max);
        exit(2);
    }
    return number;
}
