#include "server/mcp/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/test.h"
#include "server/mcp/mcp_servers_internal.h"
#include "server/org/vault.h"

#define NOW_NS (1000 * NS_PER_SEC)

static json_t *secret_of(const char *part, uint64_t until_ns)
{
	return json_pack("{s:{s:I, s:s}}", part, "until", (json_int_t)until_ns, "code", "x");
}

TEST(a_login_is_over_in_time)
{
	CLEANUP(json) json_t *good = secret_of("login", NOW_NS + 1);
	CLEANUP(json) json_t *over = secret_of("login", NOW_NS);
	CLEANUP(json) json_t *other = secret_of("given", NOW_NS + 1);
	CLEANUP(json) json_t *endless = json_pack("{s:{}}", "login");

	CHECK(mcp_secret_has(good, "login", NOW_NS));
	CHECK(!mcp_secret_has(over, "login", NOW_NS));
	CHECK(!mcp_secret_has(other, "login", NOW_NS));
	CHECK(!mcp_secret_has(endless, "login", NOW_NS));
	CHECK(!mcp_secret_has(NULL, "login", NOW_NS));
}

TEST(nobody_logs_in_where_a_secret_is_set)
{
	static const char *const given[] = { "token", "header", "token_url" };
	CLEANUP(json) json_t *client = json_pack("{s:s, s:s}", "client_id", "a", "issuer", "b");

	for (size_t i = 0; i < ARRAY_LEN(given); i++) {
		CLEANUP(json) json_t *secret = json_pack("{s:s}", given[i], "x");

		CHECK(mcp_secret_is_given(secret));
	}
	CHECK(!mcp_secret_is_given(client));
}

static struct vault *make_vault(void)
{
	char folder[] = "/tmp/constable-secret-XXXXXX", path[64];
	struct error err = { 0 };
	struct vault *vault;

	CHECK(mkdtemp(folder));
	text_format(path, sizeof(path), "%s/vault.key", folder);
	vault = vault_open(path, &err);
	CHECK(vault);
	CHECK_INT(unlink(path), 0);
	CHECK_INT(rmdir(folder), 0);
	return vault;
}

/* Of tokens as long as an issuer may make them, each of whose bytes is two in JSON. */
static json_t *long_secret(unsigned n)
{
	json_t *secret = json_object();
	char token[8 * KIB + 1], name[16];

	memset(token, '"', sizeof(token) - 1);
	token[sizeof(token) - 1] = '\0';
	for (unsigned i = 0; i < n; i++) {
		text_format(name, sizeof(name), "token%u", i);
		json_put(secret, name, json_string(token));
	}
	return secret;
}

TEST(what_an_issuer_makes_too_long_is_an_error)
{
	struct mcp_servers servers = { .config = { .vault = make_vault() } };

	for (unsigned n = 3; n <= 4; n++) {
		CLEANUP(json) json_t *secret = long_secret(n);
		CLEANUP(mcp_sealed) struct mcp_sealed sealed = { 0 };
		CLEANUP(json) json_t *opened = NULL;
		struct error err = { 0 };
		int r = mcp_secret_seal(&servers, "org", "id", secret, &sealed, &err);

		CHECK_INT(r, n == 3 ? 0 : -E2BIG);
		if (r < 0) {
			CHECK(*err.text && !sealed.text);
			continue;
		}
		opened = mcp_secret_open(&servers, "org", "id", sealed.text, &err);
		CHECK(json_equal(opened, secret));
	}
	vault_free(servers.config.vault);
}
