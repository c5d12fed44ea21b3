/*
 * The answers to deliveries, one for each verdict, made once and shared by all threads.
 *
 * Immutable after responses_make(); any thread.
 */
#ifndef SESBOUNCED_RESPONSES_H
#define SESBOUNCED_RESPONSES_H

#include <microhttpd.h>

#include "sesbounce/verdict.h"

/* The same body goes out with and without keep-alive. */
enum { RESPONSE_KEEP, RESPONSE_CLOSE, RESPONSE_FORMS };

struct responses {
    struct MHD_Response *verdicts[RESPONSE_FORMS][VERDICT_COUNT];
};

/* 0 or -ENOMEM; the caller calls responses_done() in any case. */
int responses_make(struct responses *responses);
void responses_done(struct responses *responses);

#endif
