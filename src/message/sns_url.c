#include "sesbounce/sns_url.h"

#include <errno.h>
#include <stdio.h>

#include "sesbounce/net_address.h"

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

struct str sns_url_domain(struct str partition)
{
    for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
        if (str_equal(domains[i].partition, partition))
            return domains[i].domain;
    return STR_ABSENT;
}

struct str sns_url_domain_at(size_t number)
{
    return number < sizeof(domains) / sizeof(domains[0]) ? domains[number].domain
                                                         : STR_ABSENT;
}

/* HOST is what is before the first colon, or an IPv6 address in brackets. */
static bool origin_cut(struct str text, struct origin *ret)
{
    ret->https = str_take_prefix(&text, STR(HTTPS));
    if (!ret->https && !str_take_prefix(&text, STR(HTTP)))
        return false;
    bool v6 = text.len > 0 && text.data[0] == '[';
    const char *end = str_find(text, v6 ? ']' : ':');
    if (v6 && !end)
        return false;
    size_t at = end ? (size_t)(end - text.data) + v6 : text.len;
    ret->host = (struct str){text.data, at};
    ret->port = at < text.len ? str_skip(text, at + 1) : STR_ABSENT;
    return at == text.len || text.data[at] == ':';
}

static bool is_v6_char(char c)
{
    return c && strchr("0123456789abcdef:.", c);
}

static bool is_host_char(char c)
{
    return ascii_is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
}

/* Lower case only: what is spelled in one way can be compared byte for byte. */
static bool is_host(struct str host)
{
    if (host.len > 2 && host.data[0] == '[')
        return host.data[host.len - 1] == ']' &&
               str_all((struct str){host.data + 1, host.len - 2}, is_v6_char);
    return host.len > 0 && host.data[0] != '.' && host.data[0] != '-' &&
           str_all(host, is_host_char);
}

static bool is_port(struct str port)
{
    uint64_t value;
    return port.len > 0 && port.data[0] != '0' && str_to_u64(port, 65535, &value) == 0;
}

static bool endpoint_is_auto(struct str endpoint)
{
    return endpoint.len == 0 || str_equal(endpoint, STR("auto"));
}

/*
 * Appends `endpoint` to `ret` with {region} replaced. False when that does not fit, or
 * {region} is there twice.
 */
static bool region_fill(struct str endpoint, struct str region, struct sns_origin *ret)
{
    static const char mark[] = "{region}";
    const char *at = memmem(endpoint.data, endpoint.len, mark, sizeof(mark) - 1);
    size_t before = at ? (size_t)(at - endpoint.data) : endpoint.len;
    struct str rest = at ? str_skip(endpoint, before + sizeof(mark) - 1) : STR("");
    if (endpoint.len + region.len >= sizeof(ret->text) ||
        memmem(rest.data, rest.len, mark, sizeof(mark) - 1))
        return false;
    int len =
        snprintf(ret->text, sizeof(ret->text), "%.*s%.*s%.*s", (int)before, endpoint.data,
                 at ? (int)region.len : 0, region.data, STR_ARG(rest));
    return len >= 0 && (size_t)len < sizeof(ret->text);
}

