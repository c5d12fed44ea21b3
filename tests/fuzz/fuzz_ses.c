/* The Message of a notification: read, judged for each recipient, keyed. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ses_event event;
    enum quarantine_reason reason;

    switch (ses_event_parse(fuzz_str(data, size), &fuzz_rules, &event, &reason)) {
    case SES_PARSED_EVENT:
        fuzz_check_event(&event);
        break;
    case SES_PARSED_QUARANTINE:
        PROMISE(quarantine_word(reason));
        PROMISE(reason != QUARANTINE_STALE && reason != QUARANTINE_FUTURE);
        break;
    case SES_PARSED_ANNOUNCEMENT:
    case SES_PARSED_NO_MEMORY:
        break;
    }
    ses_event_done(&event);
    return 0;
}
