/*
 * Owners that release themselves: the compiler's cleanup attribute.
 *
 * Declare every owner with _cleanup_ and initialise it; return early; hand over with
 * take_ptr(). Destructors accept NULL and half-built objects.
 */
#ifndef SESBOUNCE_CLEANUP_H
#define SESBOUNCE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* A buffer of kilobytes on the path of each message, written before it is read: exempt
 * from -ftrivial-auto-var-init, which would zero all of it each time (4 % of the CPU). */
#if __has_attribute(uninitialized)
#define _uninitialized_ __attribute__((uninitialized))
#else
#define _uninitialized_
#endif

/* Yields the pointer and leaves NULL behind: ownership moves to the receiver. The
 * argument is evaluated once. */
#define take_ptr(pointer)                                                                \
    __extension__({                                                                      \
        __typeof__(pointer) *from_ = &(pointer);                                         \
        __typeof__(pointer) taken_ = *from_;                                             \
        *from_ = NULL;                                                                   \
        taken_;                                                                          \
    })

/* The same for a file descriptor, which leaves -1 behind. */
#define take_fd(fd)                                                                      \
    __extension__({                                                                      \
        int *from_ = &(fd);                                                              \
        int taken_ = *from_;                                                             \
        *from_ = -1;                                                                     \
        taken_;                                                                          \
    })

/* Defines NAMEp(), a cleanup function for `TYPE *` that calls NAME(). */
#define DEFINE_CLEANUP(type, name)                                                       \
    static inline void name##p(type **pointer)                                           \
    {                                                                                    \
        if (*pointer)                                                                    \
            name(*pointer);                                                              \
    }

static inline void freep(void *pointer)
{
    free(*(void **)pointer);
}

static inline void closep(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static inline void fclosep(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

#endif
