#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "remote/https_transfer.h"
#include "sesbounce/limits.h"
#include "sesbounce/net_address.h"

#ifdef SESBOUNCE_VERSION
#define USER_AGENT "sesbounced/" SESBOUNCE_VERSION
#else
#define USER_AGENT "sesbounced"
#endif

DEFINE_CLEANUP(CURLU, curl_url_cleanup)

static void curl_freep(char **text)
{
    curl_free(*text);
}

int https_global_start(void)
{
    /* An unanswered name server would otherwise hold a resolver thread for 10 s each. */
    if (setenv("RES_OPTIONS", "timeout:1 attempts:1", 0) < 0)
        return -errno;
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -ENOMEM;
}

void https_global_stop(void)
{
    curl_global_cleanup();
}

bool https_proxy_in_use(char *ret, size_t size)
{
    /* The order of libcurl (CURLOPT_PROXY(3)). */
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (!value || !*value)
            continue;
        const char *secret_end = strrchr(value, '@');
        (void)snprintf(ret, size, "%s=%s", names[i], secret_end ? secret_end + 1 : value);
        return true;
    }
    return false;
}

int https_new(const char *ca_file, struct https **ret)
{
    _cleanup_(closep) int fd =
        ca_file ? open(ca_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (ca_file && fd < 0)
        return -errno;
    _cleanup_(https_freep) struct https *https = calloc(1, sizeof(*https));
    if (!https)
        return -ENOMEM;
    for (size_t i = 0; i < HTTPS_TRANSFERS_MAX; i++)
        buf_init(&https->transfers[i].body, HTTPS_BODY_BYTES_MAX);
    https->ca_file = ca_file ? strdup(ca_file) : NULL;
    https->multi = curl_multi_init();
    if ((ca_file && !https->ca_file) || !https->multi ||
        curl_multi_setopt(https->multi, CURLMOPT_MAXCONNECTS, (long)HTTPS_TRANSFERS_MAX))
        return -ENOMEM;
    *ret = take_ptr(https);
    return 0;
}

void https_free(struct https *https)
{
    if (!https)
        return;
    for (size_t i = 0; i < HTTPS_TRANSFERS_MAX; i++) {
        struct transfer *transfer = &https->transfers[i];
        if (transfer->done)
            (void)curl_multi_remove_handle(https->multi, transfer->easy);
        transfer_forget_mail(transfer);
        curl_slist_free_all(transfer->headers);
        buf_done(&transfer->body);
    }
    if (https->multi)
        (void)curl_multi_cleanup(https->multi);
    free(https->ca_file);
    free(https);
}

unsigned https_pending(const struct https *https)
{
    return https->pending;
}

void https_wake(struct https *https)
{
    (void)curl_multi_wakeup(https->multi);
}

/* libcurl's write callback: anything but `size` ends the transfer. */
static size_t body_take(char *bytes, size_t one, size_t size, void *context)
{
    struct transfer *transfer = context;
    (void)one; /* always 1 (CURLOPT_WRITEFUNCTION(3)) */
    if (transfer->takes_no_body)
        return size;
    transfer->body_error = buf_append(&transfer->body, bytes, size);
    return transfer->body_error < 0 ? 0 : size;
}

static bool easy_set_constants(CURL *easy)
{
    static const struct {
        CURLoption option;
        long value;
    } options[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_QUICK_EXIT, 1},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
        {CURLOPT_NETRC, CURL_NETRC_IGNORED},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_MAXFILESIZE, HTTPS_BODY_BYTES_MAX},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (curl_easy_setopt(easy, options[i].option, options[i].value))
            return false;
    return !curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT) &&
           !curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_take);
}

/* With a CA file of the operator's, the system's directory must not be trusted too. */
static bool easy_set_ca(CURL *easy, const char *ca_file)
{
    if (!ca_file)
        return true;
    return !curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) &&
           !curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) &&
           !curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, ca_file) &&
           !curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
}

static bool transfer_prepare(const struct https *https, struct transfer *transfer)
{
    if (transfer->easy)
        return true;
    CURL *easy = curl_easy_init();
    if (!easy)
        return false;
    if (!easy_set_constants(easy) || !easy_set_ca(easy, https->ca_file) ||
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) ||
        curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) ||
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail)) {
        curl_easy_cleanup(easy);
        return false;
    }
    transfer->easy = easy;
    return true;
}

int url_read(const char *url, struct url_parts *ret)
{
    _cleanup_(curl_url_cleanupp) CURLU *parts = curl_url();
    if (!parts)
        return -ENOMEM;
    if (curl_url_set(parts, CURLUPART_URL, url, CURLU_DISALLOW_USER))
        return -EINVAL;
    _cleanup_(curl_freep) char *scheme = NULL;
    _cleanup_(curl_freep) char *host = NULL;
    if (curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0))
        return -EINVAL;
    ret->is_loopback = net_host_is_loopback(str_of(host));
    (void)snprintf(ret->scheme, sizeof(ret->scheme), "%s", scheme);
    return 0;
}

static struct transfer *transfer_find_free(struct https *https)
{
    for (size_t i = 0; i < HTTPS_TRANSFERS_MAX; i++)
        if (!https->transfers[i].done)
            return &https->transfers[i];
    return NULL;
}

void transfer_forget_mail(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->recipients);
    free(transfer->text);
    transfer->easy = NULL;
    transfer->recipients = NULL;
    transfer->text = NULL;
}

static void transfer_forget_headers(struct transfer *transfer)
{
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
}

