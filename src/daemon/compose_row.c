/* A row as a receiver may see it. */
#include <errno.h>
#include <jansson.h>

#include "daemon/compose.h"
#include "sesbounce/mention.h"

/* Of a text, or of each text in JSON that we made ourselves. */
static int text_mask(struct str text, bool is_json, struct buf *ret)
{
    return mention_mask(text, !is_json, ret);
}

static int notice_mask(json_t *value)
{
    struct buf masked = {.max = COMPOSED_BYTES_MAX};
    const char *key;
    json_t *member;
    size_t i;
    int r = 0;

    if (json_is_object(value)) {
        json_object_foreach(value, key, member) r = r < 0 ? r : notice_mask(member);
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, member) r = r < 0 ? r : notice_mask(member);
    } else if (json_is_string(value)) {
        r = text_mask((struct str){json_string_value(value), json_string_length(value)},
                      false, &masked);
        if (r == 0 && json_string_setn(value, buf_str(&masked).data, masked.len) < 0)
            r = -ENOMEM;
        buf_done(&masked);
    }
    return r;
}

/* The `data` of a notice, which is ours: JSON whose texts may hold anything. */
static int notice_data_mask(struct str data, struct buf *ret)
{
    json_t *root = json_loadb(data.data, data.len, 0, NULL);
    char *text = NULL;
    int r = root ? notice_mask(root) : -EINVAL;

    if (r == 0 && !(text = json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY)))
        r = -ENOMEM;
    if (r == 0)
        r = buf_append_str(ret, str_of(text));
    free(text);
    json_decref(root);
    return r;
}

static int value_mask(const struct store_sending *sending, struct store_value *value,
                      struct buf *ret)
{
    bool is_json = value->type == STORE_JSON;
    int r;

    if ((!is_json && value->type != STORE_TEXT) || !str_find(value->text, '@'))
        return 0;
    r = is_json && sending->source == STORE_SOURCE_NOTICES
            ? notice_data_mask(value->text, ret)
            : text_mask(value->text, is_json, ret);
    value->text = buf_str(ret);
    return r;
}

int composed_row_init(struct composed_row *row, const struct receiver *receiver,
                      const struct store_sending *sending)
{
    int r = 0;

    row->count = sending->count;
    for (size_t i = 0; i < sending->count; i++) {
        buf_init(&row->texts[i], COMPOSED_BYTES_MAX);
        row->values[i] = sending->values[i];
        if (r == 0 && !receiver->shows_addresses)
            r = value_mask(sending, &row->values[i], &row->texts[i]);
    }
    return r;
}

void composed_row_done(struct composed_row *row)
{
    for (size_t i = 0; i < row->count && i < STORE_COLUMNS_MAX; i++)
        buf_done(&row->texts[i]);
}
