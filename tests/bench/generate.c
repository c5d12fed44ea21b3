/*
 * Signs messages in advance, on all cores: what Amazon SNS posts when Amazon SES reports
 * a hard bounce of one recipient, some 2.4 KB each. No two share an id or an address.
 * Every fourth has SignatureVersion 1.
 *
 * usage: generate FOLDER COUNT
 *
 * Writes FOLDER/messages, and FOLDER/certificates as the daemon's `[store] certificates`
 * would be after the certificate was fetched. The canonical string is written here a
 * second time on purpose: what the daemon accepts was not made by its own code.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

#include "messages.h"
#include "sesbounce/buf.h"
#include "sesbounce/cleanup.h"
#include "sesbounce/clock.h"

#define COUNT_MAX     1000000
#define THREADS_MAX   64
#define BODY_MAX      16384
#define SIGNATURE_MAX 256
#define TEXT_BYTES    512
#define CERTIFICATE_S (365L * 24 * 3600)

DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)
DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(EVP_MD_CTX, EVP_MD_CTX_free)

struct job {
    pthread_t thread;
    EVP_PKEY *key; /* borrowed */
    uint64_t first;
    uint64_t end;
    int64_t start_ms;
    struct buf records;
    int result;
};

/* splitmix64: every number gives another, so that nothing repeats. */
static uint64_t scramble(uint64_t n)
{
    n += 0x9E3779B97F4A7C15;
    n = (n ^ (n >> 30)) * 0xBF58476D1CE4E5B9;
    n = (n ^ (n >> 27)) * 0x94D049BB133111EB;
    return n ^ (n >> 31);
}

/* 8-4-4-4-12 hex digits. */
static void uuid(uint64_t n, char ret[TEXT_BYTES])
{
    uint64_t high = scramble(2 * n);
    uint64_t low = scramble(2 * n + 1);

    (void)snprintf(ret, TEXT_BYTES, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
                   (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff),
                   (unsigned)(low >> 48), (unsigned long long)(low & 0xffffffffffff));
}

/* SES's ids begin with the time in milliseconds. */
static void ses_id(int64_t ms, uint64_t n, char ret[TEXT_BYTES])
{
    char random[TEXT_BYTES];

    uuid(n, random);
    (void)snprintf(ret, TEXT_BYTES, "%016llx-%.64s-000000", (unsigned long long)ms,
                   random);
}

static void address_of(uint64_t n, char ret[TEXT_BYTES])
{
    uint64_t random = scramble(~n);

    (void)snprintf(ret, TEXT_BYTES, "jane.doe.%08llx@mail%u.example",
                   (unsigned long long)(n ^ (random & 0xffffffff00000000) >> 8),
                   (unsigned)(random % 1000));
}

static int write_ses(uint64_t n, int64_t ms, struct buf *ret)
{
    char bounced[CLOCK_TEXT_BYTES];
    char sent[CLOCK_TEXT_BYTES];
    char feedback_id[TEXT_BYTES];
    char mail_id[TEXT_BYTES];
    char address[TEXT_BYTES];

    clock_format_rfc3339(ms - 300, bounced);
    clock_format_rfc3339(ms - 2500, sent);
    ses_id(ms - 300, 3 * n, feedback_id);
    ses_id(ms - 2500, 3 * n + 1, mail_id);
    address_of(n, address);
    return buf_printf(
        ret,
        "{\"eventType\":\"Bounce\",\"bounce\":{\"feedbackId\":\"%s\",\"bounceType\":"
        "\"Permanent\",\"bounceSubType\":\"General\",\"bouncedRecipients\":[{"
        "\"emailAddress\":\"%s\",\"action\":\"failed\",\"status\":\"5.1.1\","
        "\"diagnosticCode\":\"smtp; 550 5.1.1 <%s>: user unknown\"}],\"timestamp\":"
        "\"%s\",\"reportingMTA\":\"dns; a8-50.smtp-out.amazonses.com\"},\"mail\":{"
        "\"timestamp\":\"%s\",\"source\":\"Shop <news@shop.example>\",\"sourceArn\":"
        "\"arn:aws:ses:us-east-1:123456789012:identity/shop.example\","
        "\"sendingAccountId\":\"123456789012\",\"messageId\":\"%s\",\"destination\":["
        "\"%s\"],\"headersTruncated\":false,\"headers\":[{\"name\":\"From\",\"value\":"
        "\"Shop <news@shop.example>\"},{\"name\":\"To\",\"value\":\"%s\"},{\"name\":"
        "\"Subject\",\"value\":\"What is new\"}],\"commonHeaders\":{\"from\":["
        "\"Shop <news@shop.example>\"],\"to\":[\"%s\"],\"subject\":\"What is new\"},"
        "\"tags\":{\"ses:configuration-set\":[\"main\"],\"ses:source-ip\":["
        "\"192.0.2.17\"],\"ses:from-domain\":[\"shop.example\"],\"campaign\":["
        "\"c%u\"]}}}\n",
        feedback_id, address, address, bounced, sent, mail_id, address, address, address,
        (unsigned)(n % 50));
}

