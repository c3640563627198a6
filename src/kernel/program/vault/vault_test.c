/* Keys of a Vault that the test plays. */
#include "kernel/program/vault/vault.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/test.h"
#include "identity/key.h"
#include "identity/test_folder.h"
#include "kernel/program/vault/answer.h"

/* What it answers to everything but questions about tokens, and what it was asked. */
static struct {
	unsigned status;
	char body[4096];
	int64_t ttl_s;
	bool is_renewable, is_away;
	unsigned n_asked, n_lookups, n_renewals;
	char url[600], namespace[64];
} peer;

static int open_way(void *data UNUSED, struct error *err)
{
	return peer.is_away ? error_set(err, -ECONNREFUSED, "nobody is there") : 0;
}

static void close_way(void *data UNUSED)
{
}

static int ask(void *data UNUSED, const struct vault_request *request, unsigned *status_out,
	       struct buf *body, struct error *err UNUSED)
{
	*status_out = 200;
	if (strstr(request->url, "/auth/token/lookup-self")) {
		peer.n_lookups++;
		buf_add_format(body, "{\"data\":{\"ttl\":%jd,\"renewable\":%s,\"expire_time\":%s}}",
			       (intmax_t)peer.ttl_s, peer.is_renewable ? "true" : "false",
			       peer.ttl_s ? "\"2030-01-01T00:00:00Z\"" : "null");
		return 0;
	}
	if (strstr(request->url, "/auth/token/renew-self")) {
		peer.n_renewals++;
		buf_add_format(body, "{\"auth\":{\"lease_duration\":%jd,\"renewable\":true}}",
			       (intmax_t)peer.ttl_s);
		return 0;
	}
	peer.n_asked++;
	text_copy(peer.url, sizeof(peer.url), request->url);
	text_copy(peer.namespace, sizeof(peer.namespace),
		  request->namespace ? request->namespace : "");
	*status_out = peer.status;
	buf_add_text(body, peer.body);
	return 0;
}

static void say_key(EVP_PKEY *key)
{
	char line[KEY_TEXT_BYTES];

	peer.status = 200;
	text_format(peer.body, sizeof(peer.body), "{\"data\":{\"public_key\":\"%s\"}}",
		    key_text(key, line));
}

static json_t *settings(const char *more)
{
	char text[512];
	struct error err = { 0 };

	text_format(text, sizeof(text),
		    "{\"url\":\"https://vault:8200/\",\"kv\":[\"secret/keys\"]%s}", more);
	return json_parse(text, strlen(text), sizeof(text), &err);
}

static void begin(struct vault *vault, const char *folder)
{
	memset(&peer, 0, sizeof(peer));
	*vault = (struct vault) {
		.folder = folder,
		.environment = { .token = "a-token" },
		.wire = { open_way, ask, close_way, NULL },
	};
	vault_init(vault);
}

static size_t count(const struct vault *vault)
{
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	struct error err = { 0 };

	return vault_add_keys(vault, &trust, &err) == 0 ? trust.n_keys : 0;
}

TEST(a_key_counts_until_vault_has_it_no_more)
{
	CLEANUP(json) json_t *document = settings(",\"namespace\":\"team/a\"");
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);
	struct vault vault;

	begin(&vault, NULL);
	say_key(key);
	vault_look(&vault, document);
	CHECK_INT((int)count(&vault), 1);
	CHECK_TEXT(peer.url, "https://vault:8200/v1/secret/keys");
	CHECK_TEXT(peer.namespace, "team/a");
	peer.status = 503;
	text_copy(peer.body, sizeof(peer.body), "{\"errors\":[\"Vault is sealed\"]}");
	vault_look(&vault, document);
	CHECK_INT((int)count(&vault), 1);
	peer.is_away = true;
	vault_look(&vault, document);
	CHECK_INT((int)count(&vault), 1);
	peer.is_away = false;
	peer.status = 404;
	text_copy(peer.body, sizeof(peer.body), "{\"errors\":[]}");
	vault_look(&vault, document);
	CHECK_INT((int)count(&vault), 0);
	vault_finish(&vault);
}

