/*
 * Certificates as files: DIRECTORY/HOST/SimpleNotificationService-HEX.pem.
 *
 * Names come from a URL that a stranger wrote: they are checked here once more, and
 * everything below DIRECTORY is opened without following symbolic links. Folders 0750,
 * files 0640. Any thread, any process: a writer works on a name of its own.
 */
#ifndef SESBOUNCE_REMOTE_CERTIFICATE_FILES_H
#define SESBOUNCE_REMOTE_CERTIFICATE_FILES_H

#include <stdbool.h>

#include "sesbounce/buf.h"
#include "sesbounce/sns_url.h"

/* Room for a host or a file name, NUL included: NAME_MAX and one. */
#define CERTIFICATE_FILES_NAME_BYTES 256

/* Can host and file be names on disk? */
bool certificate_files_name_is_valid(const struct sns_cert_url *url);

/*
 * Creates `directory` when it is missing and removes temporary files of dead writers; one
 * that is being written right now is locked and stays. 0 or a negative errno; to
 * fail to remove something is not a failure.
 */
int certificate_files_start(const char *directory);

/* Is there a folder of that host? */
bool certificate_files_has_host(const char *directory, struct str host);

/*
 * Appends the file to `ret`. 0; -ENOENT; -EINVAL for a bad name; -ELOOP a symbolic link,
 * -EISDIR or -ENXIO something else that is not a regular file, -EFBIG, -EPERM writable by
 * everybody; or what the disk said.
 */
int certificate_files_read(const char *directory, const struct sns_cert_url *url,
                           struct buf *ret);

/* Replaces the file by one that is whole and fsynced. 0 or a negative errno, and then
 * whatever was there before is untouched. */
int certificate_files_write(const char *directory, const struct sns_cert_url *url,
                            struct str pem);

#endif
