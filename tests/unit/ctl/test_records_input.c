#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/limits.h"
#include "ctl/records_input.h"
#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"

#define TEXT_BYTES_MAX (8 * 1024 * 1024)

/* Appends `text` as a member of gzip. */
static void gzip_append(struct buf *to, struct str text)
{
    z_stream gzip = {0};
    assert_int_equal(deflateInit2(&gzip, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    _cleanup_(buf_done) struct buf in = {.max = TEXT_BYTES_MAX};
    uLong room = deflateBound(&gzip, text.len) + 64;
    _cleanup_(freep) unsigned char *out = malloc(room);
    assert_non_null(out);
    assert_int_equal(buf_append_str(&in, text), 0);
    gzip.next_in = (unsigned char *)in.data;
    gzip.avail_in = (uInt)in.len;
    gzip.next_out = out;
    gzip.avail_out = (uInt)room;
    assert_int_equal(deflate(&gzip, Z_FINISH), Z_STREAM_END);
    assert_int_equal(buf_append(to, out, room - gzip.avail_out), 0);
    deflateEnd(&gzip);
}

/* What is read from a file with `bytes` in it, and how that ends. */
static int bytes_read(struct str bytes, struct buf *ret)
{
    char path[] = "/tmp/sesbounce-input-XXXXXX";
    _cleanup_(closep) int fd = mkstemp(path);
    _cleanup_(records_input_done) struct records_input input;
    struct str piece;
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write(fd, bytes.data, bytes.len), bytes.len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    buf_init(ret, TEXT_BYTES_MAX);
    int r = records_input_init(&input, fd);
    if (r == 0)
        while ((r = records_input_read(&input, &piece)) > 0)
            assert_int_equal(buf_append_str(ret, piece), 0);
    assert_true((r < 0) == (input.fault != NULL));
    return r;
}

static void expect(struct str bytes, int r, struct str text)
{
    _cleanup_(buf_done) struct buf got = {0};
    assert_int_equal(bytes_read(bytes, &got), r);
    assert_true(str_equal(buf_str(&got), text));
}

static void plain_bytes_stay_as_they_are(void **state)
{
    (void)state;
    expect(STR(""), 0, STR(""));
    expect(STR("\x1f"), 0, STR("\x1f"));
    expect(STR("{}\n\xff"), 0, STR("{}\n\xff"));
}

static void members_of_gzip_are_one_text(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf packed = {.max = TEXT_BYTES_MAX};
    gzip_append(&packed, STR("one "));
    gzip_append(&packed, STR(""));
    gzip_append(&packed, STR("two"));
    expect(buf_str(&packed), 0, STR("one two"));
}

static void a_text_larger_than_a_buffer_is_whole(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf text = {.max = TEXT_BYTES_MAX};
    _cleanup_(buf_done) struct buf packed = {.max = TEXT_BYTES_MAX};
    for (unsigned i = 0; text.len < 5 * CTL_RECORDS_INPUT_BYTES_MAX; i++)
        assert_int_equal(buf_printf(&text, "%x,", i * 2654435761u), 0);
    expect(buf_str(&text), 0, buf_str(&text));
    gzip_append(&packed, buf_str(&text));
    assert_true(packed.len > CTL_RECORDS_INPUT_BYTES_MAX);
    expect(buf_str(&packed), 0, buf_str(&text));
}

static void what_is_readable_before_damage_is_given(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf packed = {.max = TEXT_BYTES_MAX};
    gzip_append(&packed, STR("one"));
    size_t whole = packed.len;
    gzip_append(&packed, STR("two"));
    for (size_t len = whole + 1; len < packed.len; len++) {
        _cleanup_(buf_done) struct buf got = {0};
        assert_int_equal(bytes_read((struct str){packed.data, len}, &got), -EBADMSG);
        assert_true(str_starts_with(buf_str(&got), STR("one")));
    }
    packed.data[packed.len - 6] ^= 1; /* in the check sum */
    expect(buf_str(&packed), -EBADMSG, STR("onetwo"));
    buf_cut(&packed, whole);
    assert_int_equal(buf_append_str(&packed, STR("{\"a\":1}")), 0);
    expect(buf_str(&packed), -EBADMSG, STR("one"));
    expect(STR("\x1f\x8b"), -EBADMSG, STR(""));
    expect(STR("\x1f\x8b nothing of the kind"), -EBADMSG, STR(""));
}

static void a_pipe_may_give_a_byte_at_a_time(void **state)
{
    (void)state;
    _cleanup_(buf_done) struct buf packed = {.max = TEXT_BYTES_MAX};
    _cleanup_(records_input_done) struct records_input input;
    int ends[2];
    struct str piece;
    gzip_append(&packed, STR("one"));
    assert_int_equal(pipe(ends), 0);
    for (size_t i = 0; i < packed.len; i++)
        assert_int_equal(write(ends[1], packed.data + i, 1), 1);
    close(ends[1]);
    assert_int_equal(records_input_init(&input, ends[0]), 0);
    assert_true(str_equal(records_input_peek(&input), STR("one")));
    assert_int_equal(records_input_read(&input, &piece), 1);
    assert_true(str_equal(piece, STR("one")));
    assert_int_equal(records_input_read(&input, &piece), 0);
    close(ends[0]);
}

static void a_fault_of_the_file_has_a_text(void **state)
{
    (void)state;
    _cleanup_(records_input_done) struct records_input input;
    assert_int_equal(records_input_init(&input, -1), -EBADF);
    assert_non_null(input.fault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_bytes_stay_as_they_are),
        cmocka_unit_test(members_of_gzip_are_one_text),
        cmocka_unit_test(a_text_larger_than_a_buffer_is_whole),
        cmocka_unit_test(what_is_readable_before_damage_is_given),
        cmocka_unit_test(a_pipe_may_give_a_byte_at_a_time),
        cmocka_unit_test(a_fault_of_the_file_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
