/*
 * The files and directories that the settings name: are they there, of use, and safe from
 * others? One answer for --check-config and for the start.
 *
 * One thread, before the others start.
 */
#ifndef SESBOUNCED_FILES_H
#define SESBOUNCED_FILES_H

#include "daemon/files_named.h"

/* Does the present user own the database or its directory, or have the name `sesbounced`?
 * Then what it may not read is a fault. Where there is neither, yes. */
enum files_asker files_asker(const struct settings *settings);

/*
 * 0; -EINVAL when there were faults, each appended to `faults` as a line `FILE:LINE:
 * [section] key: PATH: what is wrong and what to type`; -ENOMEM. What does not prevent
 * the start is a line that begins with `warning: `, so there may be text with 0, too.
 * `file` as for settings_read(). Settings read partly will do.
 */
int files_check(const struct settings *settings, const char *file, enum files_asker asker,
                struct buf *faults);

#endif
