#include "sesbounce/certificates.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "remote/certificate_files.h"
#include "sesbounce/buf.h"
#include "sesbounce/limits.h"

/* One URL that is known: by its certificate, or as a failure until a time. Its name lies
 * within, so that to remember can never fail. */
struct entry {
    uint64_t used; /* by a counter: the smallest goes first */
    int64_t until_ms;
    struct sns_certificate *certificate;
    size_t host_bytes, file_bytes;
    char name[2 * CERTIFICATE_FILES_NAME_BYTES]; /* the host, and the file behind it */
};

/* A few hundred entries, most often three: looked through from one end to the other. */
struct table {
    struct entry *entries;
    size_t count;
    size_t max;
};

struct certificates {
    char *directory;
    pthread_mutex_t mutex; /* guards all below */
    struct table ready;
    struct table failed;
    uint64_t uses;
};

static bool entry_is_of_host(const struct entry *entry, struct str host)
{
    return entry->host_bytes == host.len && memcmp(entry->name, host.data, host.len) == 0;
}

static bool entry_is(const struct entry *entry, const struct sns_cert_url *url)
{
    return entry->file_bytes == url->file.len && entry_is_of_host(entry, url->host) &&
           memcmp(entry->name + entry->host_bytes, url->file.data, url->file.len) == 0;
}

static int table_init(struct table *table, size_t max)
{
    table->entries = calloc(max, sizeof(*table->entries));
    table->max = max;
    return table->entries ? 0 : -ENOMEM;
}

static struct entry *table_find(const struct table *table, const struct sns_cert_url *url)
{
    for (size_t i = 0; i < table->count; i++)
        if (entry_is(&table->entries[i], url))
            return &table->entries[i];
    return NULL;
}

static void table_remove(struct table *table, struct entry *entry)
{
    if (!entry)
        return;
    sns_certificate_unrefp(&entry->certificate);
    *entry = table->entries[--table->count];
}

static void table_done(struct table *table)
{
    while (table->entries && table->count)
        table_remove(table, &table->entries[0]);
    free(table->entries);
}

static void table_make_room(struct table *table)
{
    struct entry *oldest = &table->entries[0];
    if (table->count < table->max)
        return;
    for (size_t i = 1; i < table->count; i++)
        if (table->entries[i].used < oldest->used)
            oldest = &table->entries[i];
    table_remove(table, oldest);
}

/* The entry of `url`, a new one if need be; the least recently used makes room. */
static struct entry *table_claim(struct table *table, const struct sns_cert_url *url)
{
    struct entry *entry = table_find(table, url);
    if (entry)
        return entry;
    table_make_room(table);
    entry = &table->entries[table->count++];
    *entry = (struct entry){.host_bytes = url->host.len, .file_bytes = url->file.len};
    memcpy(entry->name, url->host.data, url->host.len);
    memcpy(entry->name + url->host.len, url->file.data, url->file.len);
    return entry;
}

int certificates_new(const char *directory, struct certificates **ret)
{
    int r = certificate_files_start(directory);
    if (r < 0)
        return r;
    struct certificates *made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    r = -pthread_mutex_init(&made->mutex, NULL);
    if (r < 0) {
        free(made);
        return r;
    }
    _cleanup_(certificates_freep) struct certificates *certificates = made;
    certificates->directory = strdup(directory);
    if (!certificates->directory ||
        table_init(&certificates->ready, CERTIFICATES_IN_MEMORY_MAX) < 0 ||
        table_init(&certificates->failed, CERTIFICATE_FAILURES_MAX) < 0)
        return -ENOMEM;
    *ret = take_ptr(certificates);
    return 0;
}

void certificates_free(struct certificates *certificates)
{
    if (!certificates)
        return;
    table_done(&certificates->ready);
    table_done(&certificates->failed);
    (void)pthread_mutex_destroy(&certificates->mutex);
    free(certificates->directory);
    free(certificates);
}

static enum certificates_answer certificate_look_up(struct certificates *certificates,
                                                    const struct sns_cert_url *url,
                                                    int64_t now_ms,
                                                    struct sns_certificate **ret)
{
    struct entry *entry = table_find(&certificates->ready, url);
    if (entry) {
        entry->used = ++certificates->uses;
        *ret = sns_certificate_ref(entry->certificate);
        return CERTIFICATES_READY;
    }
    entry = table_find(&certificates->failed, url);
    if (entry && now_ms < entry->until_ms)
        return CERTIFICATES_FAILED;
    table_remove(&certificates->failed, entry);
    return certificate_files_name_is_valid(url) ? CERTIFICATES_UNKNOWN
                                                : CERTIFICATES_FAILED;
}

