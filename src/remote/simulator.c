/* Opening the simulator's key file and signing with it. The canonical string comes from
 * sns_message_canonical(), so that there is one place that knows its order. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include "sesbounce/arn.h"
#include "sesbounce/clock.h"
#include "sesbounce/digest.h"
#include "sesbounce/limits.h"
#include "sesbounce/simulator.h"
#include "sesbounce/sns_message.h"
#include "sesbounce/sns_url.h"

/* A UUID and a token as SNS writes them: 36 characters, and 2 for each of 32 bytes. */
#define UUID_TEXT_BYTES  37
#define TOKEN_BYTES      32
#define TOKEN_TEXT_BYTES (2 * TOKEN_BYTES + 1)
/* The file name in SigningCertURL: 16 bytes of the certificate's digest. */
#define URL_DIGEST_BYTES 16

DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(BIO, BIO_free_all)
DEFINE_CLEANUP(EVP_MD_CTX, EVP_MD_CTX_free)

struct simulator {
    EVP_PKEY *key;
    struct sns_certificate *certificate;
    char signing_cert_url[SNS_URL_BYTES_MAX];
};

/* --- opening it ------------------------------------------------------------------ */

/* OpenSSL would ask the terminal for the passphrase of an encrypted key. */
static int key_passphrase_refuse(char *ret, int size, int writing, void *context)
{
    (void)ret, (void)size, (void)writing, (void)context;
    return -1;
}

static int key_file_open(const char *path, BIO **ret)
{
    _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode) || status.st_size > SIMULATOR_FILE_BYTES_MAX)
        return -EINVAL;
    FILE *file = fdopen(fd, "r");
    if (!file)
        return -errno;
    (void)take_fd(fd);
    *ret = BIO_new_fp(file, BIO_CLOSE);
    if (!*ret) {
        (void)fclose(file);
        return -ENOMEM;
    }
    return 0;
}

static int certificate_read(struct simulator *simulator, X509 *certificate)
{
    _cleanup_(BIO_free_allp) BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    const char *fault;
    if (!bio || PEM_write_bio_X509(bio, certificate) != 1)
        return -ENOMEM;
    long len = BIO_get_mem_data(bio, &pem);
    return sns_certificate_parse((struct str){pem, (size_t)len}, &simulator->certificate,
                                 &fault);
}

/* Where AWS would publish it: the daemon checks the URL's form before the signature. */
static int url_name(struct simulator *simulator, const X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * URL_DIGEST_BYTES + 1];
    struct arn topic;
    struct sns_origin origin;
    unsigned size = 0;

    if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1 ||
        size < URL_DIGEST_BYTES)
        return -EIO;
    digest_hex(digest, 2 * URL_DIGEST_BYTES, hex);
    if (!arn_parse(STR(ARN_SIMULATOR_TOPIC), &topic) ||
        sns_url_origin(&topic, STR_ABSENT, &origin) < 0)
        return -EINVAL;
    (void)snprintf(simulator->signing_cert_url, sizeof(simulator->signing_cert_url),
                   "%s/SimpleNotificationService-%s.pem", origin.text, hex);
    return 0;
}

int simulator_open(const char *path, struct simulator **ret)
{
    _cleanup_(simulator_freep) struct simulator *simulator =
        calloc(1, sizeof(*simulator));
    _cleanup_(BIO_free_allp) BIO *bio = NULL;
    _cleanup_(X509_freep) X509 *certificate = NULL;
    if (!simulator)
        return -ENOMEM;
    int r = key_file_open(path, &bio);
    if (r < 0)
        return r;
    simulator->key = PEM_read_bio_PrivateKey(bio, NULL, key_passphrase_refuse, NULL);
    certificate = PEM_read_bio_X509(bio, NULL, key_passphrase_refuse, NULL);
    if (!simulator->key || !certificate ||
        X509_check_private_key(certificate, simulator->key) != 1)
        return -EINVAL;
    r = certificate_read(simulator, certificate);
    if (r == 0)
        r = url_name(simulator, certificate);
    if (r < 0)
        return r;
    *ret = take_ptr(simulator);
    return 0;
}

void simulator_free(struct simulator *simulator)
{
    if (!simulator)
        return;
    EVP_PKEY_free(simulator->key);
    if (simulator->certificate)
        sns_certificate_unref(simulator->certificate);
    free(simulator);
}

struct sns_certificate *simulator_certificate(struct simulator *simulator)
{
    return sns_certificate_ref(simulator->certificate);
}

/* --- signing --------------------------------------------------------------------- */

/* RFC 9562, version 4. */
static int uuid_make(char ret[UUID_TEXT_BYTES])
{
    unsigned char b[16];
    char hex[2 * sizeof(b) + 1];
    if (RAND_bytes(b, sizeof(b)) != 1)
        return -EIO;
    b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
    digest_hex(b, 2 * sizeof(b), hex);
    (void)snprintf(ret, UUID_TEXT_BYTES, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
                   hex + 12, hex + 16, hex + 20);
    return 0;
}

static int token_make(char ret[TOKEN_TEXT_BYTES])
{
    unsigned char bytes[TOKEN_BYTES];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return -EIO;
    digest_hex(bytes, 2 * sizeof(bytes), ret);
    return 0;
}