TEST(what_was_read_last_outlives_a_restart_and_no_other_address)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(json) json_t *document = settings("");
	CLEANUP(json) json_t *young = settings(",\"max_age_s\":1");
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_EC_P256);
	struct vault vault;

	test_folder_make(&folder);
	begin(&vault, folder.path);
	say_key(key);
	vault_look(&vault, document);
	vault_finish(&vault);
	begin(&vault, folder.path);
	peer.is_away = true;
	vault_look(&vault, document);
	CHECK_INT((int)count(&vault), 1);
	json_put(json_object_get(json_object_get(vault.known, "sources"), "kv:secret/keys"), "at_s",
		 json_integer((json_int_t)(clock_wall_ns() / NS_PER_SEC) - 10));
	CHECK_INT((int)count(&vault), 1);
	vault_look(&vault, young);
	CHECK_INT((int)count(&vault), 0);
	json_put(json_object_get(json_object_get(vault.known, "sources"), "kv:secret/keys"), "at_s",
		 json_integer((json_int_t)(clock_wall_ns() / NS_PER_SEC) + 100));
	CHECK_INT((int)count(&vault), 0);
	vault_finish(&vault);
	begin(&vault, folder.path);
	peer.is_away = true;
	json_put(document, "url", json_string("https://other:8200"));
	vault_look(&vault, document);
	CHECK_INT((int)count(&vault), 0);
	vault_finish(&vault);
}

TEST(a_token_is_renewed_when_half_of_its_time_is_over)
{
	CLEANUP(json) json_t *document = settings("");
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);
	struct vault vault;
	uint64_t now_ns;

	begin(&vault, NULL);
	say_key(key);
	peer.ttl_s = 100;
	peer.is_renewable = true;
	vault_look(&vault, document);
	now_ns = clock_boot_ns();
	CHECK_INT((int)peer.n_lookups, 1);
	CHECK_INT((int)peer.n_renewals, 0);
	CHECK(vault.next_ns <= now_ns + 50 * NS_PER_SEC);
	vault_look(&vault, document);
	CHECK_INT((int)peer.n_renewals, 0);
	vault.lease.renew_ns = now_ns;
	vault_look(&vault, document);
	CHECK_INT((int)peer.n_renewals, 1);
	CHECK_INT((int)peer.n_lookups, 1);
	vault_finish(&vault);
	begin(&vault, NULL);
	say_key(key);
	peer.ttl_s = 100;
	vault_look(&vault, document);
	CHECK(strstr(vault.lease.why, "cannot be renewed"));
	vault_finish(&vault);
}

TEST(a_token_that_cannot_be_renewed_is_no_reason_to_look_all_the_time)
{
	CLEANUP(json) json_t *document = settings("");
	CLEANUP(json) json_t *missing = settings(",\"token_file\":\"/nowhere/token\"");
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);
	struct vault vault;

	begin(&vault, NULL);
	say_key(key);
	peer.ttl_s = 100;
	peer.is_renewable = true;
	vault_look(&vault, document);
	vault.lease.renew_ns = clock_boot_ns();
	vault_look(&vault, missing);
	CHECK(strstr(vault.why, "token_file"));
	CHECK(vault.next_ns > clock_boot_ns() + NS_PER_SEC);
	CHECK_INT((int)count(&vault), 1);
	vault.lease.renew_ns = clock_boot_ns();
	peer.is_away = true;
	vault_look(&vault, document);
	CHECK(vault.next_ns > clock_boot_ns() + NS_PER_SEC);
	vault_finish(&vault);
}

TEST(settings_that_cannot_be_read_take_no_keys_away)
{
	CLEANUP(json) json_t *document = settings("");
	CLEANUP(json) json_t *odd = settings(",\"namespace\":\"a b\"");
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);
	struct vault vault;

	begin(&vault, NULL);
	say_key(key);
	vault_look(&vault, document);
	vault_look(&vault, odd);
	CHECK(strstr(vault.why, "namespace"));
	peer.is_away = true;
	vault_look(&vault, document);
	CHECK_INT((int)count(&vault), 1);
	vault_finish(&vault);
}

TEST(what_an_earlier_process_read_is_recalled_without_asking)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(json) json_t *document = settings("");
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);
	struct vault vault;

	test_folder_make(&folder);
	begin(&vault, folder.path);
	say_key(key);
	vault_look(&vault, document);
	vault_finish(&vault);
	begin(&vault, folder.path);
	CHECK_INT((int)count(&vault), 0);
	vault_recall(&vault, document);
	CHECK_INT((int)count(&vault), 1);
	CHECK_INT((int)peer.n_asked, 0);
	CHECK(!vault_looked_lately(&vault, document) && !vault.next_ns);
	vault_finish(&vault);
}

