/*
 * ARNs, patterns and URLs. The input is four lines: ARN, pattern, URL, endpoint. An ARN
 * that is not one stands for a usual one, so that the rest is reached.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/limits.h"
#include "fuzz.h"
#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/sns_url.h"

#define USUAL    "arn:aws:sns:eu-west-1:123456789012:ses"
#define HTTPS    STR("https://")
#define FILENAME STR("SimpleNotificationService-")

static const struct {
    struct str partition;
    const char *domain;
} hosts[] = {
    {STR("aws"), "amazonaws.com"},        {STR("aws-cn"), "amazonaws.com.cn"},
    {STR("aws-us-gov"), "amazonaws.com"}, {STR("aws-eusc"), "amazonaws.eu"},
    {STR("aws-iso"), "c2s.ic.gov"},       {STR("aws-iso-b"), "sc2s.sgov.gov"},
    {STR("aws-iso-e"), "cloud.adc-e.uk"}, {STR("aws-iso-f"), "csp.hci.ic.gov"},
};

/* The host that AWS has for the topic's region; "" where we know of none. */
static void aws_host(const struct arn *arn, char ret[128])
{
    ret[0] = '\0';
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
        if (str_equal(hosts[i].partition, arn->partition))
            (void)snprintf(ret, 128, "sns.%.*s.%s", STR_ARG(arn->region),
                           hosts[i].domain);
}

static bool only(struct str s, const char *of)
{
    for (size_t i = 0; i < s.len; i++)
        if (!s.data[i] || !strchr(of, s.data[i]))
            return false;
    return s.len > 0;
}

static void check_arn(const struct arn *arn)
{
    char joined[600];
    int len = snprintf(joined, sizeof(joined), "arn:%.*s:sns:%.*s:%.*s:%.*s",
                       STR_ARG(arn->partition), STR_ARG(arn->region),
                       STR_ARG(arn->account), STR_ARG(arn->topic));
    PROMISE(str_equal((struct str){joined, (size_t)len}, arn->text));
    PROMISE(only(arn->account, "0123456789") && arn->account.len == 12);
    PROMISE(only(arn->region, "abcdefghijklmnopqrstuvwxyz0123456789-"));
    PROMISE(arn_pattern_is_valid(arn->text));
    PROMISE(arn_matches(arn, arn->text));
    PROMISE(!arn_matches(arn, STR("arn:*:sns:*:*:*")));
}

/* Stars are looked for one field at a time: try each split, as the definition has it. */
static bool matches_slowly(struct str s, struct str pattern)
{
    if (pattern.len == 0)
        return s.len == 0;
    struct str rest = {pattern.data + 1, pattern.len - 1};
    if (pattern.data[0] != '*')
        return s.len > 0 && s.data[0] == pattern.data[0] &&
               matches_slowly((struct str){s.data + 1, s.len - 1}, rest);
    for (size_t i = 0; i <= s.len; i++)
        if (matches_slowly((struct str){s.data + i, s.len - i}, rest))
            return true;
    return false;
}

static size_t stars(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += s.data[i] == '*';
    return count;
}

static void check_pattern(const struct arn *arn, struct str pattern)
{
    bool matches = arn_matches(arn, pattern);
    const struct str fields[] = {STR("arn"),  arn->partition, STR("sns"),
                                 arn->region, arn->account,   arn->topic};
    struct str rest = pattern, field;
    bool expected = str_present(pattern);

    if (pattern.len > 120 || stars(pattern) > 4)
        return;
    for (size_t i = 0; i < 6 && expected; i++) {
        expected = str_split(&rest, ':', &field);
        if (expected && (i == 0 || i == 2 || i == 4))
            expected = str_equal(fields[i], field);
        else if (expected)
            expected = matches_slowly(fields[i], field);
    }
    PROMISE(matches == (expected && !str_present(rest)));
}

