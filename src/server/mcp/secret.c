#include "server/mcp/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "identity/file.h"
#include "server/mcp/mcp_servers_internal.h"
#include "server/org/vault.h"

#define USE_BYTES 128

const char mcp_secret_swap_sql[] =
	"UPDATE mcp_servers SET secrets = $3, sealed = $4 WHERE org = $1 AND id = $2 AND "
	"sealed = $5";

bool mcp_secret_is_given(const json_t *secret)
{
	return json_object_get(secret, "token") || json_object_get(secret, "header") ||
	       json_object_get(secret, "token_url");
}

bool mcp_secret_has(const json_t *secret, const char *part, uint64_t now_ns)
{
	const json_t *found = json_object_get(secret, part);

	return found && json_get_int(found, "until", 0) > (int64_t)now_ns;
}

json_t *mcp_secret_open(const struct mcp_servers *servers, const char *org, const char *id,
			const char *sealed, struct error *err)
{
	CLEANUP(secret_buf) struct buf plain = { 0 };
	char use[USE_BYTES];

	buf_init(&plain, VAULT_MAX_BYTES);
	text_format(use, sizeof(use), MCP_SERVER_SEAL, id);
	if (vault_unseal(servers->config.vault, org, use, sealed, &plain, err) < 0)
		return NULL;
	return json_parse(buf_text(&plain), plain.len, VAULT_MAX_BYTES, err);
}

/* What lasts for minutes is not told. */
static bool is_passing(const char *name)
{
	return strcmp(name, "login") == 0 || strcmp(name, "given") == 0 ||
	       strcmp(name, "refreshing_until") == 0;
}

int mcp_secret_seal(const struct mcp_servers *servers, const char *org, const char *id,
		    const json_t *secret, struct mcp_sealed *sealed_out, struct error *err)
{
	CLEANUP(json) json_t *names = json_array();
	char *plain = json_canonical(secret);
	size_t len = strlen(plain);
	char use[USE_BYTES];
	const char *name;
	json_t *value;

	if (len > VAULT_MAX_BYTES) {
		explicit_bzero(plain, len);
		free(plain);
		return error_set(err, -E2BIG, "its secret and its tokens are too long to be kept");
	}
	json_object_foreach((json_t *)(uintptr_t)secret, name, value)
	{
		if (!is_passing(name))
			json_push(names, json_string(name));
	}
	text_format(use, sizeof(use), MCP_SERVER_SEAL, id);
	sealed_out->names = json_canonical(names);
	sealed_out->text = vault_seal(servers->config.vault, org, use, plain, len);
	explicit_bzero(plain, len);
	free(plain);
	return 0;
}

void mcp_sealed_cleanup(struct mcp_sealed *sealed)
{
	free(sealed->names);
	free(sealed->text);
}
