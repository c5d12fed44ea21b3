/*
 * A small HTTP server for the tests of outbound: 127.0.0.1, a port of the kernel's
 * choice, TLS with a throw-away CA made in memory, or plain. One thread a connection, all
 * joined by tls_server_stop(). What it answers is chosen by the path; see respond().
 */
#ifndef SESBOUNCE_TESTS_TLS_SERVER_H
#define SESBOUNCE_TESTS_TLS_SERVER_H

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TLS_SERVER_CONNECTIONS_MAX 32

struct tls_server;

struct tls_connection {
    struct tls_server *server;
    pthread_t thread;
    int fd;
};

struct tls_server {
    SSL_CTX *context; /* NULL: plain HTTP */
    int fd;
    unsigned port;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t changed;
    bool stopping;
    size_t connections;
    struct tls_connection connection[TLS_SERVER_CONNECTIONS_MAX];
    unsigned meeting; /* how many wait at /meet */
    unsigned requests;
    char last_request[4096];
};

/* --- certificates ------------------------------------------------------------------- */

struct tls_identity {
    EVP_PKEY *key;
    X509 *certificate;
};

static inline void tls_identity_done(struct tls_identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
}

static void tls_extension(X509 *to, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, to, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert(extension);
    assert(X509_add_ext(to, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/* `issuer` NULL: a self-signed CA; else a server's certificate for `alt_name`. */
static inline struct tls_identity tls_identity_make(const char *name,
                                                    const char *alt_name,
                                                    const struct tls_identity *issuer)
{
    struct tls_identity made = {EVP_EC_gen("P-256"), X509_new()};
    assert(made.key && made.certificate);
    X509 *certificate = made.certificate;
    X509 *signer = issuer ? issuer->certificate : certificate;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), issuer ? 2 : 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, made.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(signer));
    if (issuer)
        tls_extension(certificate, signer, NID_subject_alt_name, alt_name);
    else
        tls_extension(certificate, signer, NID_basic_constraints, "critical,CA:TRUE");
    int signed_bytes =
        X509_sign(certificate, issuer ? issuer->key : made.key, EVP_sha256());
    assert(signed_bytes > 0);
    return made;
}

static inline void tls_identity_write(const struct tls_identity *identity,
                                      const char *path)
{
    FILE *file = fopen(path, "w");
    assert(file);
    assert(PEM_write_X509(file, identity->certificate) == 1);
    fclose(file);
}

/* --- serving ------------------------------------------------------------------------ */

struct tls_stream {
    SSL *ssl;
    int fd;
};

static int tls_stream_read(struct tls_stream *stream, char *to, size_t size)
{
    return stream->ssl ? SSL_read(stream->ssl, to, (int)size)
                       : (int)recv(stream->fd, to, size, 0);
}

static bool tls_stream_write(struct tls_stream *stream, const char *bytes, size_t len)
{
    int n = stream->ssl ? SSL_write(stream->ssl, bytes, (int)len)
                        : (int)send(stream->fd, bytes, len, MSG_NOSIGNAL);
    return n > 0;
}

static bool tls_say(struct tls_stream *stream, const char *text)
{
    return tls_stream_write(stream, text, strlen(text));
}

static bool tls_is(const char *request, const char *path)
{
    size_t len = strlen(path);
    const char *at = strchr(request, ' ');
    return at && strncmp(at + 1, path, len) == 0 &&
           (at[1 + len] == ' ' || at[1 + len] == '?');
}

/* Until the server stops. */
static void tls_wait_for_stop(struct tls_server *server)
{
    pthread_mutex_lock(&server->mutex);
    while (!server->stopping)
        pthread_cond_wait(&server->changed, &server->mutex);
    pthread_mutex_unlock(&server->mutex);
}

/* Until two requests are here at the same time. */
static void tls_meet(struct tls_server *server)
{
    pthread_mutex_lock(&server->mutex);
    server->meeting++;
    pthread_cond_broadcast(&server->changed);
    while (server->meeting < 2 && !server->stopping)
        pthread_cond_wait(&server->changed, &server->mutex);
    pthread_mutex_unlock(&server->mutex);
}

static void tls_flood(struct tls_stream *stream)
{
    static char junk[8192];
    memset(junk, 'x', sizeof(junk));
    while (tls_stream_write(stream, junk, sizeof(junk)))
        continue;
}

/* False ends the connection. */
static bool tls_respond(struct tls_server *server, struct tls_stream *stream,
                        const char *request)
{
    if (tls_is(request, "/ok"))
        return tls_say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    if (tls_is(request, "/empty"))
        return tls_say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    if (tls_is(request, "/redirect"))
        return tls_say(stream, "HTTP/1.1 302 Found\r\nLocation: /ok\r\n"
                               "Content-Length: 0\r\n\r\n");
    if (tls_is(request, "/meet")) {
        tls_meet(server);
        return tls_say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nmet");
    }
    if (tls_is(request, "/hang"))
        tls_wait_for_stop(server);
    else if (tls_is(request, "/half"))
        tls_say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
    else if (tls_is(request, "/large"))
        tls_say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n");
    else if (tls_is(request, "/endless") &&
             tls_say(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"))
        tls_flood(stream);
    else
        return tls_say(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
    return false;
}

/* Is the blank line there, and the body that was announced? */
static bool tls_request_is_whole(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");
    const char *length = strstr(request, "Content-Length: ");
    size_t announced = 0;
    if (length)
        (void)sscanf(length, "Content-Length: %zu", &announced);
    return end && strlen(end + 4) >= announced;
}

/* One request, its body included. */
static bool tls_read_request(struct tls_stream *stream, char *to, size_t size)
{
    size_t len = 0;
    while (len + 1 < size) {
        int n = tls_stream_read(stream, to + len, size - 1 - len);
        if (n <= 0)
            return false;
        len += (size_t)n;
        to[len] = '\0';
        if (tls_request_is_whole(to))
            return true;
    }
    return false;
}

static void *tls_connection_run(void *context)
{
    struct tls_connection *connection = context;
    struct tls_server *server = connection->server;
    struct tls_stream stream = {NULL, connection->fd};
    bool open = true;
    if (server->context) {
        stream.ssl = SSL_new(server->context);
        SSL_set_fd(stream.ssl, stream.fd);
        open = SSL_accept(stream.ssl) == 1;
    }
    char request[4096];
    while (open && tls_read_request(&stream, request, sizeof(request))) {
        pthread_mutex_lock(&server->mutex);
        server->requests++;
        memcpy(server->last_request, request, sizeof(request));
        pthread_mutex_unlock(&server->mutex);
        open = tls_respond(server, &stream, request);
    }
    if (stream.ssl)
        SSL_shutdown(stream.ssl);
    SSL_free(stream.ssl);
    shutdown(stream.fd, SHUT_RDWR);
    return NULL;
}

static void *tls_server_run(void *context)
{
    struct tls_server *server = context;
    for (;;) {
        int fd = accept(server->fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        pthread_mutex_lock(&server->mutex);
        assert(server->connections < TLS_SERVER_CONNECTIONS_MAX);
        struct tls_connection *connection = &server->connection[server->connections++];
        *connection = (struct tls_connection){.server = server, .fd = fd};
        pthread_create(&connection->thread, NULL, tls_connection_run, connection);
        pthread_mutex_unlock(&server->mutex);
    }
}

/* A socket on a port of the kernel's choice, not listening yet. */
static int tls_bind(unsigned *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(fd >= 0);
    assert(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    assert(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

/* `identity` NULL: plain HTTP. */
static void tls_server_start(struct tls_server *server,
                             const struct tls_identity *identity)
{
    *server = (struct tls_server){.mutex = PTHREAD_MUTEX_INITIALIZER,
                                  .changed = PTHREAD_COND_INITIALIZER};
    if (identity) {
        server->context = SSL_CTX_new(TLS_server_method());
        assert(server->context);
        assert(SSL_CTX_use_certificate(server->context, identity->certificate) == 1);
        assert(SSL_CTX_use_PrivateKey(server->context, identity->key) == 1);
    }
    server->fd = tls_bind(&server->port);
    assert(listen(server->fd, 16) == 0);
    assert(pthread_create(&server->thread, NULL, tls_server_run, server) == 0);
}

static void tls_server_stop(struct tls_server *server)
{
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
    pthread_mutex_lock(&server->mutex);
    server->stopping = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->mutex);
    for (size_t i = 0; i < server->connections; i++) {
        shutdown(server->connection[i].fd, SHUT_RDWR);
        pthread_join(server->connection[i].thread, NULL);
        close(server->connection[i].fd);
    }
    SSL_CTX_free(server->context);
}

#endif
