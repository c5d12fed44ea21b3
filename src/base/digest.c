#include "sesbounce/digest.h"

/* The one-shot EVP calls allocate and can fail; these do not. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

_Static_assert(DIGEST_BYTES == SHA256_DIGEST_LENGTH, "SHA-256");

void digest_sha256(struct str bytes, unsigned char ret[DIGEST_BYTES])
{
    SHA256_CTX sha;

    (void)SHA256_Init(&sha);
    (void)SHA256_Update(&sha, bytes.data ? bytes.data : "", bytes.len);
    (void)SHA256_Final(ret, &sha);
}

/* One of the two hashes: of the key with each byte changed by `pad`, and the bytes. */
static void hmac_half(struct str key, unsigned char pad, struct str bytes,
                      unsigned char ret[DIGEST_BYTES])
{
    unsigned char block[SHA256_CBLOCK];
    SHA256_CTX sha;

    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = (unsigned char)((i < key.len ? (unsigned char)key.data[i] : 0) ^ pad);
    (void)SHA256_Init(&sha);
    (void)SHA256_Update(&sha, block, sizeof(block));
    (void)SHA256_Update(&sha, bytes.data ? bytes.data : "", bytes.len);
    (void)SHA256_Final(ret, &sha);
}

void digest_hmac_sha256(struct str key, struct str bytes, unsigned char ret[DIGEST_BYTES])
{
    unsigned char inner[DIGEST_BYTES];

    hmac_half(key, 0x36, bytes, inner);
    hmac_half(key, 0x5c, (struct str){(const char *)inner, sizeof(inner)}, ret);
}

void digest_hex(const unsigned char *bytes, size_t digits, char *ret)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < digits; i++)
        ret[i] = hex[i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15];
    ret[digits] = '\0';
}
