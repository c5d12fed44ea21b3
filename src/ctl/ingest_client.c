#include "ctl/ingest_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/files.h"
#include "ctl/limits.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/expiry.h"
#include "sesbounce/net_address.h"
#include "sesbounce/text.h"

DEFINE_CLEANUP(CURL, curl_easy_cleanup)
DEFINE_CLEANUP(struct curl_slist, curl_slist_free_all)

bool ingest_origin(const char *listen, bool tls, char *ret, size_t size, char *ret_socket,
                   size_t socket_size)
{
    const char *scheme = tls ? "https" : "http";
    struct net_address address;
    bool cut = net_address_split(str_of(listen), &address);
    int length, socket_length = 0;
    *ret_socket = '\0';
    if (cut && address.kind == NET_UNIX) {
        length = snprintf(ret, size, "%s://localhost", scheme);
        socket_length = snprintf(ret_socket, socket_size, "%.*s", STR_ARG(address.host));
    } else if (cut && address.kind == NET_HOST &&
               (address.host.len == 0 || str_equal(address.host, STR("*")) ||
                str_equal(address.host, STR("0.0.0.0")))) {
        /* All addresses: this machine's own is one of them. */
        length =
            snprintf(ret, size, "%s://127.0.0.1:%.*s", scheme, STR_ARG(address.port));
    } else if (cut && address.kind == NET_IPV6 && str_equal(address.host, STR("::"))) {
        length = snprintf(ret, size, "%s://[::1]:%.*s", scheme, STR_ARG(address.port));
    } else {
        length = snprintf(ret, size, "%s://%s", scheme, listen);
    }
    return length > 0 && (size_t)length < size && socket_length >= 0 &&
           (size_t)socket_length < socket_size;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct buf *body = context;
    size_t room = body->max - body->len;
    size_t take = size * count < room ? size * count : room;
    /* More than a line is not wanted, but not an error either. */
    return buf_append(body, data, take) < 0 ? 0 : size * count;
}

/* The first `user:password` of the file, as the daemon reads it. */
static int add_credentials(CURL *curl, const char *file)
{
    struct buf text;
    buf_init(&text, CTL_LINE_BYTES_MAX);
    int r = files_read(file, &text);
    struct str rest = buf_str(&text), line;
    bool found = false;
    while (r == 0 && !found && str_split(&rest, '\n', &line)) {
        line = str_trim(line);
        if (line.len == 0 || line.data[0] == '#')
            continue;
        found = true;
        char *copy = str_dup(line);
        if (!copy || curl_easy_setopt(curl, CURLOPT_USERPWD, copy) != CURLE_OK)
            r = -ENOMEM;
        free(copy);
    }
    buf_done(&text);
    return r;
}

static int add_headers(struct curl_slist **list, const char *const *headers)
{
    /* SNS sends its body at once; libcurl would wait for a 100 first. */
    static const char *const own[] = {"Expect:", NULL};
    const char *const *sets[] = {own, headers};
    for (size_t i = 0; i < 2; i++)
        for (const char *const *header = sets[i]; header && *header; header++) {
            struct curl_slist *longer = curl_slist_append(*list, *header);
            if (!longer)
                return -ENOMEM;
            *list = longer;
        }
    return 0;
}

static bool set_up(CURL *curl, const char *url, const char *socket, struct str body,
                   struct buf *answer)
{
    bool ok =
        curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)CTL_ANSWER_MS) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTPS_CONNECT_MS) ==
            CURLE_OK &&
        /* Our own daemon on this machine, by an address no certificate names. */
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer) == CURLE_OK;
    if (ok && *socket)
        ok = curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket) == CURLE_OK;
    if (ok && str_present(body))
        ok = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) ==
                 CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data) == CURLE_OK;
    return ok;
}

/* The time behind `name` among libcurl's facts about the server's own certificate. */
static int64_t tls_time(const struct curl_certinfo *info, const char *name)
{
    const struct curl_slist *entry = info->num_of_certs > 0 ? info->certinfo[0] : NULL;
    for (; entry; entry = entry->next)
        if (strncmp(entry->data, name, strlen(name)) == 0) {
            time_t at = curl_getdate(entry->data + strlen(name), NULL);
            return at == -1 ? CLOCK_NONE : at * CLOCK_SECOND_MS;
        }
    return CLOCK_NONE;
}

static void look_at_certificate(CURL *curl, struct ingest_answer *ret)
{
    const struct curl_certinfo *info = NULL;
    ret->tls_begins_ms = ret->tls_expires_ms = CLOCK_NONE;
    if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK || !info)
        return;
    ret->tls_begins_ms = tls_time(info, "Start date:");
    ret->tls_expires_ms = tls_time(info, "Expire date:");
}

