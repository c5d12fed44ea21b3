/*
 * A file for `import`: unpacked, cut into records, containers and layers peeled off. What
 * is cut from a file is cut from the same text in memory, too, and no byte is in two
 * records.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "ctl/limits.h"
#include "ctl/records.h"
#include "ctl/records_advice.h"
#include "ctl/records_peel.h"
#include "fuzz.h"
#include "sesbounce/cleanup.h"

/* Of a file that grows when it is unpacked, no more is looked at. */
#define UNPACKED_BYTES_MAX (1024 * 1024)

static void records_check(struct records *records, size_t size, unsigned layers);

static void record_check(struct str record, bool is_first, unsigned layers)
{
    struct records_inner inner;
    struct records records;
    _cleanup_(buf_done) struct buf advice = {.max = 64 * 1024};
    PROMISE(records_advice_line(record, is_first, "-", "c", &advice) == (advice.len > 0));
    enum records_peeled peeled = records_peel(record, &inner);
    bool has_text = peeled == RECORDS_PEELED_RECORD ||
                    peeled == RECORDS_PEELED_UNSIGNED ||
                    peeled == RECORDS_PEELED_CONTAINER;
    PROMISE(peeled != RECORDS_PEELED_NO_MEMORY);
    PROMISE(!has_text || (str_present(inner.text) && inner.text.len <= record.len));
    PROMISE(!has_text || peeled == RECORDS_PEELED_CONTAINER || str_is_utf8(inner.text));
    if (has_text && layers < CTL_RECORDS_LAYERS_MAX) {
        if (peeled == RECORDS_PEELED_CONTAINER) {
            records_init_text(&records, inner.text);
            records_check(&records, inner.text.len, layers + 1);
        } else {
            record_check(inner.text, is_first, layers + 1);
        }
    }
    records_inner_done(&inner);
}

static void records_check(struct records *records, size_t size, unsigned layers)
{
    enum records_result result;
    struct str record;
    uint64_t line, before = 1;
    size_t taken = 0, count = 0;
    while ((result = records_next(records, &record, &line)) != RECORDS_END) {
        PROMISE(line >= before && line <= size + 1);
        before = line;
        PROMISE(++count <= size + 1);
        if (result == RECORDS_FAILED)
            PROMISE(records->fault);
        if (result == RECORDS_FAILED)
            break;
        if (result != RECORDS_ONE)
            continue;
        taken += record.len;
        PROMISE(taken <= size);
        record_check(record, count == 1, layers);
    }
    records_done(records);
}

static void same_from_text(struct records *records, struct str text)
{
    struct records other;
    struct str a, b;
    uint64_t a_line, b_line;
    enum records_result result;
    records_init_text(&other, text);
    do {
        result = records_next(records, &a, &a_line);
        PROMISE(records_next(&other, &b, &b_line) == result);
        PROMISE(a_line == b_line);
        PROMISE(result != RECORDS_ONE || str_equal(a, b));
    } while (result != RECORDS_END);
    records_done(records);
    records_done(&other);
}

/* What is in it; -1 if it is too much to look at, or damaged. */
static ssize_t unpacked_size(int fd, struct buf *advice)
{
    _cleanup_(records_input_done) struct records_input input;
    struct str piece;
    ssize_t size = 0;
    int r = records_input_init(&input, fd);
    if (r == 0)
        PROMISE(records_advice_bytes(records_input_peek(&input), "x", "c", advice) ==
                (advice->len > 0));
    while (r >= 0 && size <= UNPACKED_BYTES_MAX &&
           (r = records_input_read(&input, &piece)) > 0)
        size += (ssize_t)piece.len;
    PROMISE(r >= 0 || input.fault);
    return size > UNPACKED_BYTES_MAX ? -1 : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(closep) int fd = memfd_create("records", MFD_CLOEXEC);
    _cleanup_(buf_done) struct buf advice = {.max = 64 * 1024};
    struct records_input input;
    struct records records;
    struct str text = fuzz_str(data, size);
    PROMISE(fd >= 0 && write(fd, text.data, size) == (ssize_t)size);
    (void)lseek(fd, 0, SEEK_SET);
    ssize_t unpacked = unpacked_size(fd, &advice);
    if (unpacked < 0)
        return 0;
    (void)lseek(fd, 0, SEEK_SET);
    bool is_open = records_input_init(&input, fd) == 0;
    if (is_open) {
        records_init(&records, &input);
        records_check(&records, (size_t)unpacked, 0);
    }
    bool is_packed = is_open ? input.text != NULL : true;
    records_input_done(&input);
    if (!is_packed && !str_starts_with(text, STR_BYTE_ORDER_MARK)) {
        (void)lseek(fd, 0, SEEK_SET);
        PROMISE(records_input_init(&input, fd) == 0);
        records_init(&records, &input);
        same_from_text(&records, text);
        records_input_done(&input);
    }
    return 0;
}
