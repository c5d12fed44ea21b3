/*
 * Tells systemd, and never waits for it: once the socket is full of messages that nobody
 * reads, sd_notify() blocks, and with main's thread the sweeps.
 */
#ifndef SESBOUNCED_NOTIFY_H
#define SESBOUNCED_NOTIFY_H

/* 0, also when nobody wants to know; -EAGAIN: not told, try again later; -errno. */
int notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
