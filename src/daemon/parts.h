/*
 * The parts of the daemon: starting is a list, and stopping is that list in reverse. Each
 * part leans only on those before it. Main's thread only.
 */
#ifndef SESBOUNCED_PARTS_H
#define SESBOUNCED_PARTS_H

#include "daemon/admin.h"
#include "daemon/ingest.h"
#include "daemon/listen.h"
#include "daemon/outbound.h"
#include "daemon/service.h"
#include "daemon/writer.h"

/* Of sysexits.h(3); sesbounced(8) promises them. */
enum { EXIT_DONE = 0, EXIT_OTHER = 1, EXIT_DATABASE = 65, EXIT_SETTINGS = 78 };

struct program {
    const char *config; /* the file of the settings; NULL: the default */
    struct settings *settings;
    size_t started;   /* so many parts */
    struct buf fault; /* what the part that starts has to say */
    struct listen_sockets sockets;
    struct service service;
    struct store *store; /* until the writer takes it over; NULL: it cannot be opened */
    struct ingest ingest;
    struct writer *writer;
    struct outbound *outbound;
    struct admin admin;
};

/* -1: all have started. Else the exit status, and the reason is logged; parts_stop() is
 * called in both cases. */
int parts_start(struct program *program);
void parts_stop(struct program *program);

/* The exit status for a database that cannot be used. */
int parts_database_status(int fault);

#endif
