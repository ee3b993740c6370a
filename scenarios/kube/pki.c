/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/kube/pki.h"

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/json.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define PKI_DAYS 30
#define PKI_BACKDATE \
	300 /* seconds: clocks of a lab are one clock, users' are not */

struct authority {
	EVP_PKEY *key;
	X509 *cert;
};

struct pki {
	int dir_fd;
	struct authority ca[PKI_CA_MAX];
};

static const struct {
	const char *file;
	const char *name;
} authorities[] = {
	[PKI_CLUSTER] = { "ca", "kubernetes" },
	[PKI_ETCD] = { "etcd-ca", "etcd-ca" },
	[PKI_FRONT_PROXY] = { "front-proxy-ca", "front-proxy-ca" },
};
static_assert(ARRAY_SIZE(authorities) == PKI_CA_MAX,
	      "every authority needs its row");

DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
DEFINE_CLEANUP(X509 *, X509_free)
DEFINE_CLEANUP(BIO *, BIO_free_all)
DEFINE_CLEANUP(GENERAL_NAMES *, GENERAL_NAMES_free)

/**
 * write_file() - Put bytes into a new file of the PKI's directory
 * @dir_fd:	The directory
 * @name:	File name, below 80 characters
 * @data:	Content
 * @len:	Bytes of it
 * @mode:	Permission bits, e.g. 0600
 *
 * Return: 0, or errno of open() or write()
 */
static int write_file(int dir_fd, const char *name, const void *data,
		      size_t len, mode_t mode)
{
	_cleanup_close_ int fd = -1;
	const char *p = data;
	ssize_t n;

	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		    mode);
	if (fd < 0)
		return -errno;

	for (; len; p += n, len -= (size_t)n) {
		n = write(fd, p, len);
		if (n < 0)
			return -errno;
	}
	return 0;
}

/**
 * write_bio() - Put a memory BIO's content into NAME.SUFFIX
 * @dir_fd:	The directory
 * @name:	NAME
 * @suffix:	SUFFIX with its dot, ".crt"
 * @bio:	Memory BIO
 * @mode:	Permission bits
 *
 * Return: 0, -ENAMETOOLONG, or errno of the file
 */
static int write_bio(int dir_fd, const char *name, const char *suffix, BIO *bio,
		     mode_t mode)
{
	char path[256];
	char *data;
	long len;

	if ((size_t)snprintf(path, sizeof(path), "%s%s", name, suffix) >=
	    sizeof(path))
		return -ENAMETOOLONG;

	len = BIO_get_mem_data(bio, &data);
	return write_file(dir_fd, path, data, (size_t)len, mode);
}

/**
 * write_cert() - Write NAME.crt
 * @dir_fd:	The directory
 * @name:	NAME
 * @cert:	The certificate
 *
 * Return: 0, -ENOMEM, or errno of the file
 */
static int write_cert(int dir_fd, const char *name, X509 *cert)
{
	_cleanup_(BIO_free_allp) BIO *bio = BIO_new(BIO_s_mem());

	if (!bio || !PEM_write_bio_X509(bio, cert))
		return -ENOMEM;
	return write_bio(dir_fd, name, ".crt", bio, 0644);
}

/**
 * write_key() - Write NAME.key, readable by its owner alone
 * @dir_fd:	The directory
 * @name:	NAME
 * @key:	The private key
 *
 * Return: 0, -ENOMEM, or errno of the file
 */
