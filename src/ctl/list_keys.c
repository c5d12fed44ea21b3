#include "ctl/list_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void list_keys_init(struct list_keys *keys, size_t bytes_max, bool whole)
{
    *keys = (struct list_keys){.whole = whole};
    buf_init(&keys->text, bytes_max);
}

void list_keys_done(struct list_keys *keys)
{
    buf_done(&keys->text);
    free(keys->places);
    keys->places = NULL;
}

void list_keys_clear(struct list_keys *keys)
{
    buf_clear(&keys->text);
    keys->count = 0;
}

static int places_reserve(struct list_keys *keys)
{
    size_t room = keys->room > 0 ? 2 * keys->room : CTL_LIST_PAGE_ROWS;
    if (keys->count < keys->room)
        return 0;
    uint32_t *places = realloc(keys->places, room * sizeof(*places));
    if (!places)
        return -ENOMEM;
    keys->places = places;
    keys->room = room;
    return 0;
}

static int text_pack(struct buf *to, struct str text)
{
    int r = str_present(text) ? buf_append_str(to, text) : 0;
    return r < 0 ? r : buf_append_char(to, '\0');
}

static int times_pack(struct buf *to, const struct list_entry *entry)
{
    const int64_t times[2] = {entry->since_ms, entry->until_ms};
    return buf_append(to, times, sizeof(times));
}

int list_keys_add(struct list_keys *keys, const struct list_entry *entry)
{
    size_t place = keys->text.len;
    int r = places_reserve(keys);
    if (r == 0)
        r = buf_append_char(&keys->text, (char)entry->reason);
    if (r == 0)
        r = text_pack(&keys->text, str_of(entry->address.key));
    if (r == 0)
        r = text_pack(&keys->text, entry->scope);
    if (r == 0 && keys->whole)
        r = text_pack(&keys->text, entry->detail);
    if (r == 0 && keys->whole)
        r = text_pack(&keys->text, entry->note);
    if (r == 0 && keys->whole)
        r = times_pack(&keys->text, entry);
    if (r < 0)
        buf_cut(&keys->text, place);
    else
        keys->places[keys->count++] = (uint32_t)place;
    return r;
}

static const char *text_unpack(const char **at)
{
    const char *text = *at;
    *at += strlen(text) + 1;
    return text;
}

static struct list_key key_unpack(const char *at)
{
    struct list_key key = {.reason = (enum policy_reason) * at++};
    key.address = text_unpack(&at);
    key.scope = at;
    return key;
}

struct list_key list_keys_get(const struct list_keys *keys, size_t index)
{
    struct list_key key = key_unpack(keys->text.data + keys->places[index]);
    int64_t times[2];
    const char *at = key.scope;
    if (!keys->whole)
        return key;
    (void)text_unpack(&at);
    key.detail = text_unpack(&at);
    key.note = text_unpack(&at);
    memcpy(times, at, sizeof(times));
    key.since_ms = times[0];
    key.until_ms = times[1];
    return key;
}

int list_keys_compare(const struct list_key *a, const struct list_key *b)
{
    int order = strcmp(a->address, b->address);
    return order != 0 ? order : strcmp(a->scope, b->scope);
}

static int places_compare(const void *a, const void *b, void *text)
{
    uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
    struct list_key one = key_unpack((const char *)text + first);
    struct list_key other = key_unpack((const char *)text + second);
    int order = list_keys_compare(&one, &other);
    if (order == 0)
        order = (int)other.reason - (int)one.reason;
    return order != 0 ? order : (first > second) - (first < second);
}

void list_keys_sort(struct list_keys *keys)
{
    if (keys->count > 0)
        qsort_r(keys->places, keys->count, sizeof(*keys->places), places_compare,
                keys->text.data);
}

void list_keys_unique(struct list_keys *keys)
{
    size_t kept = 0;
    for (size_t i = 1; i < keys->count; i++) {
        struct list_key last = list_keys_get(keys, kept), next = list_keys_get(keys, i);
        if (list_keys_compare(&last, &next) != 0)
            keys->places[++kept] = keys->places[i];
    }
    keys->count = keys->count > 0 ? kept + 1 : 0;
}
