/*
 * Notices: what is worth telling people who do not look, such as an alert that begins or
 * ends. Each is written in the transaction of its cause; webhooks and mail read them in
 * the order of their ids, each from where it was, so that none is lost or forgotten.
 *
 * By the writer.
 */
#ifndef SESBOUNCE_STORE_NOTICE_H
#define SESBOUNCE_STORE_NOTICE_H

#include "sesbounce/store.h"

/*
 * Inside a transaction. `type` is one of the types that a webhook may ask for
 * (`alert.raised`), `data` the JSON object that a receiver gets as `data`, with addresses
 * in full: they are masked where they are sent. Borrows both. 0, or a fault of the store.
 */
int store_notice_add(struct store *store, struct str type, struct str data,
                     int64_t now_ms);

#endif
