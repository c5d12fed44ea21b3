#include "ctl/import_counts.h"

#include <errno.h>
#include <stdio.h>

int import_counts_print(struct ctl *ctl, const struct import_counts *counts, bool dry_run,
                        int code)
{
    uint64_t applied = counts->done - counts->duplicate - counts->ignored -
                       counts->erased - counts->quarantined;
    const struct store_value values[] = {
        output_integer("applied", (int64_t)applied),
        output_integer("duplicate", (int64_t)counts->duplicate),
        output_integer("ignored", (int64_t)counts->ignored),
        output_integer("erased", (int64_t)counts->erased),
        output_integer("quarantined", (int64_t)counts->quarantined),
        output_integer("passed_over", (int64_t)counts->passed_over),
        output_integer("refused", (int64_t)counts->refused),
        output_integer("files_refused", (int64_t)counts->failed_files),
    };
    if (ctl->format != OUTPUT_TABLE)
        return ctl_print_row(ctl, values, sizeof(values) / sizeof(*values), code);
    printf("%s%llu new, %llu known already, %llu ignored, %llu quarantined, %llu refused",
           dry_run ? "would be: " : "", (unsigned long long)applied,
           (unsigned long long)counts->duplicate, (unsigned long long)counts->ignored,
           (unsigned long long)counts->quarantined, (unsigned long long)counts->refused);
    if (counts->erased)
        printf(", %llu skipped: from before their address was erased",
               (unsigned long long)counts->erased);
    if (counts->passed_over)
        printf(", %llu confirmations skipped", (unsigned long long)counts->passed_over);
    if (counts->failed_files)
        printf(", %llu files not read to their end",
               (unsigned long long)counts->failed_files);
    return putchar('\n') == EOF ? ctl_fail_output(-EIO) : code;
}
