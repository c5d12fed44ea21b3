/* The scope that a person names: it is one, and mail can belong to it. */
#include <string.h>

#include "ctl/ctl.h"
#include "sesbounce/filter.h"

bool scopes_check_option(const struct ctl *ctl)
{
    char why[ADDRESS_FAULT_BYTES];
    const char *scope = ctl->value[OPTION_SCOPE];
    if (!scope || filter_check_scope(str_of(scope), why))
        return true;
    struct str shown = str_cut(str_of(scope), POLICY_SCOPE_BYTES_MAX);
    ctl_fail("`%.*s` cannot be the name of a scope: %s", STR_ARG(shown), why);
    return false;
}

static bool scope_is_known(const struct settings *settings, const char *name)
{
    struct str scope = str_of(name);
    if (str_equal(scope, STR(POLICY_SCOPE_ALL)))
        return true;
    for (size_t i = 0; i < settings->scopes.count; i++)
        if (str_equal(scope, str_of(settings->scopes.items[i]->name)))
            return true;
    switch ((enum policy_scope_by)settings->suppression.scope_by) {
    case POLICY_SCOPE_BY_TENANT:
        return str_starts_with(scope, STR("tenant:"));
    case POLICY_SCOPE_BY_CONFIGURATION_SET:
        return str_starts_with(scope, STR("configuration_set:"));
    case POLICY_SCOPE_BY_NONE:
        break;
    }
    return false;
}

void scopes_warn(const struct ctl *ctl)
{
    const char *scope = ctl->value[OPTION_SCOPE];
    if (scope && ctl->settings && !scope_is_known(ctl->settings, scope))
        ctl_note(
            "no mail belongs to the scope `%s`: the configuration has no [scope %s], "
            "and [suppression] scope_by does not make it",
            scope, scope);
}