/* As a JSON string. */
static int append_quoted(struct buf *ret, struct str text)
{
    int r = buf_append_char(ret, '"');

    for (size_t i = 0; r == 0 && i < text.len; i++) {
        char c = text.data[i];

        if (c == '"' || c == '\\' || c == '\n')
            r = buf_append_char(ret, '\\');
        if (r == 0)
            r = buf_append_char(ret, c == '\n' ? 'n' : c);
    }
    return r < 0 ? r : buf_append_char(ret, '"');
}

static int sign(EVP_PKEY *key, unsigned version, struct str text,
                char ret[2 * SIGNATURE_MAX])
{
    _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[SIGNATURE_MAX];
    size_t len = sizeof(signature);

    if (!context ||
        EVP_DigestSignInit(context, NULL, version == 1 ? EVP_sha1() : EVP_sha256(), NULL,
                           key) <= 0 ||
        EVP_DigestSign(context, signature, &len, (const unsigned char *)text.data,
                       text.len) <= 0)
        return -EIO;
    (void)EVP_EncodeBlock((unsigned char *)ret, signature, (int)len);
    return 0;
}

#define SUBJECT "Amazon SES Email Event Notification"

static int write_envelope(EVP_PKEY *key, uint64_t n, int64_t ms, struct str message,
                          struct buf *canonical, struct buf *ret)
{
    unsigned version = n % 4 == 3 ? 1 : 2;
    char signature[2 * SIGNATURE_MAX];
    char time[CLOCK_TEXT_BYTES];
    char id[TEXT_BYTES];
    int r;

    uuid(n, id);
    clock_format_rfc3339(ms, time);
    buf_clear(canonical);
    r = buf_printf(canonical,
                   "Message\n%.*s\nMessageId\n%s\nSubject\n" SUBJECT
                   "\nTimestamp\n%s\nTopicArn\n" BENCH_TOPIC "\nType\nNotification\n",
                   STR_ARG(message), id, time);
    if (r == 0)
        r = sign(key, version, buf_str(canonical), signature);
    if (r == 0)
        r = buf_printf(ret,
                       "{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \"%s\",\n"
                       "  \"TopicArn\" : \"" BENCH_TOPIC "\",\n"
                       "  \"Subject\" : \"" SUBJECT "\",\n  \"Message\" : ",
                       id);
    if (r == 0)
        r = append_quoted(ret, message);
    if (r < 0)
        return r;
    return buf_printf(
        ret,
        ",\n  \"Timestamp\" : \"%s\",\n  \"SignatureVersion\" : \"%u\",\n"
        "  \"Signature\" : \"%s\",\n  \"SigningCertURL\" : "
        "\"https://" BENCH_HOST "/" BENCH_CERTIFICATE "\",\n  \"UnsubscribeURL\" : "
        "\"https://" BENCH_HOST "/?Action=Unsubscribe&SubscriptionArn=" BENCH_TOPIC
        ":01234567-89ab-cdef-0123-456789abcdef\"\n}",
        time, version, signature);
}

