#include "identity/ca.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/test.h"
#include "identity/key.h"
#include "identity/test_folder.h"

#define NOW_NS (UINT64_C(1763830000) * NS_PER_SEC)
#define DAY_NS (86400 * NS_PER_SEC)

static void make(struct ca *ca, enum certificate_purpose purpose)
{
	struct error err = { 0 };

	CHECK_OK(ca_make(ca, purpose, "Constable CA of a test", NOW_NS, &err), err);
}

/* An extension as OpenSSL prints it, with "critical," in front where it is. */
static void print_extension(const X509 *certificate, int nid, char *text_out, size_t size)
{
	int at = X509_get_ext_by_NID(certificate, nid, -1);
	X509_EXTENSION *extension = at < 0 ? NULL : X509_get_ext(certificate, at);
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

	text_out[0] = '\0';
	if (extension)
		CHECK(X509V3_EXT_print(bio, extension, 0, 0));
	len = BIO_get_mem_data(bio, &data);
	if (extension)
		text_format(text_out, size, "%s%.*s",
			    X509_EXTENSION_get_critical(extension) ? "critical," : "", (int)len,
			    data);
	BIO_free(bio);
}

static void check_extension(const X509 *certificate, int nid, const char *expected)
{
	char text[512];

	print_extension(certificate, nid, text, sizeof(text));
	CHECK_TEXT(text, expected);
}

static void check_key_ids(const X509 *certificate, const X509 *ca)
{
	char own[512], issuer[512], of_issuer[512];

	print_extension(certificate, NID_subject_key_identifier, own, sizeof(own));
	print_extension(ca, NID_subject_key_identifier, of_issuer, sizeof(of_issuer));
	print_extension(certificate, NID_authority_key_identifier, issuer, sizeof(issuer));
	CHECK(own[0] && issuer[0]);
	issuer[strcspn(issuer, "\n")] = '\0';
	CHECK_TEXT(issuer + (strncmp(issuer, "keyid:", 6) == 0 ? 6 : 0), of_issuer);
}

TEST(a_ca_may_sign_end_certificates_of_one_purpose_and_nothing_else)
{
	CLEANUP(ca) struct ca servers = { 0 };
	CLEANUP(ca) struct ca clients = { 0 };

	make(&servers, CERTIFICATE_FOR_SERVER);
	make(&clients, CERTIFICATE_FOR_CLIENT);
	check_extension(clients.certificate, NID_basic_constraints, "critical,CA:TRUE, pathlen:0");
	check_extension(clients.certificate, NID_key_usage, "critical,Certificate Sign, CRL Sign");
	check_extension(clients.certificate, NID_ext_key_usage, "TLS Web Client Authentication");
	check_extension(servers.certificate, NID_ext_key_usage, "TLS Web Server Authentication");
	check_key_ids(clients.certificate, clients.certificate);
	CHECK_INT(X509_get_ext_count(clients.certificate), 5);
	CHECK_INT(certificate_not_after_ns(clients.certificate), NOW_NS + CA_DAYS * DAY_NS);
	CHECK(!key_equal(clients.key, servers.key));
}

TEST(an_agent_certificate_has_exactly_its_extensions_and_names)
{
	static const struct certificate_agent who = { "acme", "vm-web-1-12345" };
	CLEANUP(ca) struct ca ca = { 0 };
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	CLEANUP(certificate) X509 *certificate = NULL;
	struct error err = { 0 };
	char serial[CERTIFICATE_SERIAL_BYTES], name[256];

	make(&ca, CERTIFICATE_FOR_CLIENT);
	certificate = ca_issue_agent(&ca, key, &who, NOW_NS, &err);
	CHECK(certificate);
	check_extension(certificate, NID_basic_constraints, "critical,CA:FALSE");
	check_extension(certificate, NID_key_usage, "critical,Digital Signature");
	check_extension(certificate, NID_ext_key_usage, "TLS Web Client Authentication");
	check_extension(certificate, NID_subject_alt_name,
			"URI:constable://acme/agent/vm-web-1-12345");
	check_key_ids(certificate, ca.certificate);
	CHECK_INT(X509_get_ext_count(certificate), 6);
	CHECK_INT(X509_get_version(certificate), X509_VERSION_3);
	X509_NAME_oneline(X509_get_subject_name(certificate), name, sizeof(name));
	CHECK_TEXT(name, "/CN=vm-web-1-12345");
	CHECK_INT(certificate_not_before_ns(certificate), NOW_NS - 3600 * NS_PER_SEC);
	CHECK_INT(certificate_not_after_ns(certificate), NOW_NS + CA_AGENT_DAYS * DAY_NS);
	CHECK(key_equal(X509_get0_pubkey(certificate), key));
	CHECK(strlen(certificate_serial(certificate, serial)) > 24);
}