static const char *endpoint_fault(struct str endpoint)
{
    struct sns_origin filled;
    struct origin origin;
    /* As long as a region can be, so that what passes here never fails later. */
    struct str region = STR("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    _Static_assert(ARN_REGION_BYTES_MAX == 32, "as long as the region above");
    if (str_find(endpoint, 0) || !region_fill(endpoint, region, &filled))
        return "too long, or {region} occurs twice";
    if (!origin_cut(str_of(filled.text), &origin))
        return "neither `auto` nor an origin like https://sns.{region}.example.com";
    if (str_find(origin.host, '/') || str_find(origin.port, '/'))
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
    const char *fault = endpoint_is_auto(text) ? NULL : endpoint_fault(text);
    if (!fault)
        return 0;
    *ret_fault = fault;
    return -EINVAL;
}

int sns_url_aws_host(const struct arn *topic, struct sns_origin *ret)
{
    struct str domain = sns_url_domain(topic->partition);
    if (!str_present(domain))
        return -EINVAL;
    int len = snprintf(ret->text, sizeof(ret->text), "sns.%.*s.%.*s",
                       STR_ARG(topic->region), STR_ARG(domain));
    return len >= 0 && (size_t)len < sizeof(ret->text) ? 0 : -EINVAL;
}

int sns_url_origin(const struct arn *topic, struct str endpoint, struct sns_origin *ret)
{
    struct sns_origin host;
    if (!endpoint_is_auto(endpoint))
        return region_fill(endpoint, topic->region, ret) ? 0 : -EINVAL;
    if (sns_url_aws_host(topic, &host) < 0)
        return -EINVAL;
    int len = snprintf(ret->text, sizeof(ret->text), HTTPS "%s", host.text);
    return len >= 0 && (size_t)len < sizeof(ret->text) ? 0 : -EINVAL;
}

struct str sns_url_origin_host(const struct sns_origin *origin)
{
    struct str text = str_of(origin->text);
    if (!str_take_prefix(&text, STR(HTTPS)))
        (void)str_take_prefix(&text, STR(HTTP));
    return text;
}

static bool is_hex_char(char c)
{
    return ascii_is_digit(c) || (c >= 'a' && c <= 'f');
}

bool sns_url_is_certificate_file(struct str file)
{
    struct str end = STR(".pem");
    if (!str_take_prefix(&file, STR("SimpleNotificationService-")) ||
        !str_ends_with(file, end))
        return false;
    file.len -= end.len;
    return file.len > 0 && file.len <= SNS_CERT_HEX_MAX && str_all(file, is_hex_char);
}

/* The port, unless it goes without saying. */
static struct str origin_port(const struct origin *origin)
{
    if (origin->https && str_equal(origin->port, STR("443")))
        return STR_ABSENT;
    return origin->port;
}

static bool origins_are_same(const struct origin *a, const struct origin *b)
{
    return a->https == b->https && str_equal(a->host, b->host) &&
           str_equal(origin_port(a), origin_port(b));
}

static bool origin_is_allowed(const struct origin *origin, const struct arn *topic,
                              struct str endpoint)
{
    struct sns_origin text;
    struct origin allowed = {.https = true};
    if (sns_url_aws_host(topic, &text) == 0) {
        allowed.host = str_of(text.text);
        if (origins_are_same(origin, &allowed))
            return true;
    }
    return !endpoint_is_auto(endpoint) && sns_url_origin(topic, endpoint, &text) == 0 &&
           origin_cut(str_of(text.text), &allowed) && origins_are_same(origin, &allowed);
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
    const char *slash = str_find(str_skip(url, (size_t)(slashes - url.data) + 3), '/');
    if (!slash)
        return false;
    struct str front = {url.data, (size_t)(slash - url.data)};
    struct str file = str_skip(url, front.len + 1);
    if (!origin_cut(front, &origin) || !origin_is_allowed(&origin, topic, endpoint) ||
        !sns_url_is_certificate_file(file))
        return false;
    struct str port = origin_port(&origin);
    size_t host_len = origin.host.len + (str_present(port) ? 1 + port.len : 0);
    *ret = (struct sns_cert_url){.host = {origin.host.data, host_len}, .file = file};
    return true;
}

/* RFC 3986, 2.3: all but the unreserved characters. */
static int encoded_append(struct buf *buf, struct str s)
{
    static const char hex[] = "0123456789ABCDEF";
    int r = 0;
    for (size_t i = 0; i < s.len && r == 0; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (ascii_is_alnum(s.data[i]) || (c && strchr("-._~", c)))
            r = buf_append_char(buf, s.data[i]);
        else
            r = buf_append(buf, (const char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
    }
    return r;
}

int sns_url_confirmation(const struct sns_origin *origin, struct str topic_arn,
                         struct str token, struct buf *ret)
{
    size_t before = ret->len;
    int r = buf_printf(ret, "%s/?Action=ConfirmSubscription&TopicArn=", origin->text);
    if (r == 0)
        r = encoded_append(ret, topic_arn);
    if (r == 0)
        r = buf_append_str(ret, STR("&Token="));
    if (r == 0)
        r = encoded_append(ret, token);
    if (r < 0)
        buf_cut(ret, before);
    return r;
}