static int write_record(struct job *job, uint64_t n, struct buf scratch[3])
{
    int64_t ms = job->start_ms + (int64_t)n;
    int r;

    for (int i = 0; i < 3; i++)
        buf_clear(&scratch[i]);
    r = write_ses(n, ms, &scratch[0]);
    if (r == 0)
        r = write_envelope(job->key, n, ms, buf_str(&scratch[0]), &scratch[1],
                           &scratch[2]);
    if (r == 0)
        r = buf_printf(&job->records, "%08zu\n", scratch[2].len);
    return r < 0 ? r : buf_append_str(&job->records, buf_str(&scratch[2]));
}

static void *work(void *argument)
{
    struct job *job = argument;
    struct buf scratch[3];

    for (int i = 0; i < 3; i++)
        buf_init(&scratch[i], BODY_MAX);
    for (uint64_t n = job->first; job->result == 0 && n < job->end; n++)
        job->result = write_record(job, n, scratch);
    for (int i = 0; i < 3; i++)
        buf_done(&scratch[i]);
    return NULL;
}

static X509 *make_certificate(EVP_PKEY *key)
{
    _cleanup_(X509_freep) X509 *x509 = X509_new();
    X509_NAME *name = x509 ? X509_get_subject_name(x509) : NULL;

    if (!name || !X509_set_version(x509, X509_VERSION_3) ||
        !ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) ||
        !X509_gmtime_adj(X509_getm_notBefore(x509), -24L * 3600) ||
        !X509_gmtime_adj(X509_getm_notAfter(x509), CERTIFICATE_S) ||
        !X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                    (const unsigned char *)"sns.amazonaws.com", -1, -1,
                                    0) ||
        !X509_set_issuer_name(x509, name) || !X509_set_pubkey(x509, key) ||
        !X509_sign(x509, key, EVP_sha256()))
        return NULL;
    return take_ptr(x509);
}

static int write_certificate(EVP_PKEY *key)
{
    _cleanup_(X509_freep) X509 *x509 = make_certificate(key);
    _cleanup_(fclosep) FILE *file = NULL;

    (void)mkdir("certificates", 0750);
    (void)mkdir("certificates/" BENCH_HOST, 0750);
    file = fopen("certificates/" BENCH_HOST "/" BENCH_CERTIFICATE, "we");
    if (!x509 || !file || !PEM_write_X509(file, x509))
        return -EIO;
    return 0;
}

static int start(struct job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int r = -pthread_create(&jobs[i].thread, NULL, work, &jobs[i]);

        if (r < 0)
            return r;
    }
    return 0;
}

/* Whole or not at all: a run that was interrupted leaves no file that looks complete. */
static int gather(struct job *jobs, size_t count)
{
    _cleanup_(fclosep) FILE *file = fopen("messages.new", "we");
    int r = file ? 0 : -errno;

    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(jobs[i].thread, NULL);
        if (r == 0)
            r = jobs[i].result;
        if (r == 0 && fwrite(jobs[i].records.data, 1, jobs[i].records.len, file) !=
                          jobs[i].records.len)
            r = -EIO;
        buf_done(&jobs[i].records);
    }
    if (r == 0 && fflush(file) != 0)
        r = -errno;
    return r == 0 && rename("messages.new", "messages") < 0 ? -errno : r;
}

static int generate(uint64_t count)
{
    _cleanup_(EVP_PKEY_freep) EVP_PKEY *key = EVP_RSA_gen(2048);
    struct job jobs[THREADS_MAX] = {0};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t threads = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;
    int64_t start_ms = clock_wall_ms() - (int64_t)count;
    int r = key ? write_certificate(key) : -ENOMEM;

    for (size_t i = 0; i < threads; i++) {
        jobs[i] = (struct job){.key = key,
                               .first = count * i / threads,
                               .end = count * (i + 1) / threads,
                               .start_ms = start_ms};
        buf_init(&jobs[i].records, COUNT_MAX / threads * BODY_MAX);
    }
    if (r == 0)
        r = start(jobs, threads);
    return r < 0 ? r : gather(jobs, threads);
}

int main(int argc, char **argv)
{
    int r;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: generate FOLDER COUNT\n");
        return 2;
    }
    uint64_t count = bench_number(argv[2], COUNT_MAX);

    r = chdir(argv[1]) < 0 ? -errno : generate(count);
    if (r < 0)
        (void)fprintf(stderr, "generate: %s\n", strerror(-r));
    return r < 0;
}
