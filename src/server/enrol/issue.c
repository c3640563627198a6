#include "server/enrol/issue.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "identity/csr.h"
#include "identity/key.h"
#include "identity/token.h"

/* No row where the agent is not there (any more). */
static const char certificate_sql[] =
	"INSERT INTO certificates (org, serial, agent, fingerprint, spki, not_before, not_after) "
	"SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), id, CAST($4 AS TEXT), CAST($5 AS TEXT), "
	"CAST($6 AS BIGINT), CAST($7 AS BIGINT) FROM agents "
	"WHERE org = $1 AND id = $3 AND revoked IS NULL";
/* No row where the key is another's: the update that keeps all as it is does not happen. */
static const char key_sql[] = "INSERT INTO agent_keys (org, agent, spki) VALUES ($1, $2, $3) "
			      "ON CONFLICT (spki) DO UPDATE SET agent = agent_keys.agent "
			      "WHERE agent_keys.org = $1 AND agent_keys.agent = $2";

int issue_request_read(const json_t *body, struct issue_request *request_out, struct error *err)
{
	const char *pem = json_get_text(body, "csr", NULL);
	const char *base64 = json_get_text(body, "csr_base64", NULL);
	CLEANUP(buf) struct buf decoded = { 0 };

	if (!pem && !base64)
		return error_set(err, -EINVAL, "there is no csr and no csr_base64");
	(void)token_hash(pem ? pem : base64, strlen(pem ? pem : base64), request_out->sha256);
	if (!pem) {
		buf_init(&decoded, CSR_MAX_BYTES);
		if (base64_decode_lines(base64, strlen(base64), &decoded) < 0)
			return error_set(err, -EBADMSG, "csr_base64 is not Base64 of a request");
	}
	request_out->key =
		csr_parse(pem ? pem : buf_text(&decoded), pem ? strlen(pem) : decoded.len, err);
	return request_out->key ? 0 : err->code;
}

void issue_request_finish(struct issue_request *request)
{
	EVP_PKEY_free(request->key);
	request->key = NULL;
}

void issue_request_cleanup(struct issue_request *request)
{
	issue_request_finish(request);
}

int issue_make(const struct org *org, const char *agent, EVP_PKEY *key, struct issue *issue_out,
	       struct error *err)
{
	struct certificate_agent name = { 0 };
	CLEANUP(certificate) X509 *certificate = NULL;

	text_format(name.org, sizeof(name.org), "%s", org->id);
	text_format(name.agent, sizeof(name.agent), "%s", agent);
	certificate = ca_issue_agent(&org->ca, key, &name, clock_wall_ns(), err);
	if (!certificate)
		return err->code;
	*issue_out = (struct issue) { .certificate = certificate_format(certificate) };
	(void)certificate_serial(certificate, issue_out->serial);
	(void)certificate_fingerprint(certificate, issue_out->fingerprint);
	(void)key_text(key, issue_out->spki);
	issue_out->written[5] = store_int((int64_t)certificate_not_before_ns(certificate));
	issue_out->written[6] = store_int((int64_t)certificate_not_after_ns(certificate));
	return 0;
}

void issue_finish(struct issue *issue)
{
	free(issue->certificate);
	issue->certificate = NULL;
}

void issue_steps(struct issue *issue, const char *org, const char *agent,
		 struct store_step steps_out[ISSUE_STEPS])
{
	issue->written[0] = issue->owned[0] = store_text(org);
	issue->written[1] = store_text(issue->serial);
	issue->written[2] = issue->owned[1] = store_text(agent);
	issue->written[3] = store_text(issue->fingerprint);
	issue->written[4] = issue->owned[2] = store_text(issue->spki);
	steps_out[0] = (struct store_step) { certificate_sql, issue->written, 7, STORE_SOME };
	steps_out[1] = (struct store_step) { key_sql, issue->owned, 3, STORE_SOME };
}

json_t *issue_answer(const struct api *api, const char *agent, const struct issue *issue)
{
	char url[1024];
	const char *rest = strchr(api->config->public_url, ':');

	/* http becomes ws, https wss. */
	text_format(url, sizeof(url), "ws%s%s/api/v1/agents/%s/ws",
		    strncmp(api->config->public_url, "https", 5) == 0 ? "s" : "", rest, agent);
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "agent_id", agent, "certificate",
			 issue->certificate, "ca_certificate", api->config->ca_pem, "websocket_url",
			 url, "certificate_serial", issue->serial);
}
