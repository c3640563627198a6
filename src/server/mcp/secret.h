/*
 * What is sealed of an MCP server: {"token"}, {"header", "value"}, {"client_id", "client_secret",
 * "token_url", "scope"?}, or of one where a person logs in (mcp_client/oauth/oauth.h)
 * {"client_id"?, "client_secret"?, "issuer"?, "grant"?}, and while somebody is at it "login" (who
 * opened a URL), "given" (what came of that, until he says so) and "refreshing_until".
 */
#pragma once

#include "base/json.h"
#include "server/mcp/mcp_server.h"

/* For CLEANUP(mcp_sealed). */
struct mcp_sealed {
	char *names; /* of what a person has to know of it, as a JSON array */
	char *text;
};

/* Whether it is what somebody has set as the secret, so that nobody logs in. */
bool mcp_secret_is_given(const json_t *secret);

/* Whether a part, "login" or "given", is there and not over ('now_ns': of the wall clock). */
bool mcp_secret_has(const json_t *secret, const char *part, uint64_t now_ns);

/* A new reference, to be forgotten by oauth_forget(); NULL with 'err'. */
json_t *mcp_secret_open(const struct mcp_servers *servers, const char *org, const char *id,
			const char *sealed, struct error *err);
/* -E2BIG with 'err': there is more of it than can be kept, as what an issuer gives may be. */
int mcp_secret_seal(const struct mcp_servers *servers, const char *org, const char *id,
		    const json_t *secret, struct mcp_sealed *sealed_out,
		    struct error *err) MUST_CHECK;
void mcp_sealed_cleanup(struct mcp_sealed *sealed);

/*
 * In its place, if it is still what was read ($5): org, id, names, text, text before. A seal is
 * another one each time, so nothing that somebody else stored meanwhile is lost.
 */
extern const char mcp_secret_swap_sql[];
