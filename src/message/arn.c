#include "sesbounce/arn.h"

#include "sesbounce/limits.h"

enum field { ARN, PARTITION, SERVICE, REGION, ACCOUNT, TOPIC, FIELDS };

/* Cuts `text` at its colons; false unless there are exactly FIELDS fields. */
static bool fields_cut(struct str text, struct str ret[FIELDS])
{
    if (text.len > ARN_BYTES_MAX)
        return false;
    for (int i = 0; i < FIELDS; i++)
        if (!str_split(&text, ':', &ret[i]))
            return false;
    return !str_present(text);
}

/* `arn:…:sns:…`, with anything in the other fields. */
static bool sns_fields_cut(struct str text, struct str ret[FIELDS])
{
    return fields_cut(text, ret) && str_equal(ret[ARN], STR("arn")) &&
           str_equal(ret[SERVICE], STR("sns"));
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_partition_char(char c)
{
    return is_lower(c) || c == '-';
}

static bool is_partition(struct str s)
{
    return s.len <= ARN_PARTITION_BYTES_MAX && str_take_prefix(&s, STR("aws")) &&
           str_all(s, is_partition_char);
}

/*
 * Words of letters and a number behind them: us-east-1, us-gov-west-1, eusc-de-east-1.
 * Stricter than the alphabet, because a host name is made of it: the "region"
 * s3-us-west-2 would make sns.REGION.amazonaws.com somebody's S3 bucket.
 */
static bool is_region(struct str s)
{
    struct str word;
    size_t words = 0;
    if (s.len > ARN_REGION_BYTES_MAX)
        return false;
    for (; str_split(&s, '-', &word); words++) {
        bool last = !str_present(s);
        if (word.len == 0 || (last && word.len > 2) ||
            !(last ? str_all(word, ascii_is_digit) : str_all(word, is_lower)))
            return false;
    }
    return words >= 2;
}

static bool is_account(struct str s)
{
    return s.len == 12 && str_all(s, ascii_is_digit);
}

static bool is_topic_char(char c)
{
    return ascii_is_alnum(c) || c == '-' || c == '_';
}

static bool is_topic(struct str s)
{
    if (s.len > ARN_TOPIC_BYTES_MAX)
        return false;
    if (str_ends_with(s, STR(".fifo")))
        s.len -= 5;
    return s.len > 0 && str_all(s, is_topic_char);
}

bool arn_parse(struct str text, struct arn *ret)
{
    struct str field[FIELDS];
    if (!sns_fields_cut(text, field) || !is_partition(field[PARTITION]) ||
        !is_region(field[REGION]) || !is_account(field[ACCOUNT]) ||
        !is_topic(field[TOPIC]))
        return false;
    *ret = (struct arn){
        .text = text,
        .partition = field[PARTITION],
        .region = field[REGION],
        .account = field[ACCOUNT],
        .topic = field[TOPIC],
    };
    return true;
}

static bool is_pattern_char(char c)
{
    return is_topic_char(c) || c == '*' || c == '.';
}

/* A field without a star must be one that can occur, so that a slip is found at start. */
static bool is_field_pattern(struct str s, bool (*is_valid)(struct str), size_t max)
{
    return str_find(s, '*') ? s.len <= max && str_all(s, is_pattern_char) : is_valid(s);
}

bool arn_pattern_is_valid(struct str pattern)
{
    struct str field[FIELDS];
    return sns_fields_cut(pattern, field) &&
           (str_equal(field[PARTITION], STR("*")) || is_partition(field[PARTITION])) &&
           is_field_pattern(field[REGION], is_region, ARN_REGION_BYTES_MAX) &&
           is_account(field[ACCOUNT]) &&
           is_field_pattern(field[TOPIC], is_topic, ARN_TOPIC_BYTES_MAX);
}

bool arn_pattern_is_for_any_account(struct str pattern)
{
    struct str field[FIELDS];
    return fields_cut(pattern, field) && str_find(field[ACCOUNT], '*');
}

/* Goes back to the last star only: the time is bounded by the product of the lengths. */
static bool field_matches(struct str s, struct str pattern)
{
    size_t at = 0, in_pattern = 0, retry_at = 0, behind_star = 0;
    bool star = false;
    while (at < s.len) {
        if (in_pattern < pattern.len && pattern.data[in_pattern] == '*') {
            star = true;
            behind_star = ++in_pattern;
            retry_at = at;
        } else if (in_pattern < pattern.len && pattern.data[in_pattern] == s.data[at]) {
            at++;
            in_pattern++;
        } else if (star) {
            at = ++retry_at;
            in_pattern = behind_star;
        } else {
            return false;
        }
    }
    while (in_pattern < pattern.len && pattern.data[in_pattern] == '*')
        in_pattern++;
    return in_pattern == pattern.len;
}

bool arn_matches(const struct arn *arn, struct str pattern)
{
    struct str field[FIELDS];
    return sns_fields_cut(pattern, field) &&
           field_matches(arn->partition, field[PARTITION]) &&
           field_matches(arn->region, field[REGION]) &&
           str_equal(arn->account, field[ACCOUNT]) &&
           field_matches(arn->topic, field[TOPIC]);
}
