#include "ctl/addresses.h"

#include <errno.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/files.h"
#include "ctl/limits.h"
#include "sesbounce/text.h"

enum { IS_LINE, IS_WORD };

/* 0 or -ENOMEM, -E2BIG. */
static int address_keep(struct addresses *addresses, struct str text, char origin)
{
    int r = buf_append_char(&addresses->text, origin);
    if (r == 0)
        r = buf_append_str(&addresses->text, text);
    if (r == 0)
        r = buf_append_char(&addresses->text, '\0');
    addresses->count += r == 0;
    return r;
}

static bool room_fail(const char *name, int r)
{
    if (r == -E2BIG)
        ctl_fail("%s: too many addresses at once: the limit is %d MiB", name,
                 CTL_LIST_BYTES_MAX / 1024 / 1024);
    else
        ctl_fail("%s: %s", name, strerror(-r));
    return false;
}

static void line_fail(struct addresses *addresses, const char *name, size_t line,
                      struct str text, const char *fault)
{
    struct str shown = text_prefix(text, REPORT_CELL_WIDTH_MAX);
    if (++addresses->faults <= CTL_LIST_FAULTS_MAX)
        ctl_fail("%s:%zu: `%.*s%s` is not a mail address: %s", name, line, STR_ARG(shown),
                 shown.len < text.len ? "…" : "", fault);
}

/* False for a fault that ends the reading; a line that is not an address does not. */
static bool lines_take(struct addresses *addresses, const char *name, struct str text)
{
    struct str line;
    struct address address;
    char fault[ADDRESS_FAULT_BYTES];

    for (size_t number = 1; str_split(&text, '\n', &line); number++) {
        int r = 0;
        line = str_trim(line);
        if (line.len == 0)
            continue;
        if (address_read(line, &address, fault) < 0)
            line_fail(addresses, name, number, line, fault);
        else
            r = address_keep(addresses, line, IS_LINE);
        if (r < 0)
            return room_fail(name, r);
    }
    return true;
}

static bool file_take(struct addresses *addresses, const char *word)
{
    const char *name = strcmp(word, "-") == 0 ? "standard input" : word;
    _cleanup_(buf_done) struct buf file = {.max = CTL_LIST_BYTES_MAX};
    int r = files_read(word, &file);
    struct str text = buf_str(&file);
    if (r == -ENOENT)
        ctl_fail("`%s` is neither a mail address, since it has no @, nor a file", word);
    else if (r < 0)
        room_fail(name, r);
    else if (files_skip_mark(&text) < 0)
        ctl_fail("%s is UTF-16; convert it: iconv -f UTF-16 -t UTF-8", name);
    else
        return lines_take(addresses, name, text);
    return false;
}

static bool word_take(struct addresses *addresses, const char *word)
{
    struct address address;
    if (!strchr(word, '@'))
        return file_take(addresses, word);
    if (!ctl_address(word, &address)) {
        addresses->faults++;
        return true;
    }
    int r = address_keep(addresses, str_trim(str_of(word)), IS_WORD);
    return r == 0 || room_fail(word, r);
}

bool addresses_read(struct addresses *addresses, char *const *words, size_t count)
{
    bool good = true;
    *addresses = (struct addresses){.text = {.max = CTL_LIST_BYTES_MAX}};
    for (size_t i = 0; i < count && good; i++)
        good = word_take(addresses, words[i]);
    if (addresses->faults > CTL_LIST_FAULTS_MAX)
        ctl_note("… and %zu more", addresses->faults - CTL_LIST_FAULTS_MAX);
    return good && addresses->faults == 0;
}

void addresses_done(struct addresses *addresses)
{
    buf_done(&addresses->text);
}

bool addresses_next(const struct addresses *addresses, size_t *at, struct given *ret)
{
    if (*at == addresses->text.len)
        return false;
    const char *entry = addresses->text.data + *at;
    *ret = (struct given){.address = entry + 1, .is_word = *entry == IS_WORD};
    *at += 1 + strlen(entry + 1) + 1;
    return true;
}
