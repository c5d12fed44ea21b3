/* Options into what report/ selects by. */
#include <errno.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"

static bool told(int r, struct buf *fault)
{
    if (r < 0)
        ctl_fail("%s", buf_str(fault).data);
    buf_done(fault);
    return r == 0;
}

bool ctl_option_when(const struct ctl *ctl, enum ctl_option option, int64_t *ret_ms)
{
    struct buf fault;
    *ret_ms = CLOCK_NONE;
    if (!ctl_given(ctl, option))
        return true;
    buf_init(&fault, CTL_MESSAGE_BYTES_MAX);
    return told(filter_when(ctl->value[option], ctl->now_ms, ret_ms, &fault), &fault);
}

bool ctl_number(const char *what, const char *text, int64_t *ret)
{
    struct buf fault;
    buf_init(&fault, CTL_MESSAGE_BYTES_MAX);
    return told(filter_number(what, text, ret, &fault), &fault);
}

bool ctl_filter(const struct ctl *ctl, enum store_view view, struct filter *ret)
{
    filter_init(ret, view, ctl->now_ms, "--");
    for (enum ctl_option i = 0; i < OPTION_COUNT; i++) {
        struct buf fault;
        int r = 0;
        buf_init(&fault, CTL_MESSAGE_BYTES_MAX);
        if (ctl_given(ctl, i))
            r = filter_set(ret, options_name(i), ctl->value[i], &fault);
        if (!told(r == -ENOENT ? 0 : r, &fault))
            return false;
    }
    return true;
}
