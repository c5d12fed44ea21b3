#include "ctl/list_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void list_keys_init(struct list_keys *keys)
{
    *keys = (struct list_keys){.count = 0};
    buf_init(&keys->text, CTL_LIST_KEYS_BYTES_MAX);
}

void list_keys_done(struct list_keys *keys)
{
    buf_done(&keys->text);
    free(keys->places);
    keys->places = NULL;
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

int list_keys_add(struct list_keys *keys, const struct list_entry *entry)
{
    size_t place = keys->text.len;
    int r = places_reserve(keys);
    if (r == 0)
        r = buf_append_char(&keys->text, (char)entry->reason);
    if (r == 0)
        r = buf_append(&keys->text, entry->address.key, strlen(entry->address.key) + 1);
    if (r == 0)
        r = buf_append(&keys->text, entry->scope.data, entry->scope.len + 1);
    if (r == 0)
        keys->places[keys->count++] = (uint32_t)place;
    return r;
}

static struct list_key key_at(const char *text)
{
    return (struct list_key){.reason = (enum policy_reason) * text,
                             .address = text + 1,
                             .scope = text + 2 + strlen(text + 1)};
}

struct list_key list_keys_get(const struct list_keys *keys, size_t index)
{
    return key_at(keys->text.data + keys->places[index]);
}

int list_keys_compare(const struct list_key *a, const struct list_key *b)
{
    int order = strcmp(a->address, b->address);
    return order != 0 ? order : strcmp(a->scope, b->scope);
}

/* Of the same, the strongest first. */
static int places_compare(const void *a, const void *b, void *text)
{
    struct list_key first = key_at((const char *)text + *(const uint32_t *)a);
    struct list_key second = key_at((const char *)text + *(const uint32_t *)b);
    int order = list_keys_compare(&first, &second);
    return order != 0 ? order : (int)second.reason - (int)first.reason;
}

void list_keys_sort(struct list_keys *keys)
{
    size_t kept = 0;
    if (keys->count == 0)
        return;
    qsort_r(keys->places, keys->count, sizeof(*keys->places), places_compare,
            keys->text.data);
    for (size_t i = 1; i < keys->count; i++) {
        struct list_key last = list_keys_get(keys, kept), next = list_keys_get(keys, i);
        if (list_keys_compare(&last, &next) != 0)
            keys->places[++kept] = keys->places[i];
    }
    keys->count = kept + 1;
}
