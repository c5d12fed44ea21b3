#include "ctl/records_advice.h"

#include <string.h>

#include "ctl/limits.h"
#include "sesbounce/address.h"
#include "sesbounce/text.h"

/* --- by the first bytes --- */

/* What a format is known by: these bytes there. `unpack`: the command that writes what is
 * in it to standard output; else what to do. */
static const struct {
    size_t offset;
    struct str magic;
    const char *what, *unpack, *remedy;
} formats[] = {
    {0, STR("PK\x03\x04"), "is a zip archive", "unzip -p", NULL},
    {0, STR("\x1f\x8b"), "is compressed by gzip twice", "gzip -dc", NULL},
    {4, STR("1AY&SY"), "is compressed by bzip2", "bzip2 -dc", NULL},
    {0,
     STR("\xfd"
         "7zXZ"),
     "is compressed by xz", "xz -dc", NULL},
    {0, STR("\x28\xb5\x2f\xfd"), "is compressed by zstd", "zstd -dc", NULL},
    {257, STR("ustar"), "is a tar archive", "tar -xOf", NULL},
    {0, STR("\xff\xfe"), "is UTF-16", "iconv -f UTF-16 -t UTF-8", NULL},
    {0, STR("\xfe\xff"), "is UTF-16", "iconv -f UTF-16 -t UTF-8", NULL},
    {0, STR("\xff\x06\x00\x00sNaPpY"), "is compressed by Snappy", NULL,
     "unpack it first, or let Firehose use GZIP"},
    {0, STR("PAR1"), "is in the format Parquet", NULL, "convert it to lines of JSON"},
    {0, STR("Obj\x01"), "is in the format Avro", NULL, "convert it to lines of JSON"},
    {0, STR("SQLite format 3"), "is an SQLite database", NULL,
     "name files of messages of SNS or SES"},
    {0, STR("<"), "is XML or HTML", NULL,
     "perhaps it is an error message of S3; name files of messages of SNS or SES"},
};

static bool is_input(const char *file)
{
    return strcmp(file, "-") == 0;
}

static const char *name_of(const char *file)
{
    return is_input(file) ? "standard input" : file;
}

/* "; type: UNPACK FILE | COMMAND import -" */
static void unpack_append(const char *unpack, const char *file, const char *command,
                          struct buf *advice)
{
    if (is_input(file)) {
        (void)buf_printf(advice, "; pass it through: %s", unpack);
        return;
    }
    (void)buf_printf(advice, "; type: %s ", unpack);
    (void)text_shell_operand(advice, str_of(file));
    (void)buf_printf(advice, " | %s import -", command);
}

bool records_advice_bytes(struct str first, const char *file, const char *command,
                          struct buf *advice)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (first.len < formats[i].offset ||
            !str_starts_with(str_skip(first, formats[i].offset), formats[i].magic))
            continue;
        (void)buf_printf(advice, "%s %s", name_of(file), formats[i].what);
        if (formats[i].unpack)
            unpack_append(formats[i].unpack, file, command, advice);
        else
            (void)buf_printf(advice, "; %s", formats[i].remedy);
        return true;
    }
    return false;
}

/* --- by a line --- */

/* A line whose first field is a mail address, or would be without a character. */
static bool line_is_of_list(struct str line)
{
    struct address address;
    char fault[ADDRESS_FAULT_BYTES];
    (void)str_take_prefix(&line, STR("\""));
    struct str field = {line.data, 0};
    while (field.len < line.len && !memchr(",;\t\"\n", line.data[field.len], 5))
        field.len++;
    return str_find(field, '@') && (address_read(field, &address, fault) == 0 ||
                                    !address_check_text(str_trim(field), fault));
}

/* Names of header fields that stand at the top of a mail. */
static bool line_is_of_mail(struct str line)
{
    static const struct str fields[] = {
        STR("Return-Path:"),
        STR("Received:"),
        STR("Delivered-To:"),
        STR("From:"),
        STR("To:"),
        STR("Date:"),
        STR("Subject:"),
        STR("Message-ID:"),
        STR("MIME-Version:"),
        STR("Content-Type:"),
        STR("DKIM-Signature:"),
        STR("X-Original-To:"),
        STR("Reply-To:"),
        STR("X-Received:"),
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (line.len >= fields[i].len &&
            str_equal_nocase((struct str){line.data, fields[i].len}, fields[i]))
            return true;
    return false;
}

void records_advice_list(const char *file, const char *command, struct buf *advice)
{
    (void)buf_printf(advice,
                     "%s is a list of addresses, and `import` reads messages of "
                     "SNS and SES; for a list, type: %s suppress import ",
                     name_of(file), command);
    if (is_input(file))
        (void)buf_append_char(advice, '-');
    else
        (void)text_shell_operand(advice, str_of(file));
}

bool records_advice_line(struct str record, bool is_first, const char *file,
                         const char *command, struct buf *advice)
{
    if (record.len == 0 || *record.data == '{' || *record.data == '[')
        return false;
    bool is_mailbox = str_starts_with(record, STR("From "));
    if (is_first && (is_mailbox || line_is_of_mail(record))) {
        (void)buf_printf(advice,
                         "%s is %s, and `import` reads what SES reports about mails "
                         "as JSON, not mails; bounces that came by mail cannot be "
                         "imported",
                         name_of(file), is_mailbox ? "a mailbox" : "a mail");
        return true;
    }
    if (!line_is_of_list(record))
        return false;
    records_advice_list(file, command, advice);
    return true;
}
