#include "sesbounce/sns_url.h"
#include "sesbounce/net_address.h"

#include <errno.h>
#include <stdio.h>

#include "sns_partition.h"

#define HTTPS "https://"
#define HTTP  "http://"

/* An origin cut into its parts; all borrowed. */
struct origin {
    bool https;
    struct str host; /* [v6] with its brackets */
    struct str port; /* absent when not given */
};

static const struct {
    struct str partition, domain;
} domains[] = {
    {STR("aws"), STR("amazonaws.com")},        {STR("aws-cn"), STR("amazonaws.com.cn")},
    {STR("aws-us-gov"), STR("amazonaws.com")}, {STR("aws-eusc"), STR("amazonaws.eu")},
    {STR("aws-iso"), STR("c2s.ic.gov")},       {STR("aws-iso-b"), STR("sc2s.sgov.gov")},
    {STR("aws-iso-e"), STR("cloud.adc-e.uk")}, {STR("aws-iso-f"), STR("csp.hci.ic.gov")},
};

struct str sns_partition_domain(struct str partition)
{
    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++)
        if (str_equal(domains[i].partition, partition))
            return domains[i].domain;
    return STR_ABSENT;
}

struct str sns_partition_domain_at(size_t number)
{
    return number < sizeof domains / sizeof domains[0] ? domains[number].domain
                                                       : STR_ABSENT;
}

static struct str behind(struct str s, size_t skip)
{
    return (struct str){s.data + skip, s.len - skip};
}

/* `HOST`, `HOST:PORT`, `[V6]` or `[V6]:PORT`. */
static bool cut_port(struct str text, struct origin *ret)
{
    struct str rest;
    if (text.len > 0 && text.data[0] == '[') {
        const char *end = memchr(text.data, ']', text.len);
        if (!end)
            return false;
        ret->host = (struct str){text.data, (size_t)(end - text.data) + 1};
        rest = behind(text, ret->host.len);
        ret->port = STR_ABSENT;
        if (rest.len == 0)
            return true;
        if (rest.data[0] != ':')
            return false;
        ret->port = behind(rest, 1);
        return true;
    }
    rest = text;
    if (!str_split(&rest, ':', &ret->host))
        return false;
    ret->port = rest;
    return true;
}

static bool cut_origin(struct str text, struct origin *ret)
{
    ret->https = str_starts_with(text, STR(HTTPS));
    if (ret->https)
        return cut_port(behind(text, sizeof HTTPS - 1), ret);
    if (str_starts_with(text, STR(HTTP)))
        return cut_port(behind(text, sizeof HTTP - 1), ret);
    return false;
}

/* Lower case only: what is spelled in one way can be compared byte for byte. */
static bool is_host(struct str host)
{
    if (host.len > 2 && host.data[0] == '[') {
        for (size_t i = 1; i < host.len - 1; i++)
            if (!strchr("0123456789abcdef:.", host.data[i]) || !host.data[i])
                return false;
        return host.data[host.len - 1] == ']';
    }
    for (size_t i = 0; i < host.len; i++) {
        char c = host.data[i];
        if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '.')
            return false;
    }
    return host.len > 0 && host.data[0] != '.' && host.data[0] != '-';
}

static bool is_port(struct str port)
{
    uint64_t value;
    return port.len > 0 && port.data[0] != '0' && str_to_u64(port, 65535, &value) == 0;
}

static bool is_auto(struct str endpoint)
{
    return endpoint.len == 0 || str_equal(endpoint, STR("auto"));
}

/*
 * Appends `endpoint` to `ret` with {region} replaced. False when that does not fit, or
 * {region} is there twice.
 */
static bool fill_region(struct str endpoint, struct str region, struct sns_origin *ret)
{
    static const char mark[] = "{region}";
    const char *at = memmem(endpoint.data, endpoint.len, mark, sizeof mark - 1);
    size_t before = at ? (size_t)(at - endpoint.data) : endpoint.len;
    struct str rest = at ? behind(endpoint, before + sizeof mark - 1) : STR("");
    if (endpoint.len + region.len >= sizeof ret->text ||
        memmem(rest.data, rest.len, mark, sizeof mark - 1))
        return false;
    int len =
        snprintf(ret->text, sizeof ret->text, "%.*s%.*s%.*s", (int)before, endpoint.data,
                 at ? (int)region.len : 0, region.data, STR_ARG(rest));
    return len >= 0 && (size_t)len < sizeof ret->text;
}

