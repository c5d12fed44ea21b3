/* A settings file: refused with a line for each fault, or read, printed and read again.
 */
#include <errno.h>
#include <sys/mman.h>

#include "fuzz.h"
#include "sesbounce/limits.h"
#include "sesbounce/settings.h"

/* The reader wants a path; this one leads to memory. */
static int read_bytes(struct str text, struct settings **ret, struct buf *faults,
                      char path[32])
{
    _cleanup_(closep) int fd = memfd_create("settings", MFD_CLOEXEC);
    PROMISE(fd >= 0 && write(fd, text.data, text.len) == (ssize_t)text.len);
    (void)snprintf(path, 32, "/proc/self/fd/%d", fd);
    return settings_read(path, ret, faults);
}

static char *print(const struct settings *settings)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    PROMISE(to && settings_print(settings, to) == 0 && fclose(to) == 0);
    return text;
}

/* What policy.h says of a policy, and that both are the same. */
static void check_policy(const struct policy *policy, const struct policy *again)
{
    const struct ses_event event = {
        .tenant = STR("a"),
        .from_domain = STR("A.example"),
        .tags = STR("{\"a\":[\"b\"]}"),
    };
    struct policy_scoped scoped, scoped_again;

    PROMISE(policy->override_count == again->override_count);
    for (size_t i = 0; i < policy->override_count; i++) {
        PROMISE(policy_rule_at(policy->overrides[i].rule));
        PROMISE(policy->overrides[i].rule == again->overrides[i].rule);
        PROMISE(policy->overrides[i].effect == again->overrides[i].effect);
        PROMISE(policy->overrides[i].term_ms == again->overrides[i].term_ms);
    }
    PROMISE(policy->allow_count == again->allow_count);
    PROMISE(policy->scope_count == again->scope_count);
    for (size_t i = 0; i < policy->scope_count; i++) {
        const struct policy_scope *scope = &policy->scopes[i];
        PROMISE(scope->name[0] && strlen(scope->name) < POLICY_SCOPE_BYTES_MAX);
        PROMISE(strcmp(scope->name, again->scopes[i].name) == 0);
        PROMISE(scope->match_count > 0);
        for (size_t m = 0; m < scope->match_count; m++) {
            const struct policy_match *match = &scope->matches[m];
            PROMISE(match->pattern[0]);
            PROMISE((match->kind == POLICY_MATCH_TAG) == (match->tag != NULL));
        }
    }
    policy_scope_find(policy, &event, &scoped);
    policy_scope_find(again, &event, &scoped_again);
    PROMISE(strcmp(scoped.name, scoped_again.name) == 0);
}

/* Whatever SES says, there is a scope, whose name can be typed. */
static void check_scope(struct str said)
{
    static const struct policy_match tag = {POLICY_MATCH_TAG, "a", "b*c"};
    static const struct policy_scope scope = {"a", &tag, 1, false};
    const struct policy policy = {
        .scopes = &scope, .scope_count = 1, .scope_by = POLICY_SCOPE_BY_TENANT};
    const struct ses_event event = {
        .tenant = said, .identity = said, .from_domain = said, .tags = said};
    struct policy_scoped scoped;

    policy_scope_find(&policy, &event, &scoped);
    struct str name = {scoped.name, strnlen(scoped.name, sizeof(scoped.name))};
    PROMISE(name.len > 0 && name.len < POLICY_SCOPE_BYTES_MAX && str_is_utf8(name));
    for (size_t i = 0; i < name.len; i++)
        PROMISE((unsigned char)name.data[i] > ' ');
}

static void check_settings(const struct settings *settings)
{
    _cleanup_(settings_freep) struct settings *again = NULL;
    _cleanup_(freep) char *first = print(settings), *second = NULL;
    _cleanup_(buf_done) struct buf faults;
    char path[32];

    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    PROMISE(read_bytes(str_of(first), &again, &faults, path) == 0);
    second = print(again);
    PROMISE(strcmp(first, second) == 0);
    PROMISE(settings->events.table.rule_count == again->events.table.rule_count);
    check_policy(&settings->policy, &again->policy);
    for (size_t i = 0; i < settings->ingest.listen.count; i++)
        PROMISE(settings_listen_is_local(settings->ingest.listen.items[i]) ==
                settings_listen_is_local(again->ingest.listen.items[i]));
}

/* Each line begins with the file's name and a line number; none is cut or garbled. */
static void check_faults(const struct buf *faults, const char *path)
{
    struct str rest = buf_str(faults), line;

    PROMISE(faults->len > 0 && str_is_utf8(rest) && str_ends_with(rest, STR("\n")));
    rest.len--;
    while (str_split(&rest, '\n', &line)) {
        struct str file, number;
        uint64_t value;
        PROMISE(str_starts_with(line, str_of(path)));
        PROMISE(str_split(&line, ':', &file) && str_equal(file, str_of(path)));
        if (str_equal(line, STR("")) || !str_split(&line, ':', &number))
            continue;
        PROMISE(str_to_u64(number, SETTINGS_FILE_BYTES_MAX, &value) == 0 ||
                str_starts_with(number, STR(" ")));
        for (size_t i = 0; i < line.len; i++)
            PROMISE((unsigned char)line.data[i] >= ' ' || line.data[i] == '\t');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(settings_freep) struct settings *settings = NULL;
    _cleanup_(buf_done) struct buf faults;
    char path[32];

    check_scope(fuzz_str(data, size));
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    int r = read_bytes(fuzz_str(data, size), &settings, &faults, path);
    PROMISE(r == 0 || r == -EINVAL);
    PROMISE((r == 0) == (settings != NULL));
    if (r == 0) {
        PROMISE(faults.len == 0);
        check_settings(settings);
    } else {
        check_faults(&faults, path);
    }
    return 0;
}
