/*
 * What `[ingest] max_connections` makes of the daemon's bounds. limits.h has the reasons.
 */
#ifndef SESBOUNCED_BOUNDS_H
#define SESBOUNCED_BOUNDS_H

#include <stdint.h>
#include <stdio.h>

struct bounds {
    uint64_t connections;
    uint64_t connections_of_address;
    uint64_t writer_queue;
    uint64_t waiting_room;
    uint64_t api_waits;        /* long polls */
    uint64_t large_body_bytes; /* of all bodies, beyond BODY_FIRST_BYTES each, and of what
                                  is read out of them, beyond EVENT_FIRST_BYTES each */
};

/* How many descriptors so many connections need, with everything else that is open but
 * long polls. */
uint64_t bounds_files_for(uint64_t max_connections);

/* Pure. Fewer connections than `max_connections` where `files` is not enough for them,
 * but never fewer than HTTP_CONNECTIONS_MIN: then accept() sometimes fails. */
struct bounds bounds_of(uint64_t max_connections, uint64_t max_body_bytes,
                        uint64_t files);

/* Raises the soft limit of open files towards `wanted`, where that is needed and the hard
 * one lets it. The limit that is then in force; `wanted` if it is not known. */
uint64_t bounds_raise_files(uint64_t wanted);

/* Pure. What the unit's MemoryMax= must be at least: all of these with TLS, and the
 * program itself. */
uint64_t bounds_memory_max_bytes(const struct bounds *bounds);

/* The MemoryMax= that is in force (cgroup v2); UINT64_MAX: none that can be seen. */
uint64_t bounds_memory_allowed_bytes(void);

/* Prints what --check-config says of them: comment lines of a settings file. */
void bounds_print(const struct bounds *bounds, FILE *to);

#endif
