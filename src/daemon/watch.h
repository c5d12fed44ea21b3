/*
 * What main does at each tick, apart from systemd: it sweeps out what is late, tells what
 * was shed, and looks whether a thread is stuck. Main's thread only.
 */
#ifndef SESBOUNCED_WATCH_H
#define SESBOUNCED_WATCH_H

#include "daemon/service.h"

struct watch {
    struct service *service;
    int64_t tell_again_ms;
    uint64_t told[SHED_COUNT];
};

void watch_init(struct watch *watch, struct service *service);

/* Ends waits for a certificate or the disk, and connections, that took too long. */
void watch_sweep(struct watch *watch, int64_t mono_ms);

/* Logs once a minute what was shed since, where that is not told of each delivery. */
void watch_tell_shed(struct watch *watch, int64_t mono_ms);

/* Is a thread stuck? Then the watchdog must bite. */
bool watch_is_stuck(const struct watch *watch, int64_t mono_ms);

#endif
