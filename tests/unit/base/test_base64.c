#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "sesbounce/base64.h"

static void the_vectors_of_rfc_4648_decode(void **state)
{
    (void)state;
    static const struct {
        struct str text, bytes;
    } cases[] = {
        {STR("Zg=="), STR("f")},          {STR("Zm8="), STR("fo")},
        {STR("Zm9v"), STR("foo")},        {STR("Zm9vYg=="), STR("foob")},
        {STR("Zm9vYmE="), STR("fooba")},  {STR("Zm9vYmFy"), STR("foobar")},
        {STR("AP/+"), STR("\0\xff\xfe")}, {STR("////"), STR("\xff\xff\xff")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char bytes[6];
        size_t len;
        assert_int_equal(base64_decode(cases[i].text, bytes, cases[i].bytes.len, &len),
                         0);
        assert_true(str_equal((struct str){(char *)bytes, len}, cases[i].bytes));
        assert_int_equal(
            base64_decode(cases[i].text, bytes, cases[i].bytes.len - 1, &len), -EINVAL);
    }
}

static void there_is_one_spelling_only(void **state)
{
    (void)state;
    static const struct str texts[] = {
        STR(""),      STR("Z"),    STR("Zg"),      STR("Zg="),      STR("Zm8"),
        STR("===="),  STR("Z==="), STR("=Zg="),    STR("Zg==Zg=="), STR("Zm=v"),
        STR("Zh=="),  STR("Zm9="), STR("Zm9v\n"),  STR("Zm 9v"),    STR("Zm9v\n\n\n\n"),
        STR("Zm9-"),  STR("Zm9_"), STR("Zm9\0"),   STR("Zm9\xff"),  STR(" Zm9"),
        STR("Zm9v="), STR("=m9v"), STR("Zm9v====")};
    unsigned char bytes[16];
    size_t len;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (base64_decode(texts[i], bytes, sizeof bytes, &len) != -EINVAL)
            fail_msg("%.*s was accepted", STR_ARG(texts[i]));
    assert_int_equal(base64_decode(STR_ABSENT, bytes, sizeof bytes, &len), -EINVAL);
}

static void every_length_encodes_and_comes_back(void **state)
{
    (void)state;
    unsigned char bytes[64], back[64];
    char text[BASE64_BYTES(sizeof bytes)];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(255 - 3 * i);
    for (size_t n = 1; n <= sizeof bytes; n++) {
        size_t len = 0;
        base64_encode((struct str){(const char *)bytes, n}, text);
        assert_int_equal(strlen(text), BASE64_BYTES(n) - 1);
        assert_int_equal(base64_decode(str_of(text), back, sizeof back, &len), 0);
        assert_int_equal(len, n);
        assert_memory_equal(back, bytes, n);
    }
    base64_encode(STR("foob"), text);
    assert_string_equal(text, "Zm9vYg==");
    base64_encode(STR(""), text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648_decode),
        cmocka_unit_test(there_is_one_spelling_only),
        cmocka_unit_test(every_length_encodes_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
