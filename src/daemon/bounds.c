#include "daemon/bounds.h"

#include <sys/resource.h>

#include "sesbounce/limits.h"

static uint64_t at_least(uint64_t value, uint64_t least)
{
    return value > least ? value : least;
}

static uint64_t at_most(uint64_t value, uint64_t most)
{
    return value < most ? value : most;
}

uint64_t bounds_files_for(uint64_t max_connections)
{
    return max_connections + FILES_SPARE;
}

struct bounds bounds_of(uint64_t max_connections, uint64_t max_body_bytes, uint64_t files)
{
    uint64_t connections = max_connections;

    if (files < bounds_files_for(connections))
        connections = at_least(files, FILES_SPARE) - FILES_SPARE;
    connections = at_least(connections, HTTP_CONNECTIONS_MIN);
    return (struct bounds){
        .connections = connections,
        .connections_of_address = connections / HTTP_ADDRESS_SHARE,
        .writer_queue = connections - connections / WRITER_SPARE_SHARE,
        .waiting_room = at_most(connections / WAITING_ROOM_SHARE, WAITING_ROOM_MAX),
        .large_body_bytes =
            at_least(connections * BODY_FIRST_BYTES, LARGE_BODIES * max_body_bytes),
    };
}

uint64_t bounds_raise_files(uint64_t wanted)
{
    struct rlimit limit;
    rlim_t soft;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return wanted; /* accept() will tell */
    soft = limit.rlim_cur;
    if (soft >= wanted || soft >= limit.rlim_max)
        return soft;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    /* Refused under the system call filter of the unit, which sets LimitNOFILE=. */
    return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? soft : limit.rlim_cur;
}

void bounds_print(const struct bounds *bounds, FILE *to)
{
    uint64_t small_bytes = bounds->connections * BODY_FIRST_BYTES;

    uint64_t bodies_bytes = small_bytes + bounds->large_body_bytes;
    /* What is read out of a body may take as much again. */
    uint64_t all_bytes = bounds->connections * CONNECTION_BYTES + 2 * bodies_bytes;
    uint64_t tls_bytes = bounds->connections * CONNECTION_TLS_BYTES;

    (void)fprintf(
        to,
        "\n# max_connections means: %llu connections at a time, divided among the\n"
        "# addresses of `listen`; %llu deliveries wait for the disk, %llu for a\n"
        "# certificate; bodies take %lluK of memory, %lluK of it for those above %dK.\n"
        "# All this is at most %lluM of memory, and %lluM more with TLS. One client\n"
        "# may have one in %d of the connections, of what waits for a certificate,\n"
        "# and of the memory for large bodies.\n",
        (unsigned long long)bounds->connections, (unsigned long long)bounds->writer_queue,
        (unsigned long long)bounds->waiting_room, (unsigned long long)bodies_bytes / 1024,
        (unsigned long long)bounds->large_body_bytes / 1024, BODY_FIRST_BYTES / 1024,
        (unsigned long long)all_bytes / 1024 / 1024,
        (unsigned long long)tls_bytes / 1024 / 1024, HTTP_ADDRESS_SHARE);
}
