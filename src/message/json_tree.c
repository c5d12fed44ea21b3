#include "message/json_tree.h"

#include <errno.h>
#include <stdlib.h>

#include "sesbounce/cleanup.h"
#include "sesbounce/json_scan.h"
#include "sesbounce/limits.h"

struct reader {
    struct json_scan scan;
    struct json_tree *tree;
    size_t room;
};

/* --- reading --------------------------------------------------------------------- */

static int tree_grow(struct reader *reader)
{
    struct json_tree *tree = reader->tree;
    bool usual = tree->values == tree->usual;
    size_t room = 2 * reader->room;
    struct json_value *values =
        realloc(usual ? NULL : tree->values, room * sizeof(*values));

    if (!values)
        return -ENOMEM;
    if (usual)
        memcpy(values, tree->usual, sizeof(tree->usual));
    tree->values = values;
    reader->room = room;
    return 0;
}

/* The values may move: a value is known by its place. */
static int value_add(struct reader *reader, struct str name, size_t *ret_place)
{
    struct json_tree *tree = reader->tree;

    if (tree->count == SES_VALUES_MAX)
        return -E2BIG;
    if (tree->count == reader->room) {
        int r = tree_grow(reader);
        if (r < 0)
            return r;
    }
    *ret_place = tree->count++;
    tree->values[*ret_place] =
        (struct json_value){.name = name, .kind = JSON_TREE_OTHER, .span = 1};
    return 0;
}

static int scan_errno(const struct reader *reader)
{
    return reader->scan.no_memory ? -ENOMEM : -EINVAL;
}

static int value_read(struct reader *reader, struct str name, unsigned depth);

/* What is between the brackets of an object or an array. */
static int elements_read(struct reader *reader, bool object, unsigned depth)
{
    struct json_scan *scan = &reader->scan;
    char close = object ? '}' : ']';

    if (depth == SES_DEPTH_MAX)
        return -E2BIG;
    scan->at++;
    if (json_scan_take(scan, close))
        return 0;
    do {
        struct str name = STR_ABSENT;
        if (object && (json_scan_peek(scan) != '"' || !json_scan_string(scan, &name) ||
                       !json_scan_take(scan, ':')))
            return scan_errno(reader);
        int r = value_read(reader, name, depth + 1);
        if (r < 0)
            return r;
    } while (json_scan_take(scan, ','));
    return json_scan_take(scan, close) ? 0 : -EINVAL;
}

static enum json_tree_kind value_kind(int first)
{
    switch (first) {
    case '{':
        return JSON_TREE_OBJECT;
    case '[':
        return JSON_TREE_ARRAY;
    case '"':
        return JSON_TREE_STRING;
    case 't':
        return JSON_TREE_TRUE;
    case 'n':
        return JSON_TREE_NULL;
    default:
        return JSON_TREE_OTHER;
    }
}

static int value_read(struct reader *reader, struct str name, unsigned depth)
{
    enum json_tree_kind kind = value_kind(json_scan_peek(&reader->scan));
    const char *start = reader->scan.at;
    struct str text = STR_ABSENT;
    size_t place;

    int r = value_add(reader, name, &place);
    if (r < 0)
        return r;
    if (kind == JSON_TREE_OBJECT || kind == JSON_TREE_ARRAY)
        r = elements_read(reader, kind == JSON_TREE_OBJECT, depth);
    else if (!(kind == JSON_TREE_STRING ? json_scan_string(&reader->scan, &text)
                                        : json_scan_skip(&reader->scan)))
        r = scan_errno(reader);
    if (r < 0)
        return r;
    if (kind != JSON_TREE_STRING)
        text = (struct str){start, (size_t)(reader->scan.at - start)};

    struct json_value *value = &reader->tree->values[place];
    value->kind = kind;
    value->text = text;
    value->span = (uint32_t)(reader->tree->count - place);
    return 0;
}

int json_tree_read(struct str text, struct json_tree *ret)
{
    struct reader reader = {.tree = ret, .room = SES_VALUES_USUAL};

    ret->values = ret->usual;
    ret->count = 0;
    ret->decoded = NULL;
    if (text.len == 0)
        return -EINVAL;
    json_scan_init(&reader.scan, text);
    reader.scan.replaces_halves = true;
    int first = json_scan_peek(&reader.scan);
    int r = first == '{' || first == '[' ? value_read(&reader, STR_ABSENT, 0) : -EINVAL;
    ret->decoded = reader.scan.decoded;
    if (r == 0 && json_scan_peek(&reader.scan) >= 0)
        r = -EINVAL;
    return r;
}

void json_tree_done(struct json_tree *tree)
{
    if (tree->values != tree->usual)
        free(tree->values);
    free(tree->decoded);
    tree->values = tree->usual;
    tree->count = 0;
    tree->decoded = NULL;
}

/* --- looking up ------------------------------------------------------------------ */

const struct json_value *json_tree_root(const struct json_tree *tree)
{
    return tree->count > 0 ? tree->values : NULL;
}

bool json_tree_is(const struct json_value *value, enum json_tree_kind kind)
{
    return value && value->kind == kind;
}

const struct json_value *json_tree_first(const struct json_value *container)
{
    return container && container->span > 1 ? container + 1 : NULL;
}

const struct json_value *json_tree_next(const struct json_value *container,
                                        const struct json_value *value)
{
    bool is_last =
        !container || !value || value + value->span >= container + container->span;

    return is_last ? NULL : value + value->span;
}

const struct json_value *json_tree_member(const struct json_value *object,
                                          const char *name)
{
    const struct json_value *found = NULL;
    struct str wanted = str_of(name);

    for (const struct json_value *member = json_tree_first(object); member;
         member = json_tree_next(object, member))
        /* Most differ in length or in the first byte; no name of ours is empty. */
        if (str_present(member->name) && member->name.len == wanted.len &&
            member->name.data[0] == wanted.data[0] && str_equal(member->name, wanted))
            found = member;
    return found;
}

struct str json_tree_text(const struct json_value *value)
{
    bool is_text = json_tree_is(value, JSON_TREE_STRING) && value->text.len > 0;

    return is_text ? value->text : STR_ABSENT;
}
