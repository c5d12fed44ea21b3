/*
 * Base64 as RFC 4648, 4 has it, and nothing else: padded, no blanks, no unused bits.
 */
#ifndef SESBOUNCE_BASE64_H
#define SESBOUNCE_BASE64_H

#include "sesbounce/str.h"

/* Decodes into `ret`, room for `size` bytes. 0, or -EINVAL also when it does not fit. */
int base64_decode(struct str text, unsigned char *ret, size_t size, size_t *ret_len);

#endif
