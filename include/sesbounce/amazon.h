/*
 * SES keeps lists of its own, and does not deliver to what is there, whatever our list
 * says: what to type to take an address off them. One thread, the store's.
 */
#ifndef SESBOUNCE_AMAZON_H
#define SESBOUNCE_AMAZON_H

#include "sesbounce/address.h"
#include "sesbounce/store_read.h"

/* A line for a shell, which may end with a comment; not yet neutralised. */
typedef int amazon_line_fn(void *context, const char *line);

/*
 * The commands for every spelling, Region, account and tenant under which events say that
 * SES may list the address: hard bounces, complaints, and list hits. 0, a fault of the
 * store, or what `each` returned if not 0.
 */
int amazon_commands(struct store *store, const struct address *address,
                    amazon_line_fn *each, void *context);

/* The command where no event says anything: of whatever Region is configured there. */
int amazon_command_plain(const struct address *address, amazon_line_fn *each,
                         void *context);

#endif
