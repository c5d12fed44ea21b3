#include "daemon/bounds.h"

#include <errno.h>
#include <limits.h>
#include <sys/resource.h>

#include "daemon/limits.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/file.h"
#include "sesbounce/str.h"

static uint64_t bounds_at_least(uint64_t value, uint64_t least)
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
    uint64_t waiting, waits;

    if (files < bounds_files_for(connections))
        connections = bounds_at_least(files, FILES_SPARE) - FILES_SPARE;
    connections = bounds_at_least(connections, HTTP_CONNECTIONS_MIN);
    waiting = connections / WAITING_ROOM_SHARE;
    waits = bounds_at_least(files, bounds_files_for(connections)) -
            bounds_files_for(connections);
    return (struct bounds){
        .connections = connections,
        .connections_of_address = connections / HTTP_ADDRESS_SHARE,
        .writer_queue = connections - connections / WRITER_SPARE_SHARE,
        .waiting_room = waiting < WAITING_ROOM_MAX ? waiting : WAITING_ROOM_MAX,
        .api_waits = bounds_at_least(waits < API_WAITS_MAX ? waits : API_WAITS_MAX,
                                     API_WAITS_LEAST),
        .large_body_bytes = bounds_at_least(connections * BODY_FIRST_BYTES,
                                            LARGE_BODIES * max_body_bytes),
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

static uint64_t bodies_bytes_of(const struct bounds *bounds)
{
    return bounds->connections * BODY_FIRST_BYTES + bounds->large_body_bytes;
}

static uint64_t memory_bytes_of(const struct bounds *bounds)
{
    /* The decoded texts of an envelope may take as much as the envelope. */
    return bounds->connections * (CONNECTION_BYTES + EVENT_FIRST_BYTES) +
           2 * bodies_bytes_of(bounds);
}

static uint64_t tls_bytes_of(const struct bounds *bounds)
{
    return bounds->connections * CONNECTION_TLS_BYTES;
}

/* The reader reads one body at a time, and makes one answer. A report has no body, and
 * API_LIMIT_MAX rows at most: a megabyte. */
static uint64_t api_bytes(void)
{
    return (uint64_t)ADMIN_CONNECTIONS_MAX *
               (ADMIN_CONNECTION_BYTES + CONNECTION_TLS_BYTES) +
           API_BODIES_BYTES_MAX + (uint64_t)API_JSON_TIMES * API_BODY_BYTES_MAX +
           API_ANSWER_BYTES_MAX + API_ANSWERS_BYTES_MAX;
}

uint64_t bounds_memory_max_bytes(const struct bounds *bounds)
{
    return memory_bytes_of(bounds) + tls_bytes_of(bounds) + api_bytes() +
           MEMORY_SPARE_BYTES;
}

/* The file of cgroup v2 that holds our limit, from `0::/system.slice/x.service`. */
static int memory_file(char ret[PATH_MAX])
{
    _cleanup_(freep) char *text = NULL;
    struct str rest, line;
    int r = file_read_text("/proc/self/cgroup", CGROUP_BYTES_MAX, &text);

    rest = str_of(text);
    while (r == 0 && str_split(&rest, '\n', &line)) {
        if (str_starts_with(line, STR("0::/")))
            return snprintf(ret, PATH_MAX, "/sys/fs/cgroup%.*s/memory.max",
                            (int)line.len - 3, line.data + 3) < PATH_MAX
                       ? 0
                       : -ENAMETOOLONG;
    }
    return r < 0 ? r : -ENOENT;
}

uint64_t bounds_memory_allowed_bytes(void)
{
    _cleanup_(freep) char *text = NULL;
    char path[PATH_MAX];
    uint64_t bytes;

    if (memory_file(path) < 0 || file_read_text(path, CGROUP_BYTES_MAX, &text) < 0 ||
        str_to_u64(str_trim(str_of(text)), UINT64_MAX, &bytes) < 0)
        return UINT64_MAX; /* `max`, or no cgroup v2 */
    return bytes;
}

void bounds_print(const struct bounds *bounds, FILE *to)
{
    uint64_t bodies_bytes = bodies_bytes_of(bounds);
    uint64_t all_bytes = memory_bytes_of(bounds);
    uint64_t tls_bytes = tls_bytes_of(bounds);

    (void)fprintf(
        to,
        "\n# max_connections means: %llu connections at a time, shared by the\n"
        "# addresses of `listen`; %llu deliveries wait for the disk, %llu for a\n"
        "# certificate; bodies take %lluK of memory, %lluK of it for those above %dK.\n"
        "# All this is at most %lluM of memory, and %lluM more with TLS. One client\n"
        "# may have 1/%d of the connections, of the deliveries that wait for a\n"
        "# certificate, and of the memory for large bodies. The API takes up to\n"
        "# %luM. The unit needs MemoryMax=%lluM or more.\n",
        (unsigned long long)bounds->connections, (unsigned long long)bounds->writer_queue,
        (unsigned long long)bounds->waiting_room, (unsigned long long)bodies_bytes / 1024,
        (unsigned long long)bounds->large_body_bytes / 1024, BODY_FIRST_BYTES / 1024,
        (unsigned long long)all_bytes / 1024 / 1024,
        (unsigned long long)tls_bytes / 1024 / 1024, HTTP_ADDRESS_SHARE,
        (unsigned long)(api_bytes() / 1024 / 1024),
        (unsigned long long)bounds_memory_max_bytes(bounds) / 1024 / 1024);
}
