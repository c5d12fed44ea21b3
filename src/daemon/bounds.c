#include "daemon/bounds.h"

#include <sys/resource.h>

#include "sesbounce/limits.h"

static uint64_t at_least(uint64_t value, uint64_t least)
{
    return value > least ? value : least;
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
        .waiting_room = connections / WAITING_ROOM_SHARE,
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

    (void)fprintf(
        to,
        "\n# max_connections means: %llu connections at a time, %llu of them from one\n"
        "# address; %llu deliveries wait for the disk, %llu for a certificate; bodies "
        "of\n"
        "# requests take %lluK of memory, %lluK of it for those above %dK.\n",
        (unsigned long long)bounds->connections,
        (unsigned long long)bounds->connections_of_address,
        (unsigned long long)bounds->writer_queue,
        (unsigned long long)bounds->waiting_room,
        (unsigned long long)(small_bytes + bounds->large_body_bytes) / 1024,
        (unsigned long long)bounds->large_body_bytes / 1024, BODY_FIRST_BYTES / 1024);
}
