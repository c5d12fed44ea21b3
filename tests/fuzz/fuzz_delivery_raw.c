/*
 * A delivery whose body is the input, byte for byte; where it is an envelope with the
 * value SIGN for a Signature, a right one takes its place.
 */
#include "deliver.h"
#include "fuzz.h"
#include "sesbounce/limits.h"
#include "signer.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    deliver_start();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct deliver_options options = {.wall_ms = DELIVER_NOW_MS};
    _cleanup_(buf_done) struct buf body;

    buf_init(&body, SNS_ENVELOPE_BYTES_MAX);
    if (size <= SNS_ENVELOPE_BYTES_MAX / 2) {
        (void)signer_sign(fuzz_str(data, size), &body);
        deliver_run(buf_str(&body), &options);
    }
    return 0;
}