TEST(a_server_certificate_names_hosts_and_addresses)
{
	static const char *const hosts[] = { "srv.example.org", "*.example.org", "localhost",
					     "192.0.2.7",       "2001:db8::1",   NULL };
	CLEANUP(ca) struct ca ca = { 0 };
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	CLEANUP(certificate) X509 *certificate = NULL;
	struct error err = { 0 };

	make(&ca, CERTIFICATE_FOR_SERVER);
	certificate = ca_issue_server(&ca, key, hosts, NOW_NS, &err);
	CHECK(certificate);
	check_extension(certificate, NID_ext_key_usage, "TLS Web Server Authentication");
	check_extension(certificate, NID_subject_alt_name,
			"DNS:srv.example.org, DNS:*.example.org, DNS:localhost, "
			"IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:1");
	CHECK_INT(X509_check_host(certificate, "srv.example.org", 0, 0, NULL), 1);
	CHECK_INT(X509_check_host(certificate, "evil.org", 0, 0, NULL), 0);
	CHECK_INT(X509_check_ip_asc(certificate, "2001:db8::1", 0), 1);
	CHECK_INT(X509_check_ip_asc(certificate, "192.0.2.8", 0), 0);
	CHECK_INT(certificate_not_after_ns(certificate), NOW_NS + CA_SERVER_DAYS * DAY_NS);
}

TEST(a_ca_issues_for_its_purpose_only_and_for_plain_names_only)
{
	static const struct certificate_agent good = { "acme", "a" };
	static const struct certificate_agent bad[] = {
		{ "acme", "a/agent/b" }, { "acme/agent/x", "a" }, { "", "a" },
		{ "acme", "" },          { "acme", "a b" },       { "acme", "\xc3\xa4" },
		{ "acme", ".." },        { "acme", "a%" },
	};
	static const char *const hosts[] = { "a.example.org", NULL };
	static const char *const none[] = { NULL };
	static const char *const injected[][2] = {
		{ "a,IP:192.0.2.1" }, { "a..b" }, { "" }, { "a b" }, { "*" }, { "a/" },
		{ "fe80::1%lo" }
	};
	CLEANUP(ca) struct ca clients = { 0 };
	CLEANUP(ca) struct ca servers = { 0 };
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	CLEANUP(key) EVP_PKEY *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	struct error err = { 0 };

	make(&clients, CERTIFICATE_FOR_CLIENT);
	make(&servers, CERTIFICATE_FOR_SERVER);
	CHECK(!ca_issue_agent(&servers, key, &good, NOW_NS, &err));
	CHECK(!ca_issue_server(&clients, key, hosts, NOW_NS, &err));
	CHECK(!ca_issue_server(&servers, key, none, NOW_NS, &err));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!ca_issue_agent(&clients, key, &bad[i], NOW_NS, &err));
	for (size_t i = 0; i < ARRAY_LEN(injected); i++)
		CHECK(!ca_issue_server(&servers, key, injected[i], NOW_NS, &err));
	CHECK_INT(err.code, -EINVAL);
	CHECK(!ca_issue_agent(&clients, weak, &good, NOW_NS, &err));
	CHECK_INT(err.code, -EKEYREJECTED);
}

TEST(nothing_outlives_its_ca)
{
	static const struct certificate_agent who = { "acme", "a" };
	CLEANUP(ca) struct ca ca = { 0 };
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	CLEANUP(certificate) X509 *late = NULL;
	struct error err = { 0 };
	uint64_t end_ns;

	make(&ca, CERTIFICATE_FOR_CLIENT);
	end_ns = certificate_not_after_ns(ca.certificate);
	late = ca_issue_agent(&ca, key, &who, end_ns - DAY_NS, &err);
	CHECK(late);
	CHECK_INT(certificate_not_after_ns(late), end_ns);
	CHECK(!ca_issue_agent(&ca, key, &who, end_ns, &err));
	CHECK_INT(err.code, -EKEYEXPIRED);
}

