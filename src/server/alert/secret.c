#include "server/alert/secret.h"

#include <stdlib.h>
#include <string.h>

#include "identity/file.h"
#include "server/alert/signature.h"
#include "server/org/vault.h"

#define USE_BYTES 96

static void use_of(const struct secret_place *place, char use[USE_BYTES])
{
	text_format(use, USE_BYTES, "integration/%s", place->integration);
}

static bool token_matches(const struct secret_kept kept[2], const char *token)
{
	char hash[TOKEN_HASH_BYTES];
	unsigned n = 0;

	(void)token_hash(token, strlen(token), hash);
	for (unsigned i = 0; i < 2; i++)
		n += kept[i].hash &&
		     token_equal(hash, strlen(hash), kept[i].hash, strlen(kept[i].hash));
	return n != 0;
}

bool secret_is_given(enum alert_kind kind)
{
	return kind == ALERT_PAGERDUTY || kind == ALERT_SLACK;
}

/* Nobody signs without a time: what was signed once would be good for ever. */
static bool slack_holds(struct str signature, struct str secret, const struct secret_proof *proof)
{
	char head[64];

	if (!proof->timestamp || strlen(proof->timestamp) > 20 || signature.len < 3 ||
	    strncmp(signature.data, "v0=", 3) != 0)
		return false;
	text_format(head, sizeof(head), "v0:%s", proof->timestamp);
	return signature_holds((struct str) { signature.data + 3, signature.len - 3 }, secret, head,
			       proof->body);
}

static bool holds(struct str signature, struct str secret, enum alert_kind kind,
		  const struct secret_proof *proof)
{
	const char *at = signature.data;
	unsigned n = 0, n_given = 0;
	struct str one;

	if (kind == ALERT_SLACK)
		return slack_holds(signature, secret, proof);
	if (kind != ALERT_PAGERDUTY)
		return signature_holds(signature, secret, proof->timestamp, proof->body);
	while (n_given++ < SIGNATURE_MAX_GIVEN && signature_next(&at, &one))
		n += signature_holds(one, secret, NULL, proof->body);
	return n != 0;
}

static bool signature_matches(const struct secret_place *place, const struct secret_kept kept[2],
			      const struct secret_proof *proof)
{
	struct str signature = { proof->signature, strlen(proof->signature) };
	char use[USE_BYTES];
	unsigned n = 0;

	use_of(place, use);
	for (unsigned i = 0; i < 2; i++) {
		CLEANUP(secret_buf) struct buf secret = { 0 };
		struct error err = { 0 };

		buf_init(&secret, SECRET_GIVEN_MAX_BYTES);
		if (kept[i].sealed &&
		    vault_unseal(place->vault, place->org, use, kept[i].sealed, &secret, &err) == 0)
			n += holds(signature, (struct str) { secret.data, secret.len }, place->kind,
				   proof);
	}
	return n != 0;
}

static bool is_now(const struct secret_proof *proof)
{
	const char *at = proof->timestamp;
	int64_t now_s = (int64_t)(proof->now_ns / NS_PER_SEC), told_s;

	if (!at)
		return true;
	return scan_i64(&at, &told_s) && !*at && told_s >= now_s - ALERT_SKEW_S &&
	       told_s <= now_s + ALERT_SKEW_S;
}

enum secret_verdict secret_judge(const struct secret_place *place, const struct secret_kept kept[2],
				 const struct secret_proof *proof)
{
	if (secret_is_given(place->kind) && !kept[0].sealed)
		return SECRET_UNSET;
	if (proof->signature) {
		if (!signature_matches(place, kept, proof))
			return SECRET_WRONG;
		return is_now(proof) ? SECRET_SIGNED : SECRET_LATE;
	}
	if (!proof->token || secret_is_given(place->kind))
		return SECRET_MISSING;
	return token_matches(kept, proof->token) ? SECRET_PROVEN : SECRET_WRONG;
}

const char *secret_sentence(enum secret_verdict verdict)
{
	switch (verdict) {
	case SECRET_PROVEN:
	case SECRET_SIGNED:
		break;
	case SECRET_WRONG:
		return "there is no such integration, or this is not its secret";
	case SECRET_MISSING:
		return "give the integration's secret as 'Authorization: Bearer SECRET', or sign "
		       "with it";
	case SECRET_LATE:
		return "the signature's timestamp is not within five minutes of now";
	case SECRET_UNSET:
		return "this integration does not know the other side's secret yet: constable "
		       "integration "
		       "rotate ID --secret-file FILE";
	}
	return "";
}

const char *secret_signature_field(enum alert_kind kind, const json_t *settings)
{
	if (kind == ALERT_PAGERDUTY)
		return "x-pagerduty-signature";
	if (kind == ALERT_SLACK)
		return "x-slack-signature";
	if (kind == ALERT_GRAFANA)
		return json_get_text(settings, "signature_header", "x-grafana-alerting-signature");
	return NULL;
}

const char *secret_timestamp_field(enum alert_kind kind, const json_t *settings)
{
	if (kind == ALERT_SLACK)
		return "x-slack-request-timestamp";
	if (kind == ALERT_GRAFANA)
		return json_get_text(settings, "timestamp_header", "x-grafana-alerting-timestamp");
	return NULL;
}

void secret_make(const struct secret_place *place, const char *given, struct secret_made *made_out)
{
	const char *text = given;
	char use[USE_BYTES];

	*made_out = (struct secret_made) { 0 };
	use_of(place, use);
	if (!secret_is_given(place->kind)) {
		token_make(TOKEN_ALERT, &made_out->token);
		text = made_out->token.text;
		(void)token_hash(text, strlen(text), made_out->hash);
		made_out->has_hash = true;
	}
	if (text && (secret_is_given(place->kind) || place->kind == ALERT_GRAFANA))
		made_out->sealed = vault_seal(place->vault, place->org, use, text, strlen(text));
}
