#include "agent/client.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/test.h"

/* Of "secret-of-grafana" and "another". */
#define GRAFANA "c7e1f1a5b7e8f5b6e3a4d6f19cf1e7f16bf0f7d3b9c7b5b0f5cb9c7a6a1f2e3d"

static struct client client;

static int parse(struct client_keys *keys, const char *text, struct error *err)
{
	return client_keys_parse(keys, "keys", text, strlen(text), err);
}

static void check_refused(const char *text, const char *sentence)
{
	CLEANUP(client_keys) struct client_keys keys = { 0 };
	struct error err = { 0 };

	CHECK(parse(&keys, text, &err) < 0);
	CHECK_TEXT(err.text, sentence);
	CHECK_INT(keys.n, 0);
}

/* Its hash is that of no key that anybody knows. */
TEST(a_file_of_keys_is_read)
{
	CLEANUP(client_keys) struct client_keys keys = { 0 };
	struct error err = { 0 };

	CHECK_OK(
		parse(&keys, "# keys\n\n grafana " GRAFANA " # for the charts\nops " GRAFANA, &err),
		err);
	CHECK_INT(keys.n, 2);
	CHECK(!client_find_secret(&keys, "cst_token", "grafana", &client));
	CHECK(!client_find_secret(&keys, "cst_token", GRAFANA, &client));
	CHECK(!client_find_secret(&keys, "cst_token", "", &client));
}

TEST(who_has_a_key_has_its_name)
{
	CLEANUP(client_keys) struct client_keys keys = { 0 };
	struct error err = { 0 };

	/* printf %s hello | sha256sum */
	CHECK_OK(parse(&keys,
		       "hi 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n",
		       &err),
		 err);
	CHECK(client_find_secret(&keys, "cst_token", "hello", &client));
	CHECK_TEXT(client.name, "key hi");
	CHECK(client_find_secret(&keys, "cst_token", "cst_token", &client));
	CHECK_TEXT(client.name, "token");
	CHECK(!client_find_secret(&keys, "cst_token", "hello ", &client));
}

TEST(a_bad_line_is_an_error_with_its_place)
{
	static char many[80 * (CLIENT_MAX_KEYS + 2)];

	check_refused("\ngrafana", "keys:2: expected a name and a SHA-256");
	check_refused("a b " GRAFANA, "keys:1: expected a name and a SHA-256");
	check_refused("a secret",
		      "keys:1: key 'a': expected its SHA-256, 64 of 0-9 and a-f (printf %s KEY | "
		      "sha256sum)");
	check_refused("\xc3\xa9 " GRAFANA, "keys:1: '\xc3\xa9' is no name of a key");
	for (int i = 0; i <= CLIENT_MAX_KEYS; i++)
		(void)snprintf(many + strlen(many), 80, "k%d " GRAFANA "\n", i);
	check_refused(many, "keys:65: more than 64 keys");
}

static X509 *make(const char *const *names, const char *alternative)
{
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);
	X509_EXTENSION *extension =
		alternative ? X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alternative)
			    : NULL;

	for (; *names; names++)
		X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
					   (const unsigned char *)*names, -1, -1, 0);
	if (extension)
		X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	return certificate;
}

static void check_certificate(const char *const *names, const char *alternative,
			      const char *expected)
{
	X509 *certificate = make(names, alternative);

	CHECK(client_find_certificate(certificate, &client) == (expected != NULL));
	if (expected)
		CHECK_TEXT(client.name, expected);
	X509_free(certificate);
}

#define NAMES(...) ((const char *const[]) { __VA_ARGS__ __VA_OPT__(, ) NULL })

TEST(a_certificate_has_one_name)
{
	check_certificate(NAMES("backup"), "DNS:other", "certificate backup");
	check_certificate(NAMES(), "DNS:b.example", "certificate b.example");
	check_certificate(NAMES(), "URI:constable://acme/agent/a0",
			  "certificate constable://acme/agent/a0");
	check_certificate(NAMES(), "IP:10.0.0.1", NULL);
	check_certificate(NAMES(), NULL, NULL);
	check_certificate(NAMES("a", "b"), "DNS:c", NULL);
	check_certificate(NAMES("two words"), NULL, NULL);
	check_certificate(NAMES("b\xc3\xa9"), NULL, NULL);
}
