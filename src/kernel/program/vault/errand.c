#include "kernel/program/vault/vault_internal.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "identity/file.h"

#define LEAST_NS (100 * NS_PER_MS)

int errand_begin(struct errand *errand, const struct vault_wire *wire,
		 const struct vault_settings *settings, struct error *err)
{
	uint64_t until_ns = clock_monotonic_ns() + VAULT_LOOK_NS;

	*errand = (struct errand) { 0 };
	if (wire->open(wire->data, err) < 0)
		return err->code;
	*errand = (struct errand) {
		.wire = wire,
		.settings = settings,
		.until_ns = until_ns,
	};
	return 0;
}

void errand_cleanup(struct errand *errand)
{
	if (errand->wire)
		errand->wire->close(errand->wire->data);
	*errand = (struct errand) { 0 };
}

/* What Vault says beside a status that is none of success. */
static int judge(unsigned status, const json_t *answer, struct error *err)
{
	char why[ERROR_TEXT_BYTES];

	(void)vault_answer_why(answer, why);
	if (status == 403)
		return error_set(err, -EACCES, "Vault denies that to the token (403: %s)", why);
	if (status == 503)
		return error_set(err, -EAGAIN, "Vault is sealed or not ready (503: %s)", why);
	if (status >= 300 && status < 400)
		return error_set(err, -EREMOTEIO,
				 "Vault sends us elsewhere (%u), which is not followed: name the "
				 "address of its active node",
				 status);
	return error_set(err, status == 429 || status >= 500 ? -EAGAIN : -EREMOTEIO,
			 "Vault answers %u (%s)", status, why);
}

static json_t *read_answer(unsigned status, const struct buf *body, struct error *err)
{
	CLEANUP(json) json_t *answer = NULL;
	struct error why = { 0 };
	bool is_good = status == 200 || status == 404;

	if (status == 204)
		return json_object();
	if (body->dropped) {
		error_set(err, -E2BIG, "Vault answers with more than %zu KiB",
			  VAULT_ANSWER_MAX_BYTES / KIB);
		return NULL;
	}
	answer = vault_answer_parse(buf_text(body), body->len, &why);
	if (is_good && !answer) {
		*err = why;
		return NULL;
	}
	if (status == 200)
		return TAKE(answer);
	if (status != 404 || !vault_answer_is_absence(answer))
		judge(status, answer, err);
	return NULL;
}

json_t *errand_ask(const struct errand *errand, const char *path, const char *body,
		   struct error *err)
{
	const struct vault_settings *settings = errand->settings;
	char url[VAULT_URL_BYTES + VAULT_PATH_BYTES + 8];
	static const char zeros[VAULT_ANSWER_MAX_BYTES];
	/* A token may be in it, so it is wiped; one that grows leaves copies behind. */
	CLEANUP(secret_buf) struct buf answer = { 0 };
	uint64_t now_ns = clock_monotonic_ns();
	unsigned status = 0;
	struct vault_request request = {
		.method = body ? "POST" : "GET",
		.url = url,
		.token = buf_text(&settings->token),
		.namespace = settings->namespace[0] ? settings->namespace : NULL,
		.body = body,
		.ca = settings->ca.len ? buf_text(&settings->ca) : NULL,
		.client = settings->client.len ? buf_text(&settings->client) : NULL,
	};

	text_format(url, sizeof(url), "%s/v1/%s", settings->url, path);
	if (now_ns + LEAST_NS >= errand->until_ns) {
		error_set(err, -ETIMEDOUT, "Vault took more than %d s",
			  (int)(VAULT_LOOK_NS / NS_PER_SEC));
		return NULL;
	}
	request.total_ns = errand->until_ns - now_ns;
	if (request.total_ns > VAULT_TOTAL_NS)
		request.total_ns = VAULT_TOTAL_NS;
	buf_init(&answer, VAULT_ANSWER_MAX_BYTES);
	buf_add(&answer, zeros, sizeof(zeros));
	buf_clear(&answer);
	if (errand->wire->ask(errand->wire->data, &request, &status, &answer, err) < 0) {
		error_wrap(err, "Vault");
		return NULL;
	}
	return read_answer(status, &answer, err);
}
