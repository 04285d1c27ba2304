/* SPDX-License-Identifier: Apache-2.0 */
#include "core/tls.h"

#include "core/buffer.h"
#include "core/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { NAMES_SHOWN = 5 };

struct tls {
    SSL_CTX *context;
    SSL *ssl;
    BIO_METHOD *method;
    X509 *refused; /* the peer's certificate that is not good enough; NULL: all are */
    int fd;
    char *host;
    bool wants_write;
    bool is_at_end; /* the peer has closed the socket */
    char reason[FAULT_TEXT_BYTES];
};

/* OpenSSL's own socket would raise SIGPIPE. */

static int bio_write(BIO *bio, const char *bytes, int count)
{
    const struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t sent = send(tls->fd, bytes, (size_t)count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        BIO_set_retry_write(bio);
    }
    return (int)sent;
}

static int bio_read(BIO *bio, char *bytes, int count)
{
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = recv(tls->fd, bytes, (size_t)count, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        BIO_set_retry_read(bio);
    }
    tls->is_at_end = got == 0;
    return (int)got;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    const struct tls *tls = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH || (command == BIO_CTRL_EOF && tls->is_at_end) ? 1 : 0;
}

static bool make_bio(struct tls *tls)
{
    tls->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "socket");
    BIO *bio = tls->method != NULL && BIO_meth_set_write(tls->method, bio_write) == 1 &&
                       BIO_meth_set_read(tls->method, bio_read) == 1 &&
                       BIO_meth_set_ctrl(tls->method, bio_control) == 1
                   ? BIO_new(tls->method)
                   : NULL;
    if (bio == NULL) {
        return false;
    }
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    return true;
}

/* The last word of OpenSSL's queue; the queue is empty afterwards. */
static const char *last_reason(void)
{
    unsigned long error = ERR_peek_last_error();
    const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;
    ERR_clear_error();
    return reason != NULL ? reason : "unknown reason";
}

/* Nobody is there to type a passphrase. */
static int no_passphrase(char *bytes, int size, int is_writing, void *context)
{
    (void)is_writing;
    (void)context;
    bytes[0] = '\0';
    return size > 0 ? -1 : 0;
}

static enum outcome use_ca(struct tls *tls, const char *ca, struct fault *fault)
{
    if (ca == NULL) {
        return SSL_CTX_set_default_verify_paths(tls->context) == 1
                   ? OK
                   : fault_set(fault, FATAL, "TLS: the system's certificates: %s", last_reason());
    }
    return SSL_CTX_load_verify_file(tls->context, ca) == 1
               ? OK
               : fault_set(fault, FATAL, "TLS: the CA file %s cannot be used: %s", ca,
                           last_reason());
}

static enum outcome use_certificate(struct tls *tls, const struct tls_files *files,
                                    struct fault *fault)
{
    if (files->certificate == NULL) {
        return files->key == NULL ? OK
                                  : fault_set(fault, FATAL,
                                              "TLS: the key %s belongs to no certificate: name "
                                              "its file, too",
                                              files->key);
    }
    const char *key = files->key != NULL ? files->key : files->certificate;
    if (SSL_CTX_use_certificate_chain_file(tls->context, files->certificate) != 1) {
        return fault_set(fault, FATAL, "TLS: the certificate %s cannot be used: %s",
                         files->certificate, last_reason());
    }
    if (SSL_CTX_use_PrivateKey_file(tls->context, key, SSL_FILETYPE_PEM) != 1) {
        return fault_set(
            fault, FATAL,
            "TLS: the key %s cannot be used (it must be PEM, not encrypted, and belong "
            "to the certificate): %s",
            key, last_reason());
    }
    return OK;
}

/* What the certificate must be for. */
static bool set_host(struct tls *tls)
{
    unsigned char address[sizeof(struct in6_addr)];
    X509_VERIFY_PARAM *rules = SSL_get0_param(tls->ssl);
    if (inet_pton(AF_INET, tls->host, address) == 1 ||
        inet_pton(AF_INET6, tls->host, address) == 1) {
        return X509_VERIFY_PARAM_set1_ip_asc(rules, tls->host) == 1;
    }
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(rules, tls->host, 0) == 1 &&
           SSL_set_tlsext_host_name(tls->ssl, tls->host) == 1;
}

/* Called for every certificate of the chain: keeps the one that is not good enough, which nobody
 * can ask for afterwards. Never better than OpenSSL's own verdict. */
