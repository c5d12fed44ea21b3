/*
 * SESv2's operations on a suppression list, as the clients of AWS call them: Put, Get,
 * Delete and List SuppressedDestination(s), at /v2/email/suppression/addresses. A
 * TenantName is the scope `tenant:NAME`; without one, it is the list for all mail. SES
 * knows two reasons: an entry that is not a COMPLAINT is a BOUNCE.
 */
#ifndef SESBOUNCED_API_SES_H
#define SESBOUNCED_API_SES_H

#include "daemon/api.h"

extern const char *const api_ses_parameters[]; /* of Get and Delete */
extern const char *const api_ses_list_parameters[];
api_handler api_ses_get;
api_handler api_ses_list;
api_plan_fn api_ses_plan_put;
api_tell_fn api_ses_tell_put;
api_plan_fn api_ses_plan_delete;
api_tell_fn api_ses_tell_delete;

/* Is it one of SES's paths? Decoded or not. */
bool api_ses_has_path(const char *path);

/* A problem as SES tells one: its type, for the header x-amzn-ErrorType, and the body,
 * which is appended. 0 or -ENOMEM. */
const char *api_ses_error_type(unsigned status);
int api_ses_error_print(const struct problem *problem, struct buf *ret);

#endif
