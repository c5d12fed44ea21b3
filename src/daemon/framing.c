#include "daemon/framing.h"

#include <microhttpd.h>
#include <string.h>

#include "sesbounce/str.h"

struct headers {
    unsigned lengths;
    unsigned codings;
    bool is_http_1_0;
    bool odd_name;
    bool odd_value;
    bool odd_coding;
    bool bad_length;
    uint64_t length;
};

/*
 * A value that goes on in the next line (RFC 9112, 5.2) is appended to the name by
 * libmicrohttpd 0.9.75: `Content-Length:` and ` 5` become a header `Content-Length5`.
 */
static bool is_longer(struct str key, struct str name)
{
    return key.len > name.len && str_equal_nocase((struct str){key.data, name.len}, name);
}

static enum MHD_Result look_at_header(void *context, enum MHD_ValueKind kind,
                                      const char *name, size_t name_len,
                                      const char *value, size_t value_len)
{
    struct headers *headers = context;
    struct str key = {name, name_len};
    struct str text = str_trim((struct str){value ? value : "", value_len});

    (void)kind;
    for (size_t i = 0; i < key.len; i++)
        headers->odd_name |= key.data[i] <= ' ' || key.data[i] == 0x7f;
    headers->odd_name |=
        is_longer(key, STR("Content-Length")) || is_longer(key, STR("Transfer-Encoding"));
    /* Others end a line there (RFC 9112, 2.2). */
    headers->odd_value |= text.len > 0 && memchr(text.data, '\r', text.len);
    if (str_equal_nocase(key, STR("Content-Length"))) {
        headers->lengths++;
        if (str_to_u64(text, INT64_MAX, &headers->length) < 0)
            headers->bad_length = true;
    } else if (str_equal_nocase(key, STR("Transfer-Encoding"))) {
        headers->codings++;
        if (!str_equal_nocase(text, STR("chunked")))
            headers->odd_coding = true;
    }
    return MHD_YES;
}

bool framing_is_clear(struct MHD_Connection *connection, const char *version,
                      struct framing *ret)
{
    struct headers headers = {.is_http_1_0 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0};

    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, look_at_header,
                                      &headers);
    *ret = (struct framing){.length = headers.length,
                            .is_announced = headers.lengths || headers.codings};
    return headers.lengths <= 1 && headers.codings <= 1 && !headers.bad_length &&
           !headers.odd_name && !headers.odd_value && !headers.odd_coding &&
           !(headers.codings && (headers.lengths || headers.is_http_1_0));
}