static void look_at_header(CURL *curl, struct ingest_answer *ret)
{
    struct curl_header *header = NULL;
    ret->tls_is_outdated =
        curl_easy_header(curl, TLS_HEADER, 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
        strcmp(header->value, TLS_HEADER_OUTDATED) == 0;
}

static int perform(CURL *curl, struct buf *body, struct ingest_answer *ret)
{
    char detail[CURL_ERROR_SIZE] = "";
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    CURLcode code = curl_easy_perform(curl);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    if (code != CURLE_OK) {
        (void)snprintf(ret->fault, sizeof(ret->fault), "%s",
                       *detail ? detail : curl_easy_strerror(code));
        return code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -ECONNREFUSED;
    }
    struct str rest = buf_str(body), line = STR("");
    struct buf safe;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret->status);
    look_at_certificate(curl, ret);
    look_at_header(curl, ret);
    (void)str_split(&rest, '\n', &line);
    buf_init(&safe, sizeof(ret->body));
    if (text_neutral(&safe, str_trim(line), false) == 0)
        (void)snprintf(ret->body, sizeof(ret->body), "%s", buf_str(&safe).data);
    buf_done(&safe);
    return 0;
}

/* What is asked. */
struct question {
    const struct settings *settings;
    const char *path;
    struct str body;
    const char *const *headers;
};

static int ask(const struct question *question, const char *listen, bool tls,
               struct ingest_answer *ret)
{
    _cleanup_(curl_easy_cleanupp) CURL *curl = curl_easy_init();
    _cleanup_(curl_slist_free_allp) struct curl_slist *list = NULL;
    char origin[256], url[1024], socket[108];
    const struct settings *settings = question->settings;
    struct buf answer;
    *ret = (struct ingest_answer){0};
    (void)snprintf(ret->where, sizeof(ret->where), "%s", listen);
    if (!ingest_origin(listen, tls, origin, sizeof(origin), socket, sizeof(socket)) ||
        snprintf(url, sizeof(url), "%s%s", origin, question->path) >= (int)sizeof(url)) {
        (void)snprintf(ret->fault, sizeof(ret->fault), "the address is too long");
        return -EINVAL;
    }
    buf_init(&answer, CTL_ANSWER_BYTES_MAX);
    int r = curl ? add_headers(&list, question->headers) : -ENOMEM;
    if (r == 0 && !set_up(curl, url, socket, question->body, &answer))
        r = -ENOMEM;
    if (r == 0 && curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list) != CURLE_OK)
        r = -ENOMEM;
    if (r == 0 && settings->ingest.credentials_file) {
        r = add_credentials(curl, settings->ingest.credentials_file);
        if (r < 0)
            (void)snprintf(ret->fault, sizeof(ret->fault), "%s: %s",
                           settings->ingest.credentials_file, strerror(-r));
    }
    if (r == 0)
        r = perform(curl, &answer, ret);
    if (r == -ENOMEM && !*ret->fault)
        (void)snprintf(ret->fault, sizeof(ret->fault), "out of memory");
    buf_done(&answer);
    return r;
}

/* `ingest http 127.0.0.1:9025` of the file that the daemon writes. */
static bool parse_address(struct str line, char listen[ADDRESS_FILE_BYTES_MAX],
                          bool *ret_tls)
{
    struct str name, scheme;
    if (!str_split(&line, ' ', &name) || !str_equal(name, STR("ingest")) ||
        !str_split(&line, ' ', &scheme) || line.len == 0)
        return false;
    *ret_tls = str_equal(scheme, STR("https"));
    (void)snprintf(listen, ADDRESS_FILE_BYTES_MAX, "%.*s", STR_ARG(line));
    return true;
}

static bool names_admin(struct str lines)
{
    struct str line;
    while (str_split(&lines, '\n', &line))
        if (str_starts_with(line, STR("admin ")))
            return true;
    return false;
}

/* Where the daemon says that it listens. A file that was left behind is as good as none:
 * nobody answers there. */
static int ask_where_it_says(const struct question *question, struct ingest_answer *ret)
{
    _cleanup_(freep) char *path = NULL;
    char listen[ADDRESS_FILE_BYTES_MAX];
    struct buf text;
    bool tls;
    int r = -ENOENT;
    if (asprintf(&path, "%s.listen", question->settings->store.path) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    buf_init(&text, ADDRESS_FILE_BYTES_MAX);
    (void)files_read(path, &text);
    struct str rest = buf_str(&text), line;
    while (r != 0 && r != -ENOMEM && str_split(&rest, '\n', &line)) {
        if (parse_address(line, listen, &tls))
            r = ask(question, listen, tls, ret);
    }
    ret->lacks_metrics = r == 0 && !names_admin(buf_str(&text));
    buf_done(&text);
    return r;
}

static int ask_anywhere(const struct question *question, struct ingest_answer *ret)
{
    const struct settings_list *listen = &question->settings->ingest.listen;
    bool tls = question->settings->ingest.certificate != NULL;
    int r = ask_where_it_says(question, ret);
    for (size_t i = 0; r < 0 && r != -ENOMEM && i < listen->count; i++)
        r = ask(question, listen->items[i], tls, ret);
    if (r < 0 && !*ret->fault)
        (void)snprintf(ret->fault, sizeof(ret->fault), "[ingest] listen is empty");
    return r;
}

int ingest_ask(const struct settings *settings, const char *path, struct str body,
               const char *const *headers, struct ingest_answer *ret)
{
    const struct question question = {settings, path, body, headers};
    *ret = (struct ingest_answer){0};
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return -ENOMEM;
    int r = ask_anywhere(&question, ret);
    curl_global_cleanup();
    return r;
}