TEST(a_ca_is_made_once_and_kept_private)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(ca) struct ca made = { 0 };
	CLEANUP(ca) struct ca loaded = { 0 };
	CLEANUP(ca) struct ca wrong = { 0 };
	struct ca_place place = { CERTIFICATE_FOR_CLIENT, folder.path, "org-acme", "CA of acme" };
	struct error err = { 0 };
	struct stat status;

	test_folder_make(&folder);
	CHECK_INT(ca_load(&made, CERTIFICATE_FOR_CLIENT, folder.path, "org-acme", &err), -ENOENT);
	CHECK_OK(ca_open(&made, &place, NOW_NS, &err), err);
	CHECK_OK(ca_open(&loaded, &place, NOW_NS, &err), err);
	CHECK(key_equal(made.key, loaded.key));
	CHECK_INT(X509_cmp(made.certificate, loaded.certificate), 0);
	CHECK_INT(stat(test_folder_file(&folder, "org-acme.key"), &status), 0);
	CHECK_INT(status.st_mode & 07777, 0600);
	CHECK_INT(ca_load(&wrong, CERTIFICATE_FOR_SERVER, folder.path, "org-acme", &err), -EBADMSG);
	CHECK(!wrong.key);
	CHECK_INT(unlink(folder.file), 0);
	CHECK_INT(ca_open(&wrong, &place, NOW_NS, &err), -EBADMSG);
	CHECK_INT(test_folder_count(&folder), 1);
}

TEST(a_ca_with_another_key_is_not_loaded)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(ca) struct ca ca = { 0 };
	CLEANUP(ca) struct ca loaded = { 0 };
	CLEANUP(key) EVP_PKEY *other = key_make(KEY_EC_P256);
	struct error err = { 0 };

	test_folder_make(&folder);
	make(&ca, CERTIFICATE_FOR_SERVER);
	CHECK_OK(ca_save(&ca, folder.path, "server", &err), err);
	CHECK_OK(ca_load(&loaded, CERTIFICATE_FOR_SERVER, folder.path, "server", &err), err);
	ca_finish(&loaded);
	CHECK_OK(key_save(test_folder_file(&folder, "server.key"), other, &err), err);
	CHECK_INT(ca_load(&loaded, CERTIFICATE_FOR_SERVER, folder.path, "server", &err), -EBADMSG);
}

TEST(a_ca_is_written_as_a_text_and_read_from_it)
{
	CLEANUP(ca) struct ca ca = { 0 };
	CLEANUP(ca) struct ca read = { 0 };
	CLEANUP(ca) struct ca other = { 0 };
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(buf) struct buf mixed = { 0 };
	char *certificate;
	struct error err = { 0 };

	make(&ca, CERTIFICATE_FOR_CLIENT);
	make(&other, CERTIFICATE_FOR_CLIENT);
	buf_init(&text, KEY_FILE_MAX_BYTES);
	buf_init(&mixed, KEY_FILE_MAX_BYTES);
	ca_write(&ca, &text);
	CHECK_OK(ca_read(&read, CERTIFICATE_FOR_CLIENT, buf_text(&text), "org-x", &err), err);
	CHECK_INT(X509_cmp(read.certificate, ca.certificate), 0);
	CHECK(key_equal(read.key, ca.key));
	ca_finish(&read);
	CHECK_INT(ca_read(&read, CERTIFICATE_FOR_SERVER, buf_text(&text), "org-x", &err), -EBADMSG);
	key_write(other.key, &mixed);
	certificate = certificate_format(ca.certificate);
	CHECK_INT(ca_read(&read, CERTIFICATE_FOR_CLIENT, certificate, "org-x", &err), -EBADMSG);
	buf_add_text(&mixed, certificate);
	free(certificate);
	CHECK_INT(ca_read(&read, CERTIFICATE_FOR_CLIENT, buf_text(&mixed), "org-x", &err),
		  -EBADMSG);
	CHECK_INT(ca_read(&read, CERTIFICATE_FOR_CLIENT, "", "org-x", &err), -EBADMSG);
	CHECK(!read.key && !read.certificate);
}