enum certificates_answer certificates_get(struct certificates *certificates,
                                          const struct sns_cert_url *url, int64_t now_ms,
                                          struct sns_certificate **ret)
{
    pthread_mutex_lock(&certificates->mutex);
    enum certificates_answer answer = certificate_look_up(certificates, url, now_ms, ret);
    pthread_mutex_unlock(&certificates->mutex);
    return answer;
}

bool certificates_has_host(struct certificates *certificates, struct str host)
{
    const struct table *ready = &certificates->ready;
    bool has = false;
    pthread_mutex_lock(&certificates->mutex);
    for (size_t i = 0; i < ready->count && !has; i++)
        has = entry_is_of_host(&ready->entries[i], host);
    pthread_mutex_unlock(&certificates->mutex);
    return has || certificate_files_has_host(certificates->directory, host);
}

bool certificates_have_any(struct certificates *certificates)
{
    pthread_mutex_lock(&certificates->mutex);
    bool any = certificates->ready.count > 0;
    pthread_mutex_unlock(&certificates->mutex);
    return any;
}

/* Takes the certificate. */
static void certificate_keep(struct certificates *certificates,
                             const struct sns_cert_url *url,
                             struct sns_certificate *certificate)
{
    pthread_mutex_lock(&certificates->mutex);
    struct entry *entry = table_claim(&certificates->ready, url);
    struct sns_certificate *replaced = entry->certificate;
    entry->certificate = certificate;
    entry->used = ++certificates->uses;
    table_remove(&certificates->failed, table_find(&certificates->failed, url));
    pthread_mutex_unlock(&certificates->mutex);
    sns_certificate_unrefp(&replaced);
}

/* 0 and it is in memory; -EINVAL with a fault; -ENOMEM. */
static int pem_accept(struct certificates *certificates, const struct sns_cert_url *url,
                      struct str pem, const char **ret_fault)
{
    _cleanup_(sns_certificate_unrefp) struct sns_certificate *certificate = NULL;
    int r = sns_certificate_parse(pem, &certificate, ret_fault);
    if (r < 0)
        return r;
    if (!sns_certificate_is_of_sns(certificate)) {
        *ret_fault = "the certificate's name is not one that SNS signs with";
        return -EINVAL;
    }
    certificate_keep(certificates, url, take_ptr(certificate));
    return 0;
}

int certificates_load(struct certificates *certificates, const struct sns_cert_url *url)
{
    _cleanup_(buf_done) struct buf pem;
    buf_init(&pem, CERTIFICATE_FILE_BYTES_MAX);
    int r = certificate_files_read(certificates->directory, url, &pem);
    if (r < 0)
        return r;
    const char *fault = NULL;
    return pem_accept(certificates, url, buf_str(&pem), &fault);
}

void certificates_fail(struct certificates *certificates, const struct sns_cert_url *url,
                       int64_t now_ms)
{
    if (!certificate_files_name_is_valid(url))
        return;
    pthread_mutex_lock(&certificates->mutex);
    struct entry *entry = table_claim(&certificates->failed, url);
    entry->used = ++certificates->uses;
    entry->until_ms = now_ms + CERTIFICATE_FAILURE_MS;
    pthread_mutex_unlock(&certificates->mutex);
}

int certificates_put(struct certificates *certificates, const struct sns_cert_url *url,
                     struct str pem, int64_t now_ms, const char **ret_fault)
{
    *ret_fault = NULL;
    if (!certificate_files_name_is_valid(url)) {
        *ret_fault = "the certificate's URL is not one of SNS's";
        return -EINVAL;
    }
    int r = pem_accept(certificates, url, pem, ret_fault);
    if (r < 0) {
        if (r == -ENOMEM)
            *ret_fault = "out of memory";
        certificates_fail(certificates, url, now_ms);
        return r;
    }
    r = certificate_files_write(certificates->directory, url, pem);
    if (r == 0)
        return 0;
    *ret_fault = "the certificate could not be kept on disk";
    /* Those two would tell the caller that there is no certificate. */
    return r == -EINVAL || r == -ENOMEM ? -EIO : r;
}
