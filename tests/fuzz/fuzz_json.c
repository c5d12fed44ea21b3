/*
 * The tree of values, against jansson: the same texts are JSON, and hold the same values,
 * except for what jansson itself refuses.
 */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "message/json_tree.h"
#include "sesbounce/limits.h"

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

/* What is kept verbatim (events.tags) is the value and nothing else. */
static void check_json(struct str text, const json_t *expected)
{
    json_t *found = json_loadb(text.data, text.len, FLAGS | JSON_DECODE_ANY, NULL);

    PROMISE(found && json_equal(found, expected));
    PROMISE(text.len > 0 && !memchr(" \t\r\n", text.data[0], 4));
    PROMISE(!memchr(" \t\r\n", text.data[text.len - 1], 4));
    json_decref(found);
}

static void check_value(const struct json_value *value, const json_t *expected)
{
    struct str text = {json_string_value(expected), json_string_length(expected)};

    PROMISE(json_tree_is(value, JSON_TREE_OBJECT) == json_is_object(expected));
    PROMISE(json_tree_is(value, JSON_TREE_ARRAY) == json_is_array(expected));
    PROMISE(json_tree_is(value, JSON_TREE_STRING) == json_is_string(expected));
    PROMISE(json_tree_is(value, JSON_TREE_TRUE) == json_is_true(expected));
    PROMISE(json_tree_is(value, JSON_TREE_NULL) == json_is_null(expected));
    if (!json_is_string(expected))
        check_json(value->text, expected);
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

/* Is this JSON more than is read? Counted in the text: jansson's tree has only the last
 * of those with the same name. */
static bool is_too_big(struct str text)
{
    size_t depth = 0, deepest = 0, values = 1;
    bool is_string = false, is_opened = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (is_string) {
            i += c == '\\';
            is_string = c != '"';
            continue;
        }
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            continue;
        depth -= c == '}' || c == ']';
        /* The first value inside has no comma before it. */
        values += c == ',' || (is_opened && c != '}' && c != ']');
        is_opened = c == '{' || c == '[';
        depth += is_opened;
        deepest = depth > deepest ? depth : deepest;
        is_string = c == '"';
    }
    return deepest > SES_DEPTH_MAX || values > SES_VALUES_MAX;
}

/* jansson takes one NUL behind a number or a word for nothing: a blank instead, which is
 * what it makes of it. False when there is none. */
static bool blank_nuls(struct str text, char *ret)
{
    bool is_string = false, found = false;

    memcpy(ret, text.data, text.len);
    for (size_t i = 0; i < text.len; i++) {
        char c = ret[i];

        if (is_string) {
            i += c == '\\';
            is_string = c != '"';
        } else if (c == '\0' && i > 0 && isalnum((unsigned char)ret[i - 1])) {
            ret[i] = ' ';
            found = true;
        } else {
            is_string = c == '"';
        }
    }
    return found;
}

/* The code unit of the `\uXXXX` at `at`, or 0. */
static unsigned unit_at(struct str text, size_t at)
{
    static const char digits[] = "0123456789abcdef";
    unsigned unit = 0;

    if (at + 6 > text.len || text.data[at] != '\\' || text.data[at + 1] != 'u')
        return 0;
    for (size_t i = at + 2; i < at + 6; i++) {
        const char *digit = memchr(digits, tolower((unsigned char)text.data[i]), 16);

        if (!digit)
            return 0;
        unit = unit << 4 | (unsigned)(digit - digits);
    }
    return unit;
}

/* The same text with U+FFFD in place of each half of a surrogate pair, which jansson
 * refuses. False when there is none. */
static bool mend_halves(struct str text, char *ret)
{
    bool is_string = false, found = false;

    memcpy(ret, text.data, text.len);
    for (size_t i = 0; i < text.len; i++) {
        if (!is_string || text.data[i] != '\\') {
            is_string ^= text.data[i] == '"';
            continue;
        }
        unsigned first = unit_at(text, i), second = unit_at(text, i + 6);
        if (first >= 0xd800 && first < 0xdc00 && second >= 0xdc00 && second < 0xe000) {
            i += 11;
        } else if (first >= 0xd800 && first < 0xe000) {
            memcpy(ret + i, "\\ufffd", 6);
            found = true;
            i += 5;
        } else {
            i++;
        }
    }
    return found;
}

/* Names and texts are those of the repaired text, and everything is in the same place. */
static void check_same(const struct json_tree *tree, const struct json_tree *repaired)
{
    PROMISE(tree->count == repaired->count);
    for (size_t i = 0; i < tree->count; i++) {
        const struct json_value *a = &tree->values[i], *b = &repaired->values[i];

        PROMISE(a->kind == b->kind && a->span == b->span);
        PROMISE(str_equal(a->name, b->name));
        PROMISE(a->kind == JSON_TREE_STRING ? str_equal(a->text, b->text)
                                            : a->text.len == b->text.len);
    }
}

static void check_text(struct str text);

static void check_halves(struct str text)
{
    struct json_tree tree, repaired;
    char *bytes = malloc(text.len + 1);

    PROMISE(bytes);
    if (mend_halves(text, bytes)) {
        struct str whole = {bytes, text.len};
        int rc = json_tree_read(text, &tree);

        PROMISE(json_tree_read(whole, &repaired) == rc);
        if (rc == 0)
            check_same(&tree, &repaired);
        json_tree_done(&tree);
        json_tree_done(&repaired);
        check_text(whole);
    } else {
        check_text(text);
    }
    free(bytes);
}

static void check_text(struct str text)
{
    struct json_tree tree;
    json_error_t error;
    json_t *expected = json_loadb(text.data, text.len, FLAGS, &error);
    int rc = json_tree_read(text, &tree);
    char *blanked = malloc(text.len + 1);

    PROMISE(blanked);
    if (rc == 0 && expected) {
        PROMISE(!is_too_big(text));
        check_value(json_tree_root(&tree), expected);
    } else if (rc == 0) {
        PROMISE(is_janssons_own(&error));
    } else if (expected && !(rc == -E2BIG && is_too_big(text))) {
        PROMISE(rc == -EINVAL && blank_nuls(text, blanked));
        check_text((struct str){blanked, text.len});
    }
    free(blanked);
    json_decref(expected);
    json_tree_done(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_halves(fuzz_str(data, size));
    return 0;
}
