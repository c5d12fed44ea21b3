#include "daemon/framing.h"

#include <microhttpd.h>
#include <string.h>

#include "sesbounce/str.h"

struct framing {
    unsigned lengths;
    unsigned codings;
    bool is_http_1_0;
    bool odd_name;
    bool odd_coding;
    bool bad_length;
    uint64_t length;
};

static enum MHD_Result look_at_header(void *context, enum MHD_ValueKind kind,
                                      const char *name, size_t name_len,
                                      const char *value, size_t value_len)
{
    struct framing *framing = context;
    struct str key = {name, name_len};
    struct str text = str_trim((struct str){value ? value : "", value_len});

    (void)kind;
    for (size_t i = 0; i < key.len; i++)
        framing->odd_name |= key.data[i] <= ' ' || key.data[i] == 0x7f;
    if (str_equal_nocase(key, STR("Content-Length"))) {
        framing->lengths++;
        if (str_to_u64(text, INT64_MAX, &framing->length) < 0)
            framing->bad_length = true;
    } else if (str_equal_nocase(key, STR("Transfer-Encoding"))) {
        framing->codings++;
        if (!str_equal_nocase(text, STR("chunked")))
            framing->odd_coding = true;
    }
    return MHD_YES;
}

bool framing_is_clear(struct MHD_Connection *connection, const char *version,
                      uint64_t *ret_length)
{
    struct framing framing = {.is_http_1_0 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0};

    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, look_at_header,
                                      &framing);
    *ret_length = framing.length;
    return framing.lengths <= 1 && framing.codings <= 1 && !framing.bad_length &&
           !framing.odd_name && !framing.odd_coding &&
           !(framing.codings && (framing.lengths || framing.is_http_1_0));
}
