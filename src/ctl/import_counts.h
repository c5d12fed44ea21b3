/*
 * What became of the records of an `import`. One thread.
 */
#ifndef CTL_IMPORT_COUNTS_H
#define CTL_IMPORT_COUNTS_H

#include "ctl/ctl.h"

struct import_counts {
    uint64_t done; /* that the store took, of which: */
    uint64_t duplicate, ignored, erased, quarantined;
    uint64_t passed_over, refused;
    uint64_t failed_files;
};

/* Prints them. Returns `code` if that could be done. */
int import_counts_print(struct ctl *ctl, const struct import_counts *counts, bool dry_run,
                        int code);

#endif