static const char *endpoint_fault(struct str endpoint)
{
    struct sns_origin filled;
    struct origin origin;
    /* As long as a region can be, so that what passes here never fails later. */
    struct str region = STR("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    _Static_assert(ARN_REGION_BYTES_MAX == 32, "as long as the region above");
    if (memchr(endpoint.data, 0, endpoint.len) || !fill_region(endpoint, region, &filled))
        return "too long, or {region} occurs twice";
    if (!cut_origin(str_of(filled.text), &origin))
        return "neither `auto` nor an origin like https://sns.{region}.example.com";
    if (str_present(origin.port) && memchr(origin.port.data, '/', origin.port.len))
        return "an origin only: no path, and no slash after it";
    if (origin.host.len > 0 && memchr(origin.host.data, '/', origin.host.len))
        return "an origin only: no path, and no slash after it";
    if (!is_host(origin.host))
        return "the host must be lower-case letters, digits, dots and dashes";
    if (str_present(origin.port) && !is_port(origin.port))
        return "the port must be 1 to 65535";
    if (!origin.https && !net_host_is_loopback(origin.host))
        return "http:// is for localhost, 127.x.x.x and [::1] only";
    return NULL;
}

int sns_url_check_endpoint(struct str text, const char **ret_fault)
{
    if (is_auto(text))
        return 0;
    const char *fault = endpoint_fault(text);
    if (!fault)
        return 0;
    *ret_fault = fault;
    return -EINVAL;
}

/* The SNS endpoint of the topic's region, or absent in a partition we do not know. */
static struct str aws_host(const struct arn *topic, struct sns_origin *storage)
{
    struct str domain = sns_partition_domain(topic->partition);
    if (!str_present(domain))
        return STR_ABSENT;
    int len = snprintf(storage->text, sizeof storage->text, "sns.%.*s.%.*s",
                       STR_ARG(topic->region), STR_ARG(domain));
    if (len < 0 || (size_t)len >= sizeof storage->text)
        return STR_ABSENT;
    return (struct str){storage->text, (size_t)len};
}

int sns_url_origin(const struct arn *topic, struct str endpoint, struct sns_origin *ret)
{
    struct sns_origin host;
    if (!is_auto(endpoint))
        return fill_region(endpoint, topic->region, ret) ? 0 : -EINVAL;
    if (!str_present(aws_host(topic, &host)))
        return -EINVAL;
    int len = snprintf(ret->text, sizeof ret->text, HTTPS "%s", host.text);
    return len >= 0 && (size_t)len < sizeof ret->text ? 0 : -EINVAL;
}

struct str sns_url_origin_host(const struct sns_origin *origin)
{
    struct str text = str_of(origin->text);
    return behind(text,
                  str_starts_with(text, STR(HTTPS)) ? sizeof HTTPS - 1 : sizeof HTTP - 1);
}

int sns_url_aws_host(const struct arn *topic, struct sns_origin *ret)
{
    return str_present(aws_host(topic, ret)) ? 0 : -EINVAL;
}

bool sns_url_is_certificate_file(struct str file)
{
    struct str first = STR("SimpleNotificationService-"), last = STR(".pem");
    if (file.len <= first.len + last.len || !str_starts_with(file, first) ||
        !str_ends_with(file, last))
        return false;
    struct str hex = {file.data + first.len, file.len - first.len - last.len};
    for (size_t i = 0; i < hex.len; i++)
        if (!ascii_is_digit(hex.data[i]) && !(hex.data[i] >= 'a' && hex.data[i] <= 'f'))
            return false;
    return hex.len <= SNS_CERT_HEX_MAX;
}

/* The port that goes without saying. */
static struct str drop_default_port(const struct origin *origin)
{
    if (origin->https && str_equal(origin->port, STR("443")))
        return STR_ABSENT;
    return origin->port;
}

static bool same_origin(const struct origin *a, const struct origin *b)
{
    return a->https == b->https && str_equal(a->host, b->host) &&
           str_equal(drop_default_port(a), drop_default_port(b));
}

static bool is_allowed_origin(const struct origin *origin, const struct arn *topic,
                              struct str endpoint)
{
    struct sns_origin text;
    struct origin configured;
    struct origin aws = {.https = true, .host = aws_host(topic, &text)};
    if (str_present(aws.host) && same_origin(origin, &aws))
        return true;
    return !is_auto(endpoint) && sns_url_origin(topic, endpoint, &text) == 0 &&
           cut_origin(str_of(text.text), &configured) && same_origin(origin, &configured);
}

bool sns_url_certificate(struct str url, const struct arn *topic, struct str endpoint,
                         struct sns_cert_url *ret)
{
    struct origin origin;
    if (!str_present(url) || url.len > SNS_URL_BYTES_MAX)
        return false;
    const char *slashes = memmem(url.data, url.len, "://", 3);
    if (!slashes)
        return false;
    struct str rest = behind(url, (size_t)(slashes - url.data) + 3);
    const char *slash = rest.len > 0 ? memchr(rest.data, '/', rest.len) : NULL;
    if (!slash)
        return false;
    struct str file = behind(url, (size_t)(slash - url.data) + 1);
    struct str front = {url.data, (size_t)(slash - url.data)};
    if (!cut_origin(front, &origin) || !is_allowed_origin(&origin, topic, endpoint) ||
        !sns_url_is_certificate_file(file))
        return false;
    struct str port = drop_default_port(&origin);
    size_t host_len = origin.host.len + (str_present(port) ? 1 + port.len : 0);
    *ret = (struct sns_cert_url){.host = {origin.host.data, host_len}, .file = file};
    return true;
}

/* RFC 3986, 2.3: all but the unreserved characters. */
static int append_encoded(struct buf *buf, struct str s)
{
    static const char hex[] = "0123456789ABCDEF";
    int r = 0;
    for (size_t i = 0; i < s.len && r == 0; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (ascii_is_alpha(s.data[i]) || ascii_is_digit(s.data[i]) || c == '-' ||
            c == '.' || c == '_' || c == '~')
            r = buf_append_char(buf, s.data[i]);
        else
            r = buf_append(buf, (const char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
    }
    return r;
}

static int append_confirmation(const struct sns_origin *origin, struct str topic_arn,
                               struct str token, struct buf *buf)
{
    int r = buf_append_str(buf, str_of(origin->text));
    if (r == 0)
        r = buf_append_str(buf, STR("/?Action=ConfirmSubscription&TopicArn="));
    if (r == 0)
        r = append_encoded(buf, topic_arn);
    if (r == 0)
        r = buf_append_str(buf, STR("&Token="));
    if (r == 0)
        r = append_encoded(buf, token);
    return r;
}

int sns_url_confirmation(const struct sns_origin *origin, struct str topic_arn,
                         struct str token, struct buf *ret)
{
    size_t before = ret->len;
    int r = append_confirmation(origin, topic_arn, token, ret);
    if (r < 0 && ret->data) {
        ret->len = before;
        ret->data[before] = '\0';
    }
    return r;
}
