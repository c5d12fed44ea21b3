/*
 * The parts of the daemon: starting is a list, and stopping is that list in reverse. Each
 * part leans only on those before it. Main's thread only.
 */
#ifndef SESBOUNCED_PARTS_H
#define SESBOUNCED_PARTS_H

#include "daemon/admin.h"
#include "daemon/http.h"
#include "daemon/listen.h"
#include "daemon/options.h"
#include "daemon/outbound.h"
#include "daemon/service.h"
#include "daemon/writer.h"

struct program {
    struct options options;
    struct settings *settings;
    size_t started; /* so many parts */
    struct listen_sockets sockets;
    struct service service;
    struct store *store; /* until the writer takes it over; NULL: it cannot be opened */
    struct http *http;
    struct writer *writer;
    struct outbound *outbound;
    struct admin *admin;
};

/* -1: all have started. Else the exit status, and the reason is logged; parts_stop() is
 * called in both cases. */
int parts_start(struct program *program);
void parts_stop(struct program *program);

/* The exit status for a database that cannot be used. */
int parts_database_status(int fault);

#endif
