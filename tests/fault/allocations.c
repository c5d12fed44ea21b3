#include "allocations.h"

#include <sqlite3.h>
#include <stddef.h>

static sqlite3_mem_methods real_memory;
static struct {
    long left;
    bool lasting;
    bool fired;
} fault;

void allocations_arm(long at, bool lasting)
{
    fault.left = at;
    fault.lasting = lasting;
    fault.fired = false;
}

bool allocations_disarm(void)
{
    fault.left = 0;
    fault.lasting = false;
    return fault.fired;
}

bool allocation_fails(void)
{
    if (!(fault.fired && fault.lasting) && (fault.left <= 0 || --fault.left > 0))
        return false;
    fault.fired = true;
    return true;
}

static void *failing_malloc(int size)
{
    return allocation_fails() ? NULL : real_memory.xMalloc(size);
}

static void *failing_realloc(void *old, int size)
{
    return allocation_fails() ? NULL : real_memory.xRealloc(old, size);
}

int allocations_install(void)
{
    sqlite3_mem_methods memory;

    if (sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory) != SQLITE_OK)
        return -1;
    memory = real_memory;
    memory.xMalloc = failing_malloc;
    memory.xRealloc = failing_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) == SQLITE_OK ? 0 : -1;
}
