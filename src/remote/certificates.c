#include "sesbounce/certificates.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "remote/certificate_files.h"
#include "sesbounce/buf.h"
#include "sesbounce/limits.h"

/* HOST/FILE, NUL included. */
struct name {
    uint64_t hash;
    char text[2 * CERTIFICATE_FILES_NAME_BYTES];
};

/* One URL that is known: by its certificate, or as a failure until a time. Its name lies
 * within, so that to remember can never fail. */
struct entry {
    uint64_t used; /* by a counter: the smallest goes first */
    int64_t until_ms;
    struct sns_certificate *certificate;
    struct name name;
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

/* FNV-1a. It only spares comparisons, so nobody gains by a collision. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static bool name_of(const struct sns_cert_url *url, struct name *ret)
{
    if (!certificate_files_name_is_valid(url))
        return false;
    memcpy(ret->text, url->host.data, url->host.len);
    ret->text[url->host.len] = '/';
    memcpy(ret->text + url->host.len + 1, url->file.data, url->file.len);
    ret->text[url->host.len + 1 + url->file.len] = '\0';
    ret->hash = hash_of(ret->text);
    return true;
}

static int table_init(struct table *table, size_t max)
{
    table->entries = calloc(max, sizeof(*table->entries));
    table->max = max;
    return table->entries ? 0 : -ENOMEM;
}

static struct entry *table_find(const struct table *table, const struct name *name)
{
    for (size_t i = 0; i < table->count; i++) {
        struct entry *entry = &table->entries[i];
        if (entry->name.hash == name->hash && strcmp(entry->name.text, name->text) == 0)
            return entry;
    }
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

/* The entry of `name`, a new one if need be; the least recently used makes room. */
static struct entry *table_claim(struct table *table, const struct name *name)
{
    struct entry *entry = table_find(table, name);
    if (entry)
        return entry;
    table_make_room(table);
    entry = &table->entries[table->count++];
    *entry = (struct entry){.name = *name};
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

static void lock(struct certificates *certificates)
{
    int r = pthread_mutex_lock(&certificates->mutex);
    assert(r == 0);
    (void)r;
}

static void unlock(struct certificates *certificates)
{
    int r = pthread_mutex_unlock(&certificates->mutex);
    assert(r == 0);
    (void)r;
}

static enum certificates_answer look_up(struct certificates *certificates,
                                        const struct name *name, int64_t now_ms,
                                        struct sns_certificate **ret)
{
    struct entry *entry = table_find(&certificates->ready, name);
    if (entry) {
        entry->used = ++certificates->uses;
        *ret = sns_certificate_ref(entry->certificate);
        return CERTIFICATES_READY;
    }
    entry = table_find(&certificates->failed, name);
    if (!entry)
        return CERTIFICATES_UNKNOWN;
    if (now_ms < entry->until_ms)
        return CERTIFICATES_FAILED;
    table_remove(&certificates->failed, entry);
    return CERTIFICATES_UNKNOWN;
}

enum certificates_answer certificates_get(struct certificates *certificates,
                                          const struct sns_cert_url *url, int64_t now_ms,
                                          struct sns_certificate **ret)
{
    struct name name;
    if (!name_of(url, &name))
        return CERTIFICATES_FAILED;
    lock(certificates);
    enum certificates_answer answer = look_up(certificates, &name, now_ms, ret);
    unlock(certificates);
    return answer;
}

bool certificates_has_host(struct certificates *certificates, struct str host)
{
    const struct table *ready = &certificates->ready;
    bool has = false;
    lock(certificates);
    for (size_t i = 0; i < ready->count && !has; i++) {
        struct str name = str_of(ready->entries[i].name.text);
        has = name.len > host.len && name.data[host.len] == '/' &&
              str_starts_with(name, host);
    }
    unlock(certificates);
    return has || certificate_files_has_host(certificates->directory, host);
}

bool certificates_have_any(struct certificates *certificates)
{
    lock(certificates);
    bool any = certificates->ready.count > 0;
    unlock(certificates);
    return any;
}

/* Takes the certificate. */
static void keep(struct certificates *certificates, const struct name *name,
                 struct sns_certificate *certificate)
{
    lock(certificates);
    struct entry *entry = table_claim(&certificates->ready, name);
    struct sns_certificate *replaced = entry->certificate;
    entry->certificate = certificate;
    entry->used = ++certificates->uses;
    table_remove(&certificates->failed, table_find(&certificates->failed, name));
    unlock(certificates);
    sns_certificate_unrefp(&replaced);
}

/* 0 and it is in memory; -EINVAL with a fault; -ENOMEM. */
static int accept_pem(struct certificates *certificates, const struct name *name,
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
    keep(certificates, name, take_ptr(certificate));
    return 0;
}

static void buf_donep(struct buf *buf)
{
    buf_done(buf);
}

int certificates_load(struct certificates *certificates, const struct sns_cert_url *url)
{
    struct name name;
    if (!name_of(url, &name))
        return -EINVAL;
    _cleanup_(buf_donep) struct buf pem;
    buf_init(&pem, CERTIFICATE_FILE_BYTES_MAX);
    int r = certificate_files_read(certificates->directory, url, &pem);
    if (r < 0)
        return r;
    const char *fault = NULL;
    return accept_pem(certificates, &name, buf_str(&pem), &fault);
}

void certificates_fail(struct certificates *certificates, const struct sns_cert_url *url,
                       int64_t now_ms)
{
    struct name name;
    if (!name_of(url, &name))
        return;
    lock(certificates);
    struct entry *entry = table_claim(&certificates->failed, &name);
    entry->used = ++certificates->uses;
    entry->until_ms = now_ms + CERTIFICATE_FAILURE_MS;
    unlock(certificates);
}

int certificates_put(struct certificates *certificates, const struct sns_cert_url *url,
                     struct str pem, int64_t now_ms, const char **ret_fault)
{
    struct name name;
    *ret_fault = NULL;
    if (!name_of(url, &name)) {
        *ret_fault = "the certificate's URL is not one of SNS's";
        return -EINVAL;
    }
    int r = accept_pem(certificates, &name, pem, ret_fault);
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
