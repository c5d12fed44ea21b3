#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sesbounce/digest.h"

/* The example of FIPS 180-2, B.1. */
static void it_is_sha_256(void **state)
{
    unsigned char digest[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];

    (void)state;
    digest_sha256(STR("abc"), digest);
    digest_hex(digest, 2 * DIGEST_BYTES, hex);
    assert_string_equal(
        hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void absent_is_as_good_as_empty(void **state)
{
    unsigned char absent[DIGEST_BYTES];
    unsigned char empty[DIGEST_BYTES];

    (void)state;
    digest_sha256(STR_ABSENT, absent);
    digest_sha256(STR(""), empty);
    assert_memory_equal(absent, empty, DIGEST_BYTES);
}

static void an_odd_number_of_digits_is_cut_in_the_middle_of_a_byte(void **state)
{
    const unsigned char digest[DIGEST_BYTES] = {0x0f, 0xa5};
    char hex[4];

    (void)state;
    digest_hex(digest, 3, hex);
    assert_string_equal(hex, "0fa");
}

/* RFC 4231, 4.3: its key is shorter, and padded with zeros. */
static void it_is_hmac_sha_256(void **state)
{
    unsigned char digest[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];

    (void)state;
    digest_hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), digest);
    digest_hex(digest, 2 * DIGEST_BYTES, hex);
    assert_string_equal(
        hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_sha_256),
        cmocka_unit_test(it_is_hmac_sha_256),
        cmocka_unit_test(absent_is_as_good_as_empty),
        cmocka_unit_test(an_odd_number_of_digits_is_cut_in_the_middle_of_a_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
