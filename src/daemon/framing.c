#include "daemon/framing.h"

#include <microhttpd.h>
#include <string.h>

#include "sesbounce/str.h"

struct headers {
    unsigned lengths;
    unsigned codings;
    uint64_t length;
    bool are_odd; /* two readers could understand them differently */
};

/*
 * A value that goes on in the next line (RFC 9112, 5.2) is appended to the name by
 * libmicrohttpd 0.9.75: `Content-Length:` and ` 5` become a header `Content-Length5`.
 */
static bool header_name_is_longer(struct str key, struct str name)
{
    return key.len > name.len && str_equal_nocase((struct str){key.data, name.len}, name);
}

static bool header_name_is_odd(struct str key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (key.data[i] <= ' ' || key.data[i] == 0x7f)
            return true;
    }
    return header_name_is_longer(key, STR("Content-Length")) ||
           header_name_is_longer(key, STR("Transfer-Encoding"));
}

static enum MHD_Result headers_note(void *context, enum MHD_ValueKind kind,
                                    const char *name, size_t name_len, const char *value,
                                    size_t value_len)
{
    struct headers *headers = context;
    struct str key = {name, name_len};
    struct str text = str_trim((struct str){value ? value : "", value_len});

    (void)kind;
    /* Others end a line at CR (RFC 9112, 2.2). */
    headers->are_odd |=
        header_name_is_odd(key) || (text.len > 0 && memchr(text.data, '\r', text.len));
    if (str_equal_nocase(key, STR("Content-Length"))) {
        headers->lengths++;
        headers->are_odd |= str_to_u64(text, INT64_MAX, &headers->length) < 0;
    } else if (str_equal_nocase(key, STR("Transfer-Encoding"))) {
        headers->codings++;
        headers->are_odd |= !str_equal_nocase(text, STR("chunked"));
    }
    return MHD_YES;
}

bool framing_read(struct MHD_Connection *connection, const char *version,
                  struct framing *ret)
{
    struct headers headers = {.lengths = 0};

    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, headers_note,
                                      &headers);
    *ret = (struct framing){.length = headers.length,
                            .is_announced = headers.lengths || headers.codings};
    return !headers.are_odd && headers.lengths + headers.codings <= 1 &&
           !(headers.codings && strcmp(version, MHD_HTTP_VERSION_1_0) == 0);
}