static int on_certificate(int is_good, X509_STORE_CTX *store)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *tls = SSL_get_app_data(ssl);
    if (is_good == 0 && tls->refused == NULL) {
        X509 *certificate = X509_STORE_CTX_get_current_cert(store);
        if (certificate != NULL && X509_up_ref(certificate) == 1) {
            tls->refused = certificate;
        }
    }
    return is_good;
}

static enum outcome set_up(struct tls *tls, const struct tls_files *files, struct fault *fault)
{
    tls->context = SSL_CTX_new(TLS_client_method());
    if (tls->context == NULL) {
        return fault_set(fault, FATAL, "TLS does not start: %s", last_reason());
    }
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, on_certificate);
    SSL_CTX_set_default_passwd_cb(tls->context, no_passphrase);
    (void)SSL_CTX_set_options(tls->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                                SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* What waits to be sent moves in memory and grows. */
    (void)SSL_CTX_set_mode(tls->context,
                           SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1) {
        return fault_set(fault, FATAL, "TLS 1.2 is not there: %s", last_reason());
    }
    enum outcome o = use_ca(tls, files->ca, fault);
    if (o == OK) {
        o = use_certificate(tls, files, fault);
    }
    if (o != OK) {
        return o;
    }
    tls->ssl = SSL_new(tls->context);
    if (tls->ssl == NULL || SSL_set_app_data(tls->ssl, tls) != 1 || !make_bio(tls) ||
        !set_host(tls)) {
        return fault_set(fault, FATAL, "TLS does not start: %s", last_reason());
    }
    SSL_set_connect_state(tls->ssl);
    return OK;
}

enum outcome tls_new(const struct tls_files *files, const char *host, int fd, struct tls **out,
                     struct fault *fault)
{
    struct tls *tls = xcalloc(1, sizeof *tls);
    tls->fd = fd;
    tls->host = xstrdup(host);
    ERR_clear_error();
    enum outcome o = set_up(tls, files, fault);
    if (o != OK) {
        tls_free(tls);
        return o;
    }
    *out = tls;
    return OK;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL) {
        return;
    }
    X509_free(tls->refused);
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->method);
    free(tls->host);
    free(tls);
}

/* Names that a foreign certificate has: only what is harmless on a terminal. */
static void add_name(struct buffer *out, const unsigned char *bytes, int length)
{
    for (int i = 0; i < length; i++) {
        buffer_byte(out, (char)(bytes[i] > ' ' && bytes[i] < 0x7f ? bytes[i] : '?'));
    }
}

/* "broker.example, 10.0.0.1" */
static void add_names(struct buffer *out, X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int shown = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && shown < NAMES_SHOWN; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        char text[INET6_ADDRSTRLEN];
        if (name->type == GEN_DNS) {
            buffer_text(out, shown++ > 0 ? ", " : "");
            add_name(out, ASN1_STRING_get0_data(name->d.dNSName),
                     ASN1_STRING_length(name->d.dNSName));
        } else if (name->type == GEN_IPADD) {
            int length = ASN1_STRING_length(name->d.iPAddress);
            if ((length == 4 || length == 16) &&
                inet_ntop(length == 4 ? AF_INET : AF_INET6,
                          ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof text) != NULL) {
                buffer_printf(out, "%s%s", shown++ > 0 ? ", " : "", text);
            }
        }
    }
    if (shown == 0) {
        buffer_text(out, "no host at all (subjectAltName)");
    }
    GENERAL_NAMES_free(names);
}

/* "Nov 25 10:52:27 2026 GMT" */
static void add_time(struct buffer *out, const ASN1_TIME *time)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (memory != NULL && ASN1_TIME_print(memory, time) == 1) {
        long length = BIO_get_mem_data(memory, &text);
        buffer_add(out, text, (size_t)length);
    }
    (void)BIO_free(memory);
}

/* "CN=ca": which certificate of the chain it is. */
static void add_subject(struct buffer *out, X509 *certificate)
{
    char text[128] = "";
    (void)X509_NAME_oneline(X509_get_subject_name(certificate), text, sizeof text);
    add_name(out, (const unsigned char *)text, (int)strlen(text));
}

