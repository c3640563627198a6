/* How long the token is good. */
#include "kernel/program/vault/vault_internal.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "call/hash.h"

#define LEAST_NS NS_PER_SEC

static const char *end_text(uint64_t ends_ns, char text[CLOCK_TEXT_BYTES])
{
	uint64_t now_ns = clock_boot_ns(), wall_ns = clock_wall_ns();

	return clock_format(ends_ns > now_ns ? wall_ns + (ends_ns - now_ns)
					     : wall_ns - (now_ns - ends_ns),
			    text);
}

static void note(struct vault_lease *lease, const struct vault_ttl *ttl)
{
	uint64_t now_ns = clock_boot_ns(), half_ns = ttl->ttl_s * NS_PER_SEC / 2;
	char text[CLOCK_TEXT_BYTES];

	lease->is_known = true;
	lease->is_renewable = ttl->is_renewable;
	lease->ends_ns = ttl->ttl_s ? now_ns + ttl->ttl_s * NS_PER_SEC : UINT64_MAX;
	lease->renew_ns = UINT64_MAX;
	lease->why[0] = '\0';
	if (!ttl->ttl_s)
		return;
	if (ttl->is_renewable)
		lease->renew_ns = now_ns + (half_ns > LEAST_NS ? half_ns : LEAST_NS);
	else
		text_format(lease->why, sizeof(lease->why),
			    "the token for Vault ends at %s and cannot be renewed",
			    end_text(lease->ends_ns, text));
}

static void note_end(struct vault_lease *lease, const struct error *why)
{
	char text[CLOCK_TEXT_BYTES];

	if (lease->is_known && lease->ends_ns <= clock_boot_ns())
		text_format(lease->why, sizeof(lease->why),
			    "the token for Vault ended at %s: it needs another",
			    end_text(lease->ends_ns, text));
	else
		text_format(lease->why, sizeof(lease->why), "the token for Vault: %.400s",
			    why->text);
}

static void ask(struct vault_lease *lease, const struct errand *errand, const char *path,
		const char *body)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *answer = errand_ask(errand, path, body, &err);
	uint64_t now_ns = clock_boot_ns(), rest_ns;
	struct vault_ttl ttl;

	if (!answer && !err.code)
		error_set(&err, -ENOENT, "Vault knows no '%s'", path);
	if (!err.code && vault_answer_token(answer, &ttl, &err) == 0) {
		note(lease, &ttl);
		return;
	}
	note_end(lease, &err);
	if (!lease->is_known)
		return;
	/* Again before it ends, if that is still to come. */
	rest_ns = lease->ends_ns > now_ns ? (lease->ends_ns - now_ns) / 4 : 0;
	lease->renew_ns = rest_ns > LEAST_NS ? now_ns + rest_ns : UINT64_MAX;
}

void lease_keep(struct vault_lease *lease, const struct errand *errand)
{
	const struct buf *token = &errand->settings->token;
	char hash[HASH_TEXT_BYTES];
	uint64_t now_ns = clock_boot_ns();

	(void)hash_text(buf_text(token), token->len, hash);
	if (strcmp(lease->token_hash, hash) != 0) {
		*lease = (struct vault_lease) { .ends_ns = UINT64_MAX, .renew_ns = UINT64_MAX };
		text_copy(lease->token_hash, sizeof(lease->token_hash), hash);
	}
	if (!lease->is_known || lease->ends_ns <= now_ns)
		ask(lease, errand, "auth/token/lookup-self", NULL);
	else if (lease->renew_ns <= now_ns)
		ask(lease, errand, "auth/token/renew-self", "{}");
}