static bool transfer_set_headers(struct transfer *transfer, const char *const *headers)
{
    transfer_forget_headers(transfer);
    for (; headers && *headers; headers++) {
        struct curl_slist *longer = curl_slist_append(transfer->headers, *headers);

        if (!longer)
            return false;
        transfer->headers = longer;
    }
    return !curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

/* The handle may have served a request of another kind. */
static bool transfer_set_body(CURL *easy, const struct https_request *request)
{
    bool has_body = str_present(request->body);

    if (curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) ||
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method))
        return false;
    return !has_body ||
           (!curl_easy_setopt(easy, CURLOPT_POST, 1L) &&
            !curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                              (curl_off_t)request->body.len) &&
            !curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body.data));
}

static bool transfer_set(struct transfer *transfer, const struct https_request *request,
                         const struct url_parts *parts)
{
    CURL *easy = transfer->easy;
    long total_ms = request->total_ms ? request->total_ms : HTTPS_TOTAL_MS;
    long max_bytes = request->ignores_answer ? 0 : HTTPS_BODY_BYTES_MAX;

    transfer->takes_no_body = request->ignores_answer;
    /* "" disables the proxy whatever the environment says, NULL uses what it says. */
    return !curl_easy_setopt(easy, CURLOPT_URL, request->url) &&
           !curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, parts->scheme) &&
           !curl_easy_setopt(easy, CURLOPT_PROXY, parts->is_loopback ? "" : NULL) &&
           !curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTPS_CONNECT_MS) &&
           !curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, total_ms) &&
           !curl_easy_setopt(easy, CURLOPT_MAXFILESIZE, max_bytes) &&
           transfer_set_headers(transfer, request->headers) &&
           transfer_set_body(easy, request);
}

int transfer_take(struct https *https, struct transfer **ret)
{
    struct transfer *transfer = transfer_find_free(https);

    if (!transfer)
        return -EAGAIN;
    if (!transfer_prepare(https, transfer))
        return -ENOMEM;
    buf_clear(&transfer->body);
    transfer->body_error = 0;
    transfer->detail[0] = '\0';
    *ret = transfer;
    return 0;
}

int transfer_begin(struct https *https, struct transfer *transfer, https_done_fn *done,
                   void *context)
{
    if (curl_multi_add_handle(https->multi, transfer->easy))
        return -ENOMEM;
    transfer->done = done;
    transfer->context = context;
    https->pending++;
    return 0;
}

int https_begin(struct https *https, const struct https_request *request,
                https_done_fn *done, void *context)
{
    struct transfer *transfer;
    struct url_parts parts;
    int r = url_read(request->url, &parts);

    if (r < 0)
        return r;
    if (strcmp(parts.scheme, "https") != 0 &&
        (strcmp(parts.scheme, "http") != 0 || !parts.is_loopback))
        return -EINVAL;
    r = transfer_take(https, &transfer);
    if (r < 0)
        return r;
    if (!transfer_set(transfer, request, &parts))
        return -ENOMEM;
    return transfer_begin(https, transfer, done, context);
}

int https_get(struct https *https, const char *url, https_done_fn *done, void *context)
{
    return https_begin(https, &(struct https_request){.url = url}, done, context);
}

/* Calls back, then frees the place: the body is lent until the callback returns. */
static void transfer_finish(struct https *https, struct transfer *transfer, CURLcode code)
{
    struct https_answer answer = {0};
    char fault[HTTPS_FAULT_BYTES_MAX];
    (void)curl_multi_remove_handle(https->multi, transfer->easy);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &answer.reply);
    if (transfer->body_error < 0)
        code = transfer->body_error == -E2BIG ? CURLE_FILESIZE_EXCEEDED
                                              : CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK) {
        curl_off_t seconds = 0;
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &seconds);
        answer.status = answer.reply;
        answer.body = buf_str(&transfer->body);
        answer.retry_after_s = seconds > INT32_MAX ? INT32_MAX : (long)seconds;
    } else {
        answer.brief =
            https_fault_text((int)code, transfer->detail, https->ca_file != NULL, fault);
        answer.body = STR("");
        answer.fault = fault;
        answer.unresolved = code == CURLE_COULDNT_RESOLVE_HOST;
        answer.timed_out = code == CURLE_OPERATION_TIMEDOUT;
        answer.untrusted =
            code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
        answer.ours = code == CURLE_OUT_OF_MEMORY;
    }
    transfer->done(transfer->context, &answer);
    transfer->done = NULL;
    transfer_forget_headers(transfer);
    if (transfer->recipients)
        transfer_forget_mail(transfer);
    https->pending--;
}

/* How many transfers came to their end, or a negative errno. */
static int transfers_work(struct https *https)
{
    int running = 0, left = 0, finished = 0;
    const CURLMsg *message;
    if (curl_multi_perform(https->multi, &running))
        return -EIO;
    while ((message = curl_multi_info_read(https->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        struct transfer *transfer = NULL;
        CURLcode code = message->data.result;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
                                (char **)&transfer);
        transfer_finish(https, transfer, code);
        finished++;
    }
    return finished;
}

int https_run(struct https *https, int timeout_ms)
{
    int r = transfers_work(https);
    if (r > 0)
        return 0;
    /* Waits after a failure too: the caller's loop must not turn without a rest. */
    if (curl_multi_poll(https->multi, NULL, 0, timeout_ms, NULL))
        return -EIO;
    if (r < 0)
        return r;
    r = transfers_work(https);
    return r < 0 ? r : 0;
}
