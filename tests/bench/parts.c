/*
 * What the pure parts of a delivery cost, one thread, nothing else: reading the envelope,
 * checking its signature, reading the SES message, and all that the HTTP thread does with
 * a body before it is lent to the writer.
 *
 * usage: parts FOLDER MILLISECONDS (each part; FOLDER is what `generate` wrote)
 *
 * Prints one JSON object: microseconds a message.
 */
#include <errno.h>
#include <stdio.h>

#include "messages.h"
#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/clock.h"
#include "sesbounce/intake.h"
#include "sesbounce/sns_signature.h"

#define DURATION_MAX   60000
#define PEM_BYTES      65536
#define MESSAGES_AHEAD 20000 /* a working set larger than any cache */

struct parts {
    struct messages messages;
    struct sns_message *parsed;
    size_t count;
    struct sns_certificate *certificate;
    struct ses_rules rules;
};

typedef bool part_fn(struct parts *parts, size_t i);

static bool read_envelope(struct parts *parts, size_t i)
{
    struct sns_message message;
    const char *fault;
    bool ok =
        sns_message_parse(parts->messages.items[i], &message, &fault) == VERDICT_NONE;

    sns_message_done(&message);
    return ok;
}

static bool verify(struct parts *parts, size_t i)
{
    const char *fault;

    return sns_signature_verify(parts->certificate, &parts->parsed[i], 1, &fault) ==
           VERDICT_NONE;
}

static bool read_ses(struct parts *parts, size_t i)
{
    enum quarantine_reason reason = QUARANTINE_NONE;
    struct ses_event event;
    bool ok = ses_event_parse(parts->parsed[i].message, &parts->rules, &event, &reason) ==
              SES_PARSED_EVENT;

    ses_event_done(&event);
    return ok;
}

static bool take_in(struct parts *parts, size_t i)
{
    const struct intake_options options = {
        .policy = &policy_built_in, .rules = &parts->rules, .now_ms = clock_wall_ms()};
    struct str body = parts->messages.items[i];
    struct sns_message message;
    struct intake intake;
    const char *fault;
    bool ok = false;

    if (sns_message_parse(body, &message, &fault) == VERDICT_NONE &&
        sns_signature_verify(parts->certificate, &message, 1, &fault) == VERDICT_NONE) {
        ok = intake_from_sns(&message, body, &options, &intake) == 0 &&
             intake.kind == INTAKE_KEEP;
        intake_done(&intake);
    }
    sns_message_done(&message);
    return ok;
}

static int measure(struct parts *parts, part_fn *part, int64_t duration_ns,
                   double *ret_us)
{
    int64_t start_ns = bench_now_ns();
    int64_t spent_ns = 0;
    size_t done = 0;

    while (spent_ns < duration_ns) {
        for (size_t i = 0; i < 100; i++, done++) {
            if (!part(parts, done % parts->count))
                return -EINVAL;
        }
        spent_ns = bench_now_ns() - start_ns;
    }
    *ret_us = (double)spent_ns / 1e3 / (double)done;
    return 0;
}

static int read_certificate(struct parts *parts)
{
    _cleanup_(fclosep) FILE *file =
        fopen("certificates/" BENCH_HOST "/" BENCH_CERTIFICATE, "re");
    char pem[PEM_BYTES];
    const char *fault;
    size_t len = file ? fread(pem, 1, sizeof(pem), file) : 0;

    return sns_certificate_parse((struct str){pem, len}, &parts->certificate, &fault);
}

static int open_parts(struct parts *parts)
{
    int r = messages_open("messages", &parts->messages);

    if (r == 0)
        r = read_certificate(parts);
    if (r < 0)
        return r;
    parts->count =
        parts->messages.count < MESSAGES_AHEAD ? parts->messages.count : MESSAGES_AHEAD;
    parts->parsed = calloc(parts->count, sizeof(*parts->parsed));
    if (!parts->parsed)
        return -ENOMEM;
    for (size_t i = 0; i < parts->count; i++) {
        const char *fault;

        if (sns_message_parse(parts->messages.items[i], &parts->parsed[i], &fault) !=
            VERDICT_NONE)
            return -EINVAL;
    }
    return 0;
}

static int run(int64_t duration_ns)
{
    static const struct {
        const char *name;
        part_fn *part;
    } all[] = {{"envelope", read_envelope},
               {"signature", verify},
               {"ses", read_ses},
               {"all", take_in}};
    struct parts parts = {0};
    int r = open_parts(&parts);

    for (size_t i = 0; r == 0 && i < sizeof(all) / sizeof(all[0]); i++) {
        double us = 0;

        r = measure(&parts, all[i].part, duration_ns, &us);
        printf("%s\"%s_us\": %.3f", i ? ", " : "{", all[i].name, us);
    }
    printf("}\n");
    for (size_t i = 0; parts.parsed && i < parts.count; i++)
        sns_message_done(&parts.parsed[i]);
    free(parts.parsed);
    if (parts.certificate)
        sns_certificate_unref(parts.certificate);
    messages_done(&parts.messages);
    return r;
}

int main(int argc, char **argv)
{
    int r;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: parts FOLDER MILLISECONDS\n");
        return 2;
    }
    int64_t duration_ms = (int64_t)bench_number(argv[2], DURATION_MAX);

    r = chdir(argv[1]) < 0 ? -errno : run(duration_ms * 1000000);
    if (r < 0)
        (void)fprintf(stderr, "parts: %s\n", strerror(-r));
    return r < 0;
}
