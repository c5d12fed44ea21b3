#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sesbounce/limits.h"
#include "sesbounce/settings.h"

#include "settings_helper.h"

char settings_directory[] = "/tmp/sesbounced-settings-XXXXXX";
static char config_file[64];

int settings_directory_make(void **state)
{
    (void)state;
    if (!mkdtemp(settings_directory))
        return -1;
    (void)snprintf(config_file, sizeof config_file, "%s/c", settings_directory);
    return 0;
}

int settings_directory_remove(void **state)
{
    (void)state;
    (void)unlink(config_file);
    return rmdir(settings_directory);
}

int settings_read_bytes(struct str text, struct settings **ret, struct buf *faults)
{
    FILE *file = fopen(config_file, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
    return settings_read(config_file, ret, faults);
}

struct settings *settings_accept(const char *text)
{
    struct settings *settings = NULL;
    _cleanup_(buf_done) struct buf faults;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    int r = settings_read_bytes(str_of(text), &settings, &faults);
    assert_string_equal(buf_str(&faults).data, "");
    assert_int_equal(r, 0);
    return settings;
}

void settings_expect_faults(struct str text, const char *expected)
{
    struct settings *settings = NULL;
    _cleanup_(buf_done) struct buf faults;
    _cleanup_(buf_done) struct buf wanted;
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    buf_init(&wanted, SETTINGS_FAULTS_BYTES_MAX);
    struct str rest = str_of(expected);
    struct str line;
    while (str_split(&rest, '\n', &line)) {
        if (line.len > 0 && line.data[0] == '@')
            assert_int_equal(buf_printf(&wanted, "%s%.*s\n", config_file,
                                        (int)line.len - 1, line.data + 1),
                             0);
    }
    assert_int_equal(settings_read_bytes(text, &settings, &faults), -EINVAL);
    assert_null(settings);
    assert_string_equal(buf_str(&faults).data, buf_str(&wanted).data);
}

void settings_refuse(const char *text, const char *expected)
{
    settings_expect_faults(str_of(text), expected);
}

void settings_refuse_value(const char *section, const char *line, const char *part)
{
    _cleanup_(buf_done) struct buf text;
    _cleanup_(buf_done) struct buf faults;
    _cleanup_(buf_done) struct buf start;
    struct settings *settings = NULL;
    buf_init(&text, 2 * SETTINGS_LINE_BYTES_MAX);
    buf_init(&faults, SETTINGS_FAULTS_BYTES_MAX);
    buf_init(&start, 256);
    assert_int_equal(buf_printf(&text, "[%s]\n%s\n", section, line), 0);
    assert_int_equal(buf_printf(&start, "%s:2: ", config_file), 0);
    int r = settings_read_bytes(buf_str(&text), &settings, &faults);
    if (r != -EINVAL || !strstr(buf_str(&faults).data, part) ||
        !str_starts_with(buf_str(&faults), buf_str(&start)))
        fail_msg("[%s] %s: %d, wanted \"%s\", got \"%s\"", section, line, r, part,
                 buf_str(&faults).data);
    const char *end = memchr(faults.data, '\n', faults.len);
    assert_ptr_equal(end, faults.data + faults.len - 1);
}

char *settings_printed(const struct settings *settings)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_non_null(to);
    assert_int_equal(settings ? settings_print(settings, to) : settings_print_sample(to),
                     0);
    assert_int_equal(fclose(to), 0);
    return text;
}
