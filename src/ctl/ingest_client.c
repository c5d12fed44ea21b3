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
    const char *scheme = tls ? "https" : "http", *here = NULL;
    struct net_address address = {0};
    bool cut = net_address_split(str_of(listen), &address);
    bool is_socket = cut && address.kind == NET_UNIX;
    int length, socket_length;
    /* All addresses: this machine's own is one of them. */
    if (cut && address.kind == NET_HOST &&
        (address.host.len == 0 || str_equal(address.host, STR("*")) ||
         str_equal(address.host, STR("0.0.0.0"))))
        here = "127.0.0.1";
    else if (cut && address.kind == NET_IPV6 && str_equal(address.host, STR("::")))
        here = "[::1]";
    length =
        here ? snprintf(ret, size, "%s://%s:%.*s", scheme, here, STR_ARG(address.port))
             : snprintf(ret, size, "%s://%s", scheme, is_socket ? "localhost" : listen);
    socket_length = snprintf(ret_socket, socket_size, "%.*s",
                             is_socket ? (int)address.host.len : 0, address.host.data);
    return length > 0 && (size_t)length < size && socket_length >= 0 &&
           (size_t)socket_length < socket_size;
}

static size_t body_keep(char *data, size_t size, size_t count, void *context)
{
    struct buf *body = context;
    size_t room = body->max - body->len;
    size_t take = size * count < room ? size * count : room;
    /* More than a line is not wanted, but not an error either. */
    return buf_append(body, data, take) < 0 ? 0 : size * count;
}

/* The first `user:password` of the file, as the daemon reads it. */
static int credentials_set(CURL *curl, const char *file)
{
    _cleanup_(buf_done) struct buf text = {.max = CTL_LINE_BYTES_MAX};
    int r = files_read(file, &text);
    struct str rest = buf_str(&text), line;
    while (r == 0 && str_split(&rest, '\n', &line)) {
        line = str_trim(line);
        if (line.len == 0 || line.data[0] == '#')
            continue;
        _cleanup_(freep) char *copy = str_dup(line);
        return copy && curl_easy_setopt(curl, CURLOPT_USERPWD, copy) == CURLE_OK
                   ? 0
                   : -ENOMEM;
    }
    return r;
}

static int headers_append(struct curl_slist **list, const char *const *headers)
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

static bool question_set_up(CURL *curl, const char *url, const char *socket,
                            struct str body, struct buf *answer)
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
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_keep) == CURLE_OK &&
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
static int64_t certinfo_time(const struct curl_certinfo *info, const char *name)
{
    const struct curl_slist *entry = info->num_of_certs > 0 ? info->certinfo[0] : NULL;
    for (; entry; entry = entry->next)
        if (strncmp(entry->data, name, strlen(name)) == 0) {
            time_t at = curl_getdate(entry->data + strlen(name), NULL);
            return at == -1 ? CLOCK_NONE : at * CLOCK_SECOND_MS;
        }
    return CLOCK_NONE;
}

static void certificate_look(CURL *curl, struct ingest_answer *ret)
{
    const struct curl_certinfo *info = NULL;
    ret->tls_begins_ms = ret->tls_expires_ms = CLOCK_NONE;
    if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK || !info)
        return;
    ret->tls_begins_ms = certinfo_time(info, "Start date:");
    ret->tls_expires_ms = certinfo_time(info, "Expire date:");
}

static void tls_header_look(CURL *curl, struct ingest_answer *ret)
{
    struct curl_header *header = NULL;
    ret->tls_is_outdated =
        curl_easy_header(curl, TLS_HEADER, 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
        strcmp(header->value, TLS_HEADER_OUTDATED) == 0;
}

static int question_perform(CURL *curl, struct buf *body, struct ingest_answer *ret)
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
    _cleanup_(buf_done) struct buf safe = {.max = sizeof(ret->body)};
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret->status);
    certificate_look(curl, ret);
    tls_header_look(curl, ret);
    (void)str_split(&rest, '\n', &line);
    if (text_neutral(&safe, str_trim(line), false) == 0)
        (void)snprintf(ret->body, sizeof(ret->body), "%s", buf_str(&safe).data);
    return 0;
}

