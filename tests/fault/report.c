#include "report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/clock.h"

void report_end(const struct report *report)
{
    const char *name = getenv("FAULT_REPORT");
    char line[160];
    int len =
        snprintf(line, sizeof(line), "%s\t%ld\t%ld\t%ld\t%ld\n", report->kind,
                 report->injected, report->acknowledged, report->lost, report->doubled);

    (void)printf("%s", line);
    if (!name)
        return;
    _cleanup_(closep) int fd =
        open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, line, (size_t)len) != len)
        perror(name);
}

bool fault_is_short(void)
{
    const char *faults = getenv("FAULTS");

    return faults && strcmp(faults, "short") == 0;
}

struct dice dice_new(const char *who)
{
    const char *text = getenv("FAULT_SEED");
    unsigned long long seed = fault_is_short() ? 1 : (unsigned long long)clock_mono_ms();

    if (text && text[0])
        (void)sscanf(text, "%llu", &seed);
    (void)printf("%s: FAULT_SEED=%llu\n", who, seed);
    return (struct dice){seed * UINT64_C(0x9E3779B97F4A7C15) + 1};
}

/* splitmix64 */
uint32_t dice_roll(struct dice *dice, uint32_t sides)
{
    uint64_t z = dice->state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    return (uint32_t)(z % sides);
}