/* Why the peer's certificate is not good enough, and what to do. */
static void explain_certificate(struct tls *tls, long problem)
{
    AUTO(buffer_done) struct buffer more = {0};
    X509 *certificate = tls->refused;
    switch (certificate != NULL ? problem : X509_V_ERR_UNSPECIFIED) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        add_subject(&more, certificate);
        buffer_text(&more, " has expired, at ");
        add_time(&more, X509_get0_notAfter(certificate));
        buffer_text(&more, ": it must be renewed");
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        add_subject(&more, certificate);
        buffer_text(&more, " is not valid before ");
        add_time(&more, X509_get0_notBefore(certificate));
        buffer_text(&more, ": look at the clocks of both machines");
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        buffer_printf(&more, "it is not for %.100s but for ", tls->host);
        add_names(&more, certificate);
        buffer_text(&more, ": use a name that it has, or this is another server");
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        buffer_printf(&more,
                      "no CA that is trusted here has signed it (%s): name the file of its CA "
                      "(AMQP_CA_FILE)",
                      X509_verify_cert_error_string(problem));
        break;
    default:
        buffer_text(&more, X509_verify_cert_error_string(problem));
        break;
    }
    (void)snprintf(tls->reason, sizeof tls->reason, "the certificate is refused: %s",
                   buffer_cstr(&more));
}

/* Alerts of the peer, and what else has a better word than OpenSSL's. */
static const struct {
    int reason;
    const char *words;
} known[] = {
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
     "the broker wants a client certificate: name its files (AMQP_CERT_FILE, AMQP_KEY_FILE)"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
     "the broker refuses the handshake: it wants a client certificate (AMQP_CERT_FILE, "
     "AMQP_KEY_FILE), or has no cipher in common with us"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the broker trusts no CA that has signed our certificate"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the broker refuses our certificate"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "our certificate has expired, says the broker"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "our certificate is revoked, says the broker"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
     "the broker speaks only versions of TLS that are no longer safe: 1.2 or newer is needed"},
    {SSL_R_UNSUPPORTED_PROTOCOL,
     "the broker speaks only versions of TLS that are no longer safe: 1.2 or newer is needed"},
    {SSL_R_WRONG_VERSION_NUMBER,
     "no TLS is spoken there: is this the broker's port for TLS (usually 5671)?"},
};

static void explain(struct tls *tls)
{
    unsigned long error = ERR_peek_last_error();
    int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    long problem = SSL_get_verify_result(tls->ssl);
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && problem != X509_V_OK) {
        explain_certificate(tls, problem);
        ERR_clear_error();
        return;
    }
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (reason == known[i].reason) {
            (void)snprintf(tls->reason, sizeof tls->reason, "%s", known[i].words);
            ERR_clear_error();
            return;
        }
    }
    (void)snprintf(tls->reason, sizeof tls->reason, "%s", last_reason());
}

/* What an SSL function that did not succeed means, in errno's words; 0: the peer has closed. */
static int judge(struct tls *tls, int result)
{
    int error = errno;
    tls->wants_write = false;
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        tls->wants_write = true;
        return EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_SYSCALL:
        return error != 0 ? error : EPIPE;
    default:
        explain(tls);
        return EPROTO;
    }
}

enum outcome tls_shake_hands(struct tls *tls, struct fault *fault)
{
    ERR_clear_error();
    errno = 0;
    int result = SSL_do_handshake(tls->ssl);
    if (result == 1) {
        tls->wants_write = false;
        return OK;
    }
    int error = judge(tls, result);
    if (error == EAGAIN) {
        return RETRY;
    }
    return fault_set(fault, LOST, "TLS: %s",
                     error == 0        ? "closed during the handshake"
                     : error == EPROTO ? tls->reason
                                       : strerror(error));
}

ssize_t tls_send(struct tls *tls, const void *bytes, size_t count)
{
    size_t sent = 0;
    ERR_clear_error();
    errno = 0;
    int result = SSL_write_ex(tls->ssl, bytes, count, &sent);
    if (result == 1) {
        return (ssize_t)sent;
    }
    int error = judge(tls, result);
    errno = error != 0 ? error : EPIPE;
    return -1;
}

ssize_t tls_receive(struct tls *tls, void *bytes, size_t count)
{
    size_t got = 0;
    ERR_clear_error();
    errno = 0;
    int result = SSL_read_ex(tls->ssl, bytes, count, &got);
    if (result == 1) {
        tls->wants_write = false;
        return (ssize_t)got;
    }
    int error = judge(tls, result);
    if (error == 0) {
        return 0;
    }
    errno = error;
    return -1;
}

bool tls_wants_write(const struct tls *tls)
{
    return tls->wants_write;
}

const char *tls_reason(const struct tls *tls)
{
    return tls->reason;
}

void tls_close(struct tls *tls)
{
    ERR_clear_error();
    (void)SSL_shutdown(tls->ssl);
    ERR_clear_error();
}