/* What is asked. */
struct question {
    const struct settings *settings;
    const char *path;
    struct str body;
    const char *const *headers;
};

static int question_ask(const struct question *question, const char *listen, bool tls,
                        struct ingest_answer *ret)
{
    _cleanup_(curl_easy_cleanupp) CURL *curl = curl_easy_init();
    _cleanup_(curl_slist_free_allp) struct curl_slist *list = NULL;
    _cleanup_(buf_done) struct buf answer = {.max = CTL_ANSWER_BYTES_MAX};
    char origin[256], url[1024], socket[108];
    const char *credentials = question->settings->ingest.credentials_file;
    *ret = (struct ingest_answer){0};
    (void)snprintf(ret->where, sizeof(ret->where), "%s", listen);
    if (!ingest_origin(listen, tls, origin, sizeof(origin), socket, sizeof(socket)) ||
        snprintf(url, sizeof(url), "%s%s", origin, question->path) >= (int)sizeof(url)) {
        (void)snprintf(ret->fault, sizeof(ret->fault), "the address is too long");
        return -EINVAL;
    }
    int r = curl ? headers_append(&list, question->headers) : -ENOMEM;
    if (r == 0 && (!question_set_up(curl, url, socket, question->body, &answer) ||
                   curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list) != CURLE_OK))
        r = -ENOMEM;
    if (r == 0 && credentials) {
        r = credentials_set(curl, credentials);
        if (r < 0)
            (void)snprintf(ret->fault, sizeof(ret->fault), "%s: %s", credentials,
                           strerror(-r));
    }
    if (r == 0)
        r = question_perform(curl, &answer, ret);
    if (r == -ENOMEM && !*ret->fault)
        (void)snprintf(ret->fault, sizeof(ret->fault), "out of memory");
    return r;
}

/* Where the daemon says that it listens: `ingest http 127.0.0.1:9025`, a line each. A
 * file that was left behind is as good as none: nobody answers there. */
static int question_ask_where_told(const struct question *question,
                                   struct ingest_answer *ret)
{
    char listen[ADDRESS_FILE_BYTES_MAX];
    _cleanup_(freep) char *path = NULL;
    _cleanup_(buf_done) struct buf text = {.max = ADDRESS_FILE_BYTES_MAX};
    bool names_admin = false;
    int r = -ENOENT;
    if (asprintf(&path, "%s.listen", question->settings->store.path) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    (void)files_read(path, &text);
    struct str rest = buf_str(&text), line, name, scheme;
    while (str_split(&rest, '\n', &line)) {
        names_admin = names_admin || str_starts_with(line, STR("admin "));
        if (r == 0 || r == -ENOMEM || !str_split(&line, ' ', &name) ||
            !str_equal(name, STR("ingest")) || !str_split(&line, ' ', &scheme) ||
            line.len == 0)
            continue;
        (void)snprintf(listen, sizeof(listen), "%.*s", STR_ARG(line));
        r = question_ask(question, listen, str_equal(scheme, STR("https")), ret);
    }
    ret->lacks_metrics = r == 0 && !names_admin;
    return r;
}

int ingest_ask(const struct settings *settings, const char *path, struct str body,
               const char *const *headers, struct ingest_answer *ret)
{
    const struct question question = {settings, path, body, headers};
    const struct settings_list *listen = &settings->ingest.listen;
    bool tls = settings->ingest.certificate != NULL;
    *ret = (struct ingest_answer){0};
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return -ENOMEM;
    int r = question_ask_where_told(&question, ret);
    for (size_t i = 0; r < 0 && r != -ENOMEM && i < listen->count; i++)
        r = question_ask(&question, listen->items[i], tls, ret);
    if (r < 0 && !*ret->fault)
        (void)snprintf(ret->fault, sizeof(ret->fault), "[ingest] listen is empty");
    curl_global_cleanup();
    return r;
}
