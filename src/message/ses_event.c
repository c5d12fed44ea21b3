#include "sesbounce/ses_event.h"

#include <errno.h>

#include "message/ses_parts.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/limits.h"

const char *quarantine_word(enum quarantine_reason reason)
{
    switch (reason) {
    case QUARANTINE_NONE:
        return NULL;
    case QUARANTINE_STALE:
        return "stale";
    case QUARANTINE_FUTURE:
        return "future";
    case QUARANTINE_NOT_JSON:
        return "not-json";
    case QUARANTINE_NO_TYPE:
        return "no-type";
    case QUARANTINE_BAD_TYPE:
        return "bad-type";
    case QUARANTINE_INCOMPLETE:
        return "incomplete";
    case QUARANTINE_NO_EMAIL:
        return "no-email";
    case QUARANTINE_TOO_LARGE:
        return "too-large";
    }
    return NULL;
}

static int load(struct str text, struct json_tree *ret)
{
    int rc = json_tree_read(text, ret);

    if (rc == -E2BIG)
        return QUARANTINE_TOO_LARGE;
    return rc == -EINVAL ? QUARANTINE_NOT_JSON : rc;
}

/* sns: sent once as plain text when an event destination is created */
static bool is_validation_notice(struct str text)
{
    return str_starts_with(str_trim(text), STR("Successfully validated SNS topic"));
}

/* SES's words are letters and blanks. Anything else is a mistake, not a new type. */
static bool is_type_word(struct str word)
{
    if (word.len > SES_TYPE_BYTES_MAX || !ascii_is_alpha(word.data[0]))
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (!ascii_is_alpha(word.data[i]) && word.data[i] != ' ')
            return false;
    return true;
}

static int read_type(const struct json_value *message, struct ses_event *event)
{
    const struct json_value *type = ses_type_member(message);

    if (!type || type->kind == JSON_TREE_NULL)
        return QUARANTINE_NO_TYPE;

    event->type_text = json_tree_text(type);
    if (!str_present(event->type_text) || !is_type_word(event->type_text))
        return QUARANTINE_BAD_TYPE;
    event->type_text = ses_type_word(event->type_text);
    event->type = ses_type_of(event->type_text);
    return 0;
}

/* Only EventBridge brings these, and nothing but the wrapper says what they are. */
static int read_announced(const struct json_value *wrapper, struct ses_event *event)
{
    struct str type = ses_bridge_type(wrapper);

    if (!str_present(type) || !is_type_word(type))
        return QUARANTINE_NO_TYPE;
    event->type_text = ses_type_word(type);
    ses_bridge_read(wrapper, event);
    return 0;
}

static int read_message(const struct json_value *message, const struct ses_rules *rules,
                        struct ses_event *event)
{
    int rc = ses_mail_read(json_tree_member(message, "mail"), rules, event);
    if (rc == 0)
        rc = ses_block_read(message, event);
    if (event->ses_time_ms == CLOCK_NONE)
        event->ses_time_ms = event->sent_ms;
    return rc;
}

/* 0 also for an announcement, which is not an event: type_text says so. */
static int read_root(const struct json_value *root, const struct ses_rules *rules,
                     struct ses_event *event)
{
    bool wrapped = ses_bridge_is(root);
    const struct json_value *message = wrapped ? json_tree_member(root, "detail") : root;
    int rc = read_type(message, event);

    if (wrapped && rc == QUARANTINE_NO_TYPE)
        rc = read_announced(root, event);
    else if (rc == 0 && !str_equal(event->type_text, STR(SES_WORD_ANNOUNCEMENT)))
        rc = read_message(message, rules, event);
    if (wrapped)
        ses_bridge_fill(root, event);
    return rc;
}

static enum ses_parse outcome(int rc, enum quarantine_reason *ret_reason)
{
    if (rc == 0)
        return SES_PARSED_EVENT;
    if (rc < 0)
        return SES_PARSED_NO_MEMORY;
    *ret_reason = (enum quarantine_reason)rc;
    return SES_PARSED_QUARANTINE;
}

enum ses_parse ses_event_parse(struct str text, const struct ses_rules *rules,
                               struct ses_event *ret, enum quarantine_reason *ret_reason)
{
    _uninitialized_ _cleanup_(json_tree_done) struct json_tree tree;

    *ret = (struct ses_event){.ses_time_ms = CLOCK_NONE, .sent_ms = CLOCK_NONE};
    *ret_reason = QUARANTINE_NONE;
    int rc = load(text, &tree);
    ret->decoded = take_ptr(tree.decoded);
    if (ret->decoded)
        ret->owned_bytes += text.len;
    if (rc > 0 && is_validation_notice(text))
        return SES_PARSED_ANNOUNCEMENT;
    if (rc == 0)
        rc = read_root(json_tree_root(&tree), rules, ret);
    if (rc == 0 && str_equal(ret->type_text, STR(SES_WORD_ANNOUNCEMENT)))
        return SES_PARSED_ANNOUNCEMENT;
    return outcome(rc, ret_reason);
}

enum ses_shape ses_event_shape(struct str text)
{
    _uninitialized_ _cleanup_(json_tree_done) struct json_tree tree;
    int rc = json_tree_read(text, &tree);
    const struct json_value *root = json_tree_root(&tree);

    if (rc == -ENOMEM)
        return SES_SHAPE_NO_MEMORY;
    if (rc == -EINVAL)
        return SES_SHAPE_NOT_JSON;
    if (rc == 0 && json_tree_is(root, JSON_TREE_ARRAY))
        return SES_SHAPE_ARRAY;
    /* A damaged envelope must not pass for a message. */
    if (json_tree_member(root, "TopicArn") || json_tree_member(root, "Signature"))
        return SES_SHAPE_ENVELOPE;
    if (rc != 0 || ses_type_member(root) || json_tree_member(root, "mail") ||
        ses_bridge_is(root))
        return SES_SHAPE_MESSAGE;
    return SES_SHAPE_OTHER;
}

void ses_event_done(struct ses_event *event)
{
    free(event->decoded);
    free(event->recipients);
    free(event->reported);
    free(event->owned_text);
    *event = (struct ses_event){.ses_time_ms = CLOCK_NONE, .sent_ms = CLOCK_NONE};
}

enum ses_keeping ses_event_keeping(const struct ses_event *event,
                                   const struct ses_rules *rules)
{
    enum ses_keeping keeping = SES_KEEP;
    bool any_seen = false;

    for (size_t i = 0; rules && i < rules->rule_count; i++) {
        struct str type = str_of(rules->rules[i].type);
        if (str_equal_nocase(type, event->type_text))
            return rules->rules[i].keeping;
        if (!any_seen && str_equal(type, STR("*"))) {
            keeping = rules->rules[i].keeping;
            any_seen = true;
        }
    }
    return keeping;
}
