#include "daemon/tls.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/read_file.h"
#include "sesbounce/limits.h"

static int read_pem(const char *section, const char *key, const char *path, char **ret,
                    struct buf *fault)
{
    int r = path ? read_file(path, PEM_BYTES_MAX, ret) : 0;

    if (r < 0)
        (void)buf_printf(fault, "[%s] %s: %s: %s", section, key, path, strerror(-r));
    return r < 0 && r != -ENOMEM ? -EINVAL : r;
}

int tls_read(const char *section, const char *certificate, const char *key,
             struct tls *ret, struct buf *fault)
{
    int r = read_pem(section, "certificate", certificate, &ret->certificate, fault);

    return r == 0 ? read_pem(section, "key", key, &ret->key, fault) : r;
}

void tls_done(struct tls *tls)
{
    free(tls->certificate);
    if (tls->key)
        OPENSSL_cleanse(tls->key, strlen(tls->key));
    free(tls->key);
    *tls = (struct tls){NULL, NULL};
}

void tls_options(const struct tls *tls, struct MHD_OptionItem ret[TLS_OPTIONS])
{
    const struct MHD_OptionItem options[TLS_OPTIONS] = {
        {tls->certificate ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0,
         tls->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0,
         (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3"},
        {MHD_OPTION_END, 0, NULL},
    };

    memcpy(ret, options, sizeof(options));
}
