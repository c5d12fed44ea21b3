/*
 * Tells systemd, and never waits for it: once the socket is full of messages that nobody
 * reads, sd_notify() blocks, and with main's thread the sweeps. For main's thread, once
 * READY=1 was sent; what is sent before may wait, as nobody is swept yet, and READY=1
 * must not be lost.
 */
#ifndef SESBOUNCED_NOTIFY_H
#define SESBOUNCED_NOTIFY_H

/* 0, also when nobody wants to know; -EAGAIN: not told, try again later; -EINVAL: there
 * is no such socket's name; -errno. The text is cut after NOTIFY_BYTES_MAX. */
int notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