static void check_url(const struct arn *arn, struct str url, struct str endpoint,
                      const struct sns_origin *origin)
{
    struct sns_cert_url found;
    char host[128];
    bool configured = endpoint.len > 0 && !str_equal(endpoint, STR("auto"));

    if (!sns_url_certificate(url, arn, endpoint, &found))
        return;
    aws_host(arn, host);
    bool of_aws = host[0] && str_equal(found.host, str_of(host));
    if (of_aws) {
        PROMISE(str_starts_with(url, HTTPS) || configured);
    } else {
        PROMISE(configured && origin);
        PROMISE(str_ends_with(str_of(origin->text), found.host) ||
                str_ends_with(str_of(origin->text), STR(":443")));
    }
    PROMISE(str_starts_with(found.file, FILENAME));
    struct str hex = {found.file.data + FILENAME.len, found.file.len - FILENAME.len - 4};
    PROMISE(only(hex, "0123456789abcdef"));
    PROMISE(str_ends_with(found.file, STR(".pem")));
    PROMISE(!memchr(found.host.data, '/', found.host.len));
    PROMISE(!memchr(found.host.data, '@', found.host.len));
    PROMISE(!memchr(found.host.data, '%', found.host.len));
}

/* `http://HOST:PORT` of this machine, in whatever spelling. */
static bool is_local(const char *origin)
{
    const char *host = origin + strlen("http://");
    size_t len = *host == '[' ? strcspn(host, "]") : strcspn(host, ":");
    unsigned char v4[4];
    struct in6_addr v6;
    char name[256];

    if (strncmp(origin, "http://", strlen("http://")) != 0 || len >= sizeof(name))
        return false;
    (void)snprintf(name, sizeof(name), "%.*s", (int)len, host);
    if (*name == '[')
        return inet_pton(AF_INET6, name + 1, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    return strcasecmp(name, "localhost") == 0 ||
           (inet_pton(AF_INET, name, v4) == 1 && v4[0] == 127);
}

static void check_origin(const struct arn *arn, struct str endpoint, struct str url)
{
    struct sns_origin origin;
    const char *fault = NULL;
    char host[128];
    char text[160];

    if (sns_url_check_endpoint(endpoint, &fault) < 0) {
        PROMISE(fault);
        return;
    }
    int r = sns_url_origin(arn, endpoint, &origin);
    if (r == 0) {
        PROMISE(str_starts_with(str_of(origin.text), HTTPS) || is_local(origin.text));
        PROMISE(!strpbrk(strchr(origin.text, '/') + 2, "/@?#% "));
        _cleanup_(buf_done) struct buf confirm;
        buf_init(&confirm, CONFIRM_URL_BYTES_MAX);
        if (sns_url_confirmation(&origin, arn->text, url, &confirm) == 0)
            PROMISE(str_starts_with(buf_str(&confirm), str_of(origin.text)) &&
                    strlen(confirm.data) == confirm.len && !strpbrk(confirm.data, " \n"));
    }
    aws_host(arn, host);
    bool automatic = endpoint.len == 0 || str_equal(endpoint, STR("auto"));
    PROMISE(r == 0 || (automatic && !host[0]));
    if (automatic && host[0]) {
        (void)snprintf(text, sizeof(text), "https://%s", host);
        PROMISE(strcmp(origin.text, text) == 0);
    }
    check_url(arn, url, endpoint, r == 0 ? &origin : NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = fuzz_str(data, size);
    struct str name = fuzz_line(&rest), pattern = fuzz_line(&rest);
    struct str url = fuzz_line(&rest), endpoint = fuzz_line(&rest);
    struct arn arn;

    if (arn_parse(name, &arn))
        check_arn(&arn);
    else
        PROMISE(arn_parse(STR(USUAL), &arn));
    check_pattern(&arn, pattern);
    PROMISE(!arn_pattern_is_valid(pattern) || !arn_pattern_is_for_any_account(pattern));
    check_origin(&arn, endpoint, url);
    return 0;
}
