/* The commands that messages say to type: they work as they are printed, so they name
 * the same program, configuration and database, and the user who may write. */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/limits.h"
#include "sesbounce/text.h"

/* Whom the file belongs to. */
static int owner_append(struct buf *to, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return buf_append_str(to, STR("sesbounced"));
    const struct passwd *owner = getpwuid(st.st_uid);
    return owner && owner->pw_name ? text_shell(to, str_of(owner->pw_name))
                                   : buf_printf(to, "'#%lu'", (unsigned long)st.st_uid);
}

static int sudo_append(struct buf *to, struct ctl *ctl)
{
    const char *path = ctl_given(ctl, OPTION_DB) ? ctl->value[OPTION_DB]
                       : ctl->settings           ? ctl->settings->store.path
                                                 : NULL;
    if (!path || eaccess(path, F_OK) < 0 || eaccess(path, W_OK) == 0)
        return 0;
    int r = buf_append_str(to, STR("sudo -u "));
    if (r == 0)
        r = owner_append(to, path);
    return r < 0 ? r : buf_append_char(to, ' ');
}

static int choice_append(struct buf *to, const struct ctl *ctl, enum ctl_option option,
                         const char *name)
{
    if (!ctl_given(ctl, option))
        return 0;
    int r = buf_append_str(to, str_of(name));
    return r < 0 ? r : text_shell(to, str_of(ctl->value[option]));
}

static int command_begin(struct ctl *ctl, enum store_mode mode, struct buf *to)
{
    int r = mode == STORE_READ ? 0 : sudo_append(to, ctl);
    if (r == 0)
        r = text_shell(to, str_of(ctl->program));
    if (r == 0)
        r = choice_append(to, ctl, OPTION_CONFIG, " -c ");
    return r < 0 ? r : choice_append(to, ctl, OPTION_DB, " --db ");
}

static const char *command_keep(struct ctl *ctl, enum store_mode mode, char **kept)
{
    _cleanup_(buf_done) struct buf text = {.max = CTL_MESSAGE_BYTES_MAX};
    if (!*kept && command_begin(ctl, mode, &text) == 0)
        *kept = buf_take(&text);
    return *kept ? *kept : "sesbouncectl";
}

const char *command_reads(struct ctl *ctl)
{
    return command_keep(ctl, STORE_READ, &ctl->reads);
}

const char *command_writes(struct ctl *ctl)
{
    return command_keep(ctl, STORE_WRITE, &ctl->writes);
}

void command_note_as_owner(const struct ctl *ctl, const char *path)
{
    _cleanup_(buf_done) struct buf text = {.max = CTL_MESSAGE_BYTES_MAX};
    int r = buf_append_str(&text, STR("sudo -u "));
    if (r == 0)
        r = owner_append(&text, path);
    if (r == 0)
        r = buf_append_char(&text, ' ');
    if (r == 0)
        r = text_shell(&text, str_of(ctl->program));
    for (int i = 1; r == 0 && i < ctl->argc; i++) {
        r = buf_append_char(&text, ' ');
        if (r == 0)
            r = text_shell(&text, str_of(ctl->argv[i]));
    }
    if (r == 0)
        ctl_note("type: %s", buf_str(&text).data);
}
