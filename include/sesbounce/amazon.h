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
 * an account or tenant may list the address: hard bounces, complaints, and list hits, but
 * not SES's global list, which only SES can change. `ret_events`, if not NULL: of how
 * many bounces and complaints it is known. 0, a fault of the store, or what `each`
 * returned if not 0.
 */
int amazon_commands(struct store *store, const struct address *address,
                    amazon_line_fn *each, void *context, size_t *ret_events);

/* The command where no event says anything: of whatever Region is configured there. */
int amazon_command_plain(const struct address *address, amazon_line_fn *each,
                         void *context);

#endif
