/*
 * What main does at each tick: it sweeps out what is late, logs what was shed, and tells
 * systemd how it is, unless a thread is stuck. Main's thread only.
 */
#ifndef SESBOUNCED_WATCH_H
#define SESBOUNCED_WATCH_H

#include "daemon/service.h"

struct watch {
    struct service *service;
    int64_t tell_shed_again_ms;
    uint64_t told[SHED_COUNT];
    enum health_state told_state; /* what STATUS= says */
    int64_t tell_state_again_ms;
    int64_t pet_again_ms; /* the watchdog */
};

void watch_init(struct watch *watch, struct service *service);

/* Ends waits for a certificate or the disk, and connections, that took too long. */
void watch_sweep(struct watch *watch, int64_t mono_ms);

/* Logs once a minute what was shed since, where that is not told of each delivery. */
void watch_tell_shed(struct watch *watch, int64_t mono_ms);

/* Is a thread stuck? Then the watchdog must bite. */
bool watch_is_stuck(const struct watch *watch, int64_t mono_ms);

/* Tells systemd what `systemctl status` shows, and pets the watchdog. */
void watch_tell_systemd(struct watch *watch, int64_t mono_ms);

/*
 * Tells systemd, and never waits for it: once the socket is full of messages that nobody
 * reads, sd_notify() blocks, and with main's thread the sweeps. For use once READY=1 was
 * sent; what is sent before may wait, as nobody is swept yet, and READY=1 must not be
 * lost. 0, also when nobody wants to know; -EAGAIN: not told, try again later; -EINVAL:
 * there is no such socket's name; -errno. The text is cut after NOTIFY_BYTES_MAX.
 */
int watch_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
