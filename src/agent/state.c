#include "agent/state.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "identity/file.h"
#include "identity/key.h"

#define DESCRIPTION_MAX_BYTES (16 * KIB)

static void place(char path[STATE_PATH_BYTES], const struct state *state, const char *name)
{
	text_format(path, STATE_PATH_BYTES, "%s/%s", state->folder, name);
}

static int copy(char *out, size_t size, const json_t *description, const char *key,
		struct error *err)
{
	const char *text = json_get_text(description, key, "");

	if (!*text || strlen(text) >= size)
		return error_set(err, -EBADMSG, "agent.json: '%s' is missing or too long", key);
	text_format(out, size, "%s", text);
	return 0;
}

static int load_description(struct state *state, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(json) json_t *description = NULL;
	char path[STATE_PATH_BYTES];
	int r;

	buf_init(&text, DESCRIPTION_MAX_BYTES);
	place(path, state, "agent.json");
	r = file_load_public(path, &text, err);
	if (r < 0)
		return r;
	description = json_parse(buf_text(&text), text.len, DESCRIPTION_MAX_BYTES, err);
	if (!description)
		return error_wrap(err, "%s", path);
	r = copy(state->agent, sizeof(state->agent), description, "agent_id", err);
	if (r == 0)
		r = copy(state->server, sizeof(state->server), description, "server", err);
	if (r == 0)
		r = copy(state->websocket, sizeof(state->websocket), description, "websocket_url",
			 err);
	return r;
}

static int load_trust(struct state *state, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	char path[STATE_PATH_BYTES];
	int r;

	buf_init(&text, FILE_MAX_BYTES);
	place(path, state, "ca.crt");
	r = file_load_public(path, &text, err);
	if (r < 0)
		return r;
	state->ca_pem = strdup(buf_text(&text));
	if (!state->ca_pem)
		abort();
	return 0;
}

static int load_identity(struct state *state, struct error *err)
{
	char path[STATE_PATH_BYTES];

	place(path, state, "agent.crt");
	state->certificate = certificate_load(path, err);
	if (!state->certificate)
		return err->code == -ENOENT
			       ? error_set(err, -ENOENT,
					   "this host is not enrolled: no '%s'; run 'constable "
					   "provision --orchestrator-url URL'",
					   path)
			       : err->code;
	place(path, state, "agent.key");
	state->key = key_load(path, KEY_EC_P256, err);
	if (!state->key)
		return err->code;
	if (!key_equal(X509_get0_pubkey(state->certificate), state->key))
		return error_set(err, -EBADMSG, "the certificate in '%s' is not for its key",
				 state->folder);
	return 0;
}

static int load_token(struct state *state, struct error *err)
{
	CLEANUP(secret_buf) struct buf text = { 0 };
	char path[STATE_PATH_BYTES];
	int r;

	place(path, state, "api_token");
	buf_init(&text, sizeof(state->api_token.text) - 1);
	r = file_load_private(path, &text, err);
	if (r == -ENOENT) {
		token_make(TOKEN_API_KEY, &state->api_token);
		return file_save_private(path, state->api_token.text, strlen(state->api_token.text),
					 err);
	}
	if (r < 0)
		return r;
	while (text.len && strchr(" \r\n", text.data[text.len - 1]))
		text.data[--text.len] = '\0';
	if (text.len < TOKEN_RANDOM_CHARS)
		return error_set(err, -EBADMSG, "'%s' is too short for a token", path);
	text_format(state->api_token.text, sizeof(state->api_token.text), "%s", buf_text(&text));
	return 0;
}

int state_load(struct state *state, const char *folder, struct error *err)
{
	int r;

	*state = (struct state) { 0 };
	text_format(state->folder, sizeof(state->folder), "%s", folder);
	r = load_identity(state, err);
	if (r == 0)
		r = load_description(state, err);
	if (r == 0)
		r = load_trust(state, err);
	if (r == 0)
		r = load_token(state, err);
	return r;
}

void state_finish(struct state *state)
{
	EVP_PKEY_free(state->key);
	X509_free(state->certificate);
	free(state->ca_pem);
	token_cleanup(&state->api_token);
	*state = (struct state) { 0 };
}

void state_cleanup(struct state *state)
{
	state_finish(state);
}

int state_renew(struct state *state, const char *pem, struct error *err)
{
	CLEANUP(certificate) X509 *fresh = certificate_parse(pem, strlen(pem), err);
	char path[STATE_PATH_BYTES];
	int r;

	if (!fresh)
		return err->code;
	if (!key_equal(X509_get0_pubkey(fresh), state->key))
		return error_set(err, -EBADMSG, "the new certificate is for another key");
	if (certificate_not_after_ns(fresh) <= clock_wall_ns() ||
	    certificate_not_after_ns(fresh) < certificate_not_after_ns(state->certificate))
		return error_set(err, -EBADMSG, "the new certificate ends before the old one");
	place(path, state, "agent.crt");
	r = certificate_save(path, fresh, err);
	if (r < 0)
		return r;
	X509_free(state->certificate);
	state->certificate = TAKE(fresh);
	return 0;
}