/* The texts that an envelope under construction borrows. */
struct draft {
    struct sns_message message;
    char uuid[UUID_TEXT_BYTES];
    char timestamp[CLOCK_TEXT_BYTES];
    char token[TOKEN_TEXT_BYTES];
    struct buf subscribe_url;
    char *signature; /* owned, base64 */
};

static void draft_done(struct draft *draft)
{
    buf_done(&draft->subscribe_url);
    free(draft->signature);
}

static int draft_add_confirmation(struct draft *draft)
{
    struct arn topic;
    struct sns_origin origin;
    int r = token_make(draft->token);
    if (r < 0)
        return r;
    draft->message.token = str_of(draft->token);
    if (!arn_parse(draft->message.topic_arn, &topic))
        return -EINVAL;
    r = sns_url_origin(&topic, STR_ABSENT, &origin);
    if (r == 0)
        r = sns_url_confirmation(&origin, topic.text, draft->message.token,
                                 &draft->subscribe_url);
    draft->message.subscribe_url = buf_str(&draft->subscribe_url);
    return r;
}

static int draft_fill(struct draft *draft, const struct simulator *simulator,
                      const struct simulator_message *from)
{
    struct sns_message *to = &draft->message;
    to->type_text = str_of(from->type ? from->type : "Notification");
    to->topic_arn = str_of(from->topic_arn ? from->topic_arn : ARN_SIMULATOR_TOPIC);
    to->message = from->message;
    to->subject = str_of(from->subject);
    to->signature_version = STR("2");
    to->signing_cert_url = str_of(simulator->signing_cert_url);
    to->timestamp_ms = from->timestamp_ms;
    clock_format_rfc3339(from->timestamp_ms, draft->timestamp);
    to->timestamp = str_of(draft->timestamp);

    int r = sns_type_parse(to->type_text, &to->type) ? 0 : -EINVAL;
    if (r == 0)
        r = uuid_make(draft->uuid);
    to->message_id = str_of(from->message_id ? from->message_id : draft->uuid);
    if (r == 0 && to->type != SNS_NOTIFICATION)
        r = draft_add_confirmation(draft);
    return r;
}

static int pieces_digest(EVP_MD_CTX *context, const struct sns_message *message)
{
    struct str pieces[SNS_CANONICAL_PIECES_MAX];
    size_t count = sns_message_canonical(message, pieces);
    for (size_t i = 0; i < count; i++) {
        if (EVP_DigestSignUpdate(context, pieces[i].data, pieces[i].len) != 1)
            return -EIO;
    }
    return 0;
}

static int draft_sign(struct draft *draft, const struct simulator *simulator)
{
    _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[512];
    size_t size = sizeof(signature);
    if (!context)
        return -ENOMEM;
    if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, simulator->key) != 1 ||
        pieces_digest(context, &draft->message) < 0 ||
        EVP_DigestSignFinal(context, signature, &size) != 1)
        return -EIO;
    draft->signature = malloc(4 * ((size + 2) / 3) + 1);
    if (!draft->signature)
        return -ENOMEM;
    (void)EVP_EncodeBlock((unsigned char *)draft->signature, signature, (int)size);
    draft->message.signature = str_of(draft->signature);
    return 0;
}

/* Absent fields are left out, as SNS does. -EINVAL for text that is not UTF-8. */
static int member_add(json_t *envelope, const char *key, struct str value)
{
    if (!str_present(value))
        return 0;
    if (!str_is_utf8(value))
        return -EINVAL;
    json_t *text = json_stringn(value.data, value.len);
    return json_object_set_new(envelope, key, text) < 0 ? -ENOMEM : 0;
}

static int draft_write(const struct draft *draft, struct buf *ret)
{
    const struct sns_message *m = &draft->message;
    const struct {
        const char *key;
        struct str value;
    } members[] = {
        {"Type", m->type_text},
        {"MessageId", m->message_id},
        {"Token", m->token},
        {"TopicArn", m->topic_arn},
        {"Subject", m->subject},
        {"Message", m->message},
        {"SubscribeURL", m->subscribe_url},
        {"Timestamp", m->timestamp},
        {"SignatureVersion", m->signature_version},
        {"Signature", m->signature},
        {"SigningCertURL", m->signing_cert_url},
    };
    _cleanup_(json_decrefp) json_t *envelope = json_object();
    if (!envelope)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        int r = member_add(envelope, members[i].key, members[i].value);
        if (r < 0)
            return r;
    }
    _cleanup_(freep) char *text = json_dumps(envelope, JSON_INDENT(2));
    return text ? buf_append_str(ret, str_of(text)) : -ENOMEM;
}

int simulator_sign(struct simulator *simulator, const struct simulator_message *message,
                   struct buf *ret)
{
    _cleanup_(draft_done) struct draft draft = {0};
    buf_init(&draft.subscribe_url, SNS_URL_BYTES_MAX + SNS_TOKEN_BYTES_MAX);
    int r = draft_fill(&draft, simulator, message);
    if (r == 0)
        r = draft_sign(&draft, simulator);
    if (r == 0)
        r = draft_write(&draft, ret);
    return r;
}
