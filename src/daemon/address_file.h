/*
 * Where the daemon listens, in a file beside the database: DATABASE.listen, mode 0640.
 * With sockets that systemd passed, the settings do not know, and sesbouncectl asks here.
 *
 * A line each: `ingest http 127.0.0.1:9025`, `admin https unix:/run/s.sock`. Written as a
 * whole once both listeners serve, removed at the stop; a daemon that was killed leaves
 * it behind. Main's thread only.
 */
#ifndef SESBOUNCED_ADDRESS_FILE_H
#define SESBOUNCED_ADDRESS_FILE_H

#include "sesbounce/buf.h"

/* Appends a line for each of `addresses`, which part at blanks (listen_describe()). */
int address_file_add(struct buf *lines, const char *name, bool tls, struct str addresses);

/* Takes the place of the previous file. 0 or a negative errno. */
int address_file_write(const char *database, struct str lines);
void address_file_remove(const char *database);

#endif