static int write_key(int dir_fd, const char *name, EVP_PKEY *key)
{
	_cleanup_(BIO_free_allp) BIO *bio = BIO_new(BIO_s_mem());

	if (!bio ||
	    !PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		return -ENOMEM;
	return write_bio(dir_fd, name, ".key", bio, 0600);
}

/**
 * add_name() - Add one part to a subject
 * @subject:	The subject
 * @part:	"CN" or "O"
 * @value:	Its value; NULL adds nothing
 *
 * Return: true where it worked
 */
static bool add_name(X509_NAME *subject, const char *part, const char *value)
{
	return !value || X509_NAME_add_entry_by_txt(
				 subject, part, MBSTRING_UTF8,
				 (const unsigned char *)value, -1, -1, 0);
}

/**
 * add_extension() - Add an extension by OpenSSL's configuration words
 * @cert:	The certificate
 * @issuer:	Its issuer's certificate, for the key identifier
 * @nid:	Extension, e.g. NID_key_usage
 * @value:	Words, e.g. "critical,digitalSignature"
 *
 * Return: true where it worked
 */
static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX ctx;
	int ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (!extension)
		return false;
	ok = X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	return ok == 1;
}

/**
 * push_name() - Append one alternative name
 * @names:	The list
 * @type:	GEN_DNS or GEN_IPADD
 * @data:	Text of the name, or bytes of the address
 * @len:	Bytes of it
 *
 * Return: 0 or -ENOMEM
 */
static int push_name(GENERAL_NAMES *names, int type, const void *data,
		     size_t len)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *value = type == GEN_DNS ? ASN1_IA5STRING_new() :
					       ASN1_OCTET_STRING_new();

	if (!name || !value || !ASN1_STRING_set(value, data, (int)len))
		goto fail;
	GENERAL_NAME_set0_value(name, type, value);
	if (sk_GENERAL_NAME_push(names, name))
		return 0;
	value = NULL;
fail:
	ASN1_STRING_free(value);
	GENERAL_NAME_free(name);
	return -ENOMEM;
}

/**
 * add_alternatives() - Add the subjectAltName a request asks for
 * @cert:	The certificate
 * @want:	The request; no names, no extension
 *
 * RFC 5280 4.2.1.6: an address is 4 or 16 octets, never text.
 *
 * Return: 0, -ENOMEM, or -EINVAL for an address that is none
 */
static int add_alternatives(X509 *cert, const struct pki_request *want)
{
	_cleanup_(GENERAL_NAMES_freep) GENERAL_NAMES *names =
		GENERAL_NAMES_new();
	struct addr a;
	size_t i;
	int r;

	if (!names)
		return -ENOMEM;

	for (i = 0; i < PKI_NAMES && want->dns[i]; i++) {
		r = push_name(names, GEN_DNS, want->dns[i],
			      strlen(want->dns[i]));
		if (r < 0)
			return r;
	}
	for (i = 0; i < PKI_NAMES && want->ip[i]; i++) {
		r = addr_parse(want->ip[i], &a);
		if (r < 0)
			return -EINVAL;
		r = push_name(names, GEN_IPADD, a.bytes, addr_bits(&a) / 8);
		if (r < 0)
			return r;
	}
	if (sk_GENERAL_NAME_num(names) &&
	    !X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0))
		return -ENOMEM;
	return 0;
}

/**
 * cert_start() - A certificate with all but its extensions and signature
 * @key:	The subject's key
 * @name:	The subject's CN
 * @group:	The subject's O, or NULL
 * @issuer:	Who will sign; NULL: itself
 *
 * Return: the certificate, or NULL
 */
static X509 *cert_start(EVP_PKEY *key, const char *name, const char *group,
			X509 *issuer)
{
	_cleanup_(X509_freep) X509 *cert = X509_new();
	unsigned char serial[8];
	uint64_t number = 0;
	X509_NAME *subject;

	if (!cert || RAND_bytes(serial, sizeof(serial)) != 1)
		return NULL;
	for (size_t i = 0; i < sizeof(serial); i++)
		number = number << 8 | serial[i];

	subject = X509_get_subject_name(cert);
	if (!X509_set_version(cert, X509_VERSION_3) ||
	    !ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert),
				     number >> 1 | 1) ||
	    !X509_gmtime_adj(X509_getm_notBefore(cert), -PKI_BACKDATE) ||
	    !X509_gmtime_adj(X509_getm_notAfter(cert), PKI_DAYS * 86400L) ||
	    !add_name(subject, "O", group) || !add_name(subject, "CN", name) ||
	    !X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) :
						 subject) ||
	    !X509_set_pubkey(cert, key))
		return NULL;
	return TAKE_PTR(cert);
}

