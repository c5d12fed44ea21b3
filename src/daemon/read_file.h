/*
 * A small file as a C string.
 */
#ifndef SESBOUNCED_READ_FILE_H
#define SESBOUNCED_READ_FILE_H

#include <stddef.h>

/* The caller owns `*ret`. 0, -E2BIG above `max_bytes`, or a negative errno. */
int read_file(const char *path, size_t max_bytes, char **ret);

#endif
