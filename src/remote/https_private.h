/* What only https.c and its test know. */
#ifndef SESBOUNCE_REMOTE_HTTPS_PRIVATE_H
#define SESBOUNCE_REMOTE_HTTPS_PRIVATE_H

#include <stdbool.h>

#include "sesbounce/https.h"
#include "sesbounce/limits.h"

/*
 * The line for a libcurl result. `detail` is libcurl's own text, used only where it
 * cannot hold the URL's path or query. Returns the constant part of it.
 */
const char *https_fault_text(int curl_code, const char *detail, bool own_ca_file,
                             char ret[HTTPS_FAULT_BYTES_MAX]);

#endif