/**
 * make_authority() - Make one CA and write its two files
 * @dir_fd:	Where to
 * @which:	Which one
 * @ret_ca:	Its key and certificate; the caller frees both
 *
 * Return: 0, -ENOMEM, or errno of a file
 */
static int make_authority(int dir_fd, enum pki_ca which,
			  struct authority *ret_ca)
{
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	_cleanup_(X509_freep) X509 *cert = NULL;
	int r;

	if (!key)
		return -ENOMEM;
	cert = cert_start(key, authorities[which].name, NULL, NULL);
	if (!cert ||
	    !add_extension(cert, cert, NID_basic_constraints,
			   "critical,CA:TRUE") ||
	    !add_extension(cert, cert, NID_key_usage,
			   "critical,keyCertSign,digitalSignature") ||
	    !add_extension(cert, cert, NID_subject_key_identifier, "hash") ||
	    !X509_sign(cert, key, EVP_sha256()))
		return -ENOMEM;

	r = write_cert(dir_fd, authorities[which].file, cert);
	if (r < 0)
		return r;
	r = write_key(dir_fd, authorities[which].file, key);
	if (r < 0)
		return r;

	ret_ca->key = TAKE_PTR(key);
	ret_ca->cert = TAKE_PTR(cert);
	return 0;
}

/**
 * pki_new() - Make the authorities of a cluster
 * @dir_fd:	Directory for all files; stays the caller's and open until pki_free()
 * @ret_pki:	The PKI; end it by pki_free()
 *
 * Return: 0, -ENOMEM, or errno of a file
 */
int pki_new(int dir_fd, struct pki **ret_pki)
{
	_cleanup_(pki_freep) struct pki *pki = calloc(1, sizeof(*pki));
	int r;

	if (!pki)
		return -ENOMEM;
	pki->dir_fd = dir_fd;
	for (size_t i = 0; i < PKI_CA_MAX; i++) {
		r = make_authority(dir_fd, (enum pki_ca)i, &pki->ca[i]);
		if (r < 0)
			return r;
	}
	*ret_pki = TAKE_PTR(pki);
	return 0;
}

/**
 * pki_free() - Forget the authorities' keys; the files stay
 * @pki:	The PKI or NULL
 */
void pki_free(struct pki *pki)
{
	if (!pki)
		return;
	for (size_t i = 0; i < PKI_CA_MAX; i++) {
		EVP_PKEY_free(pki->ca[i].key);
		X509_free(pki->ca[i].cert);
	}
	free(pki);
}

/**
 * usage_words() - Extended key usage in OpenSSL's words
 * @usage:	PKI_SERVER, PKI_CLIENT or both
 *
 * Return: constant text
 */
static const char *usage_words(unsigned int usage)
{
	static const char *const words[] = {
		[PKI_SERVER] = "serverAuth",
		[PKI_CLIENT] = "clientAuth",
		[PKI_SERVER | PKI_CLIENT] = "serverAuth,clientAuth",
	};

	return usage < ARRAY_SIZE(words) ? words[usage] : NULL;
}

/**
 * pki_issue() - Make a key, sign its certificate, write both
 * @pki:	The PKI
 * @want:	Subject, usage, names and file
 *
 * Return: 0, -ENOMEM, -EINVAL for an address or usage that is none, or errno of a file
 */
int pki_issue(const struct pki *pki, const struct pki_request *want)
{
	const struct authority *ca = &pki->ca[want->ca];
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	_cleanup_(X509_freep) X509 *cert = NULL;
	const char *usage = usage_words(want->usage);
	int r;

	if (!usage)
		return -EINVAL;
	if (!key)
		return -ENOMEM;
	cert = cert_start(key, want->name, want->group, ca->cert);
	if (!cert ||
	    !add_extension(cert, ca->cert, NID_key_usage,
			   "critical,digitalSignature") ||
	    !add_extension(cert, ca->cert, NID_ext_key_usage, usage) ||
	    !add_extension(cert, ca->cert, NID_authority_key_identifier,
			   "keyid"))
		return -ENOMEM;
	r = add_alternatives(cert, want);
	if (r < 0)
		return r;
	if (!X509_sign(cert, ca->key, EVP_sha256()))
		return -ENOMEM;

	r = write_cert(pki->dir_fd, want->file, cert);
	if (r < 0)
		return r;
	return write_key(pki->dir_fd, want->file, key);
}

