/*
 * Base64 as RFC 4648, 4 has it, and nothing else: padded, no blanks, no unused bits.
 */
#ifndef SESBOUNCE_BASE64_H
#define SESBOUNCE_BASE64_H

#include "sesbounce/str.h"

/* Room for the text of so many bytes, and a NUL. */
#define BASE64_BYTES(bytes) (((bytes) + 2) / 3 * 4 + 1)
void base64_encode(struct str bytes, char *ret);

/* Decodes into `ret`, room for `size` bytes. 0, or -EINVAL also when it does not fit. */
int base64_decode(struct str text, unsigned char *ret, size_t size, size_t *ret_len);

#endif