/* Of a transit key, as Vault lists them: 1, 10, 11 ... 2, 20. */
static json_t *say_versions(int n)
{
	json_t *keys = json_object();
	char raw[64], name[16];

	for (int first = 1; first <= 9; first++) {
		for (int i = 1; i <= n; i++) {
			unsigned char bytes[32] = { (unsigned char)i, 1 };

			text_format(name, sizeof(name), "%d", i);
			if (name[0] != '0' + first)
				continue;
			(void)base64_encode(bytes, sizeof(bytes), raw);
			json_put(keys, name, json_pack("{s:s}", "public_key", raw));
		}
	}
	return json_pack("{s:{s:s, s:i, s:o}}", "data", "type", "ed25519", "latest_version", n,
			 "keys", keys);
}

TEST(of_many_versions_the_newest_count)
{
	struct vault_source source = { .kind = VAULT_TRANSIT };
	CLEANUP(json) json_t *few = say_versions(12), *many = say_versions(40);
	CLEANUP(json) json_t *keys = NULL, *newest = NULL;
	char why[ERROR_TEXT_BYTES];
	struct error err = { 0 };

	keys = vault_answer_keys(few, &source, why, &err);
	CHECK_INT((int)json_array_size(keys), 12);
	CHECK_TEXT(why, "");
	newest = vault_answer_keys(many, &source, why, &err);
	CHECK_INT((int)json_array_size(newest), VAULT_MAX_KEYS);
	CHECK_INT((int)json_get_int(json_array_get(newest, 0), "version", 0), 40);
	CHECK_INT((int)json_get_int(json_array_get(newest, VAULT_MAX_KEYS - 1), "version", 0), 9);
	CHECK(strstr(why, "only the newest 32 versions count"));
}

TEST(keys_beyond_the_limit_are_told_of_and_refuse_nothing)
{
	CLEANUP(json)
	json_t *document = json_pack("{s:s, s:[s,s,s,s]}", "url", "https://vault:8200", "transit",
				     "a", "b", "c", "d");
	CLEANUP(json) json_t *versions = say_versions(30);
	CLEANUP(text) char *text = json_canonical(versions);
	CLEANUP(json) json_t *shown = NULL;
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	struct error err = { 0 };
	struct vault vault;

	begin(&vault, NULL);
	peer.status = 200;
	text_copy(peer.body, sizeof(peer.body), text);
	vault_look(&vault, document);
	CHECK_OK(vault_add_keys(&vault, &trust, &err), err);
	CHECK_INT((int)trust.n_keys, 30); /* the same ones in each */
	CHECK(strstr(json_get_text(vault.troubles, "transit:d", ""), "6 of its 30 keys count"));
	CHECK(!json_object_get(vault.troubles, "transit:c"));
	shown = vault_describe(&vault);
	CHECK_TEXT(json_get_text(shown, "state", ""), "troubled");
	vault_finish(&vault);
}

TEST(a_token_goes_nowhere_in_the_clear)
{
	static const char *const refused[] = {
		"http://vault:8200",
		"http://localhost.example.org",
		"http://127.0.0.1@vault",
		"https://user@vault:8200",
		"https://vault:8200/path",
		"ftp://vault",
		"https://",
		"https://va ult",
	};
	const struct vault_environment environment = { .token = "t" };
	struct vault_settings read;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct error err = { 0 };
		CLEANUP(json) json_t *document = json_pack("{s:s}", "url", refused[i]);

		CHECK_INT(vault_settings_read(&read, document, &environment, &err), -EINVAL);
		vault_settings_finish(&read);
	}
	for (size_t i = 0; i < 2; i++) {
		struct error err = { 0 };
		CLEANUP(json)
		json_t *document = json_pack("{s:s}", "url",
					     i ? "http://localhost:8200" : "http://[::1]:8200/");

		CHECK_INT(vault_settings_read(&read, document, &environment, &err), 0);
		CHECK_TEXT(read.sources[0].path, VAULT_DEFAULT_PATH);
		vault_settings_finish(&read);
	}
}