/**
 * pki_service_account() - Make sa.key and sa.pub, which sign and verify tokens
 * @pki:	The PKI
 *
 * Return: 0, -ENOMEM, or errno of a file
 */
int pki_service_account(const struct pki *pki)
{
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	_cleanup_(BIO_free_allp) BIO *bio = BIO_new(BIO_s_mem());
	int r;

	if (!key || !bio || !PEM_write_bio_PUBKEY(bio, key))
		return -ENOMEM;
	r = write_bio(pki->dir_fd, "sa", ".pub", bio, 0644);
	if (r < 0)
		return r;
	return write_key(pki->dir_fd, "sa", key);
}

/**
 * set_base64() - Set a member to the base64 of a file
 * @object:	JSON object
 * @key:	Member's name
 * @dir_fd:	The file's directory
 * @file:	NAME of NAME.SUFFIX
 * @suffix:	".crt" or ".key"
 *
 * Return: 0, -ENOMEM, -EFBIG past 8 KiB, or errno of the file
 */
static int set_base64(struct json *object, const char *key, int dir_fd,
		      const char *file, const char *suffix)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	unsigned char coded[4 * 8192 / 3 + 8];
	_cleanup_close_ int fd = -1;
	char path[256];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s%s", file, suffix) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	text.max = 8192;
	r = buf_read_fd(&text, fd);
	if (r < 0)
		return r;

	EVP_EncodeBlock(coded, (const unsigned char *)text.data, (int)text.len);
	json_set_string(object, key, (const char *)coded);
	return 0;
}

/**
 * pki_kubeconfig() - Write a kubeconfig that holds all it needs, 0600
 * @pki:	The PKI
 * @file:	File name in the PKI's directory, "admin.conf"
 * @server:	URL, "https://[2001:db8::1]:6443"
 * @identity:	NAME of the client certificate issued before
 *
 * JSON, which every reader of YAML reads.
 *
 * Return: 0, -ENOMEM, or errno of a file
 */
int pki_kubeconfig(const struct pki *pki, const char *file, const char *server,
		   const char *identity)
{
	_cleanup_(json_freep) struct json *root = json_object();
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct json *item, *part;
	int r;

	json_set_string(root, "apiVersion", "v1");
	json_set_string(root, "kind", "Config");
	json_set_string(root, "current-context", "shoot6");

	item = json_append_object(json_set_array(root, "contexts"));
	json_set_string(item, "name", "shoot6");
	part = json_set_object(item, "context");
	json_set_string(part, "cluster", "shoot6");
	json_set_string(part, "user", identity);

	item = json_append_object(json_set_array(root, "clusters"));
	json_set_string(item, "name", "shoot6");
	part = json_set_object(item, "cluster");
	json_set_string(part, "server", server);
	r = set_base64(part, "certificate-authority-data", pki->dir_fd,
		       authorities[PKI_CLUSTER].file, ".crt");
	if (r < 0)
		return r;

	item = json_append_object(json_set_array(root, "users"));
	json_set_string(item, "name", identity);
	part = json_set_object(item, "user");
	r = set_base64(part, "client-certificate-data", pki->dir_fd, identity,
		       ".crt");
	if (r < 0)
		return r;
	r = set_base64(part, "client-key-data", pki->dir_fd, identity, ".key");
	if (r < 0)
		return r;

	r = json_print(root, JSON_PRETTY, &text);
	if (r < 0)
		return r;
	return write_file(pki->dir_fd, file, text.data, text.len, 0600);
}
