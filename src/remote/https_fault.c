/* What a failed transfer is called. */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "sesbounce/https.h"

#define UNTRUSTED  "certificate of the server is not trusted"
#define SEE_CLOCK  " (check this machine's clock: `date`)"
#define SEE_CAFILE " (see [sns] ca_file)"

/* A server's certificate that is "not yet valid" is most often a wrong clock here. */
static bool fault_is_of_clock(const char *detail)
{
    return strstr(detail, "not yet valid") || strstr(detail, "expired");
}

const char *https_fault_text(int curl_code, const char *detail, bool own_ca_file,
                             char ret[HTTPS_FAULT_BYTES_MAX])
{
    static const struct {
        int code;
        const char *text;
        bool detail;
    } faults[] = {
        {CURLE_COULDNT_RESOLVE_HOST, "could not resolve host", true},
        {CURLE_COULDNT_RESOLVE_PROXY, "could not resolve proxy", true},
        {CURLE_COULDNT_CONNECT, "could not connect", true},
        {CURLE_OPERATION_TIMEDOUT, "no answer in time", true},
        {CURLE_PEER_FAILED_VERIFICATION, UNTRUSTED, true},
        {CURLE_SSL_CONNECT_ERROR, "TLS handshake failed", true},
        {CURLE_FILESIZE_EXCEEDED, "the answer is too large", false},
        {CURLE_OUT_OF_MEMORY, "out of memory", false},
        {CURLE_RECV_ERROR, "the connection was lost", true},
        {CURLE_SEND_ERROR, "the connection was lost", true},
    };
    const char *text = curl_easy_strerror((CURLcode)curl_code);
    const char *remedy = "", *brief = NULL;
    struct str words = STR_ABSENT;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (faults[i].code == curl_code) {
            text = faults[i].text;
            words = faults[i].detail ? str_of(detail) : STR_ABSENT;
        }
    if (curl_code == CURLE_PEER_FAILED_VERIFICATION) {
        remedy = fault_is_of_clock(detail) ? SEE_CLOCK : SEE_CAFILE;
        brief = fault_is_of_clock(detail) ? UNTRUSTED SEE_CLOCK : UNTRUSTED SEE_CAFILE;
    }
    /* libcurl's own words may begin with ours. */
    size_t ours = strlen(text);
    if (words.len >= ours &&
        str_equal_nocase((struct str){words.data, ours}, str_of(text)))
        words = str_skip(words, ours + strspn(words.data + ours, ": "));
    if (curl_code == CURLE_SSL_CACERT_BADFILE)
        text = own_ca_file ? "no certificates could be read from [sns] ca_file"
                           : "this system has no CA certificates: install the package "
                             "ca-certificates, or set [sns] ca_file";
    (void)snprintf(ret, HTTPS_FAULT_BYTES_MAX, "%s%s%.*s%s", text, words.len ? ": " : "",
                   STR_ARG(words), remedy);
    for (char *c = ret; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    return brief ? brief : text;
}
