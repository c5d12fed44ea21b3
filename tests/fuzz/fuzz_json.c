/*
 * The tree of values, against jansson: the same texts are JSON, and hold the same values,
 * but for what jansson itself does not take.
 */
#include <errno.h>
#include <jansson.h>

#include "fuzz.h"
#include "message/json_tree.h"

#define FLAGS (JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

static void check_value(const struct json_value *value, const json_t *expected);

static void check_members(const struct json_value *object, const json_t *expected)
{
    void *member = json_object_iter((json_t *)(uintptr_t)expected);
    size_t names = 0;

    for (; member;
         member = json_object_iter_next((json_t *)(uintptr_t)expected, member)) {
        const char *name = json_object_iter_key(member);

        PROMISE(json_tree_member(object, name));
        check_value(json_tree_member(object, name), json_object_iter_value(member));
    }
    for (const struct json_value *value = json_tree_first(object); value;
         value = json_tree_next(object, value)) {
        PROMISE(str_present(value->name));
        names++;
    }
    PROMISE(names >= json_object_size(expected));
}

static void check_elements(const struct json_value *array, const json_t *expected)
{
    const struct json_value *value = json_tree_first(array);

    for (size_t i = 0; i < json_array_size(expected); i++) {
        PROMISE(value && !str_present(value->name));
        check_value(value, json_array_get(expected, i));
        value = json_tree_next(array, value);
    }
    PROMISE(!value);
}

static void check_value(const struct json_value *value, const json_t *expected)
{
    struct str text = {json_string_value(expected), json_string_length(expected)};

    PROMISE(json_tree_is(value, JSON_TREE_OBJECT) == json_is_object(expected));
    PROMISE(json_tree_is(value, JSON_TREE_ARRAY) == json_is_array(expected));
    PROMISE(json_tree_is(value, JSON_TREE_STRING) == json_is_string(expected));
    PROMISE(json_tree_is(value, JSON_TREE_TRUE) == json_is_true(expected));
    PROMISE(json_tree_is(value, JSON_TREE_NULL) == json_is_null(expected));
    if (json_is_object(expected))
        check_members(value, expected);
    else if (json_is_array(expected))
        check_elements(value, expected);
    else if (json_is_string(expected))
        PROMISE(str_equal(value->text, text));
}

/* What jansson refuses and JSON allows: numbers that are too large, NUL in a name. */
static bool is_janssons_own(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);

    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
}

/* jansson takes a NUL behind a number for nothing. */
static bool has_nul(struct str text)
{
    return memchr(text.data, 0, text.len) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_str(data, size);
    struct json_tree tree;
    json_error_t error;
    json_t *expected = json_loadb(text.data, text.len, FLAGS, &error);
    int rc = json_tree_read(text, &tree);

    if (rc == 0 && expected)
        check_value(json_tree_root(&tree), expected);
    else if (rc == 0)
        PROMISE(is_janssons_own(&error));
    else
        PROMISE(rc == -E2BIG || !expected || has_nul(text));
    json_decref(expected);
    json_tree_done(&tree);
    return 0;
}
