#include "remote/enrolment.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

#include "base/encoding.h"
#include "identity/certificate.h"
#include "identity/csr.h"
#include "identity/file.h"
#include "identity/key.h"
#include "net/fetch.h"

#define PATH_BYTES 4096

static void place(char path[PATH_BYTES], const char *folder, const char *name)
{
	text_format(path, PATH_BYTES, "%s/%s", folder, name);
}

bool enrolment_exists(const char *folder)
{
	char path[PATH_BYTES];

	place(path, folder, "agent.crt");
	return access(path, F_OK) == 0;
}

static json_t *make_request(const struct enrolment *enrolment, const char *csr)
{
	char encoded[BASE64_TEXT_BYTES(CSR_MAX_BYTES)];
	size_t len = strlen(csr);
	json_t *body;

	(void)base64_encode(csr, len < CSR_MAX_BYTES ? len : CSR_MAX_BYTES, encoded);
	body = json_pack("{s:s, s:s, s:s, s:s, s:{s:b, s:b, s:b, s:b}}", "vm_id",
			 enrolment->hostname, "hostname", enrolment->hostname, "csr_base64",
			 encoded, "agent_version", enrolment->version, "capabilities",
			 "shell_executor", 1, "file_manager", 1, "system_monitor", 1,
			 "log_analyzer", 1);
	if (enrolment->customer_id) {
		json_put(body, "api_key", json_string(enrolment->token));
		json_put(body, "customer_id", json_string(enrolment->customer_id));
	} else {
		json_put(body, "provisioning_token", json_string(enrolment->token));
	}
	return body;
}

static int save_text(const char *folder, const char *name, const char *text, struct error *err)
{
	char path[PATH_BYTES];

	place(path, folder, name);
	return file_save_public(path, text, strlen(text), err);
}

/* What the server gave must be what the agent can use: checked before a file changes. */
static int check_answer(const struct enrolment *enrolment, const json_t *answer, EVP_PKEY *key,
			struct error *err)
{
	const char *text = json_get_text(answer, "certificate", "");
	CLEANUP(certificate) X509 *certificate = certificate_parse(text, strlen(text), err);

	if (!certificate)
		return error_wrap(err, "the certificate that the server gave");
	if (!key_equal(X509_get0_pubkey(certificate), key))
		return error_set(err, -EBADMSG, "the server gave a certificate for another key");
	if (!*json_get_text(answer, "agent_id", "") ||
	    !*json_get_text(answer, "ca_certificate", "") ||
	    !*json_get_text(answer, "websocket_url", ""))
		return error_set(err, -EBADMSG, "the server's answer is not whole");
	if (enrolment->root_key &&
	    strcmp(enrolment->root_key, json_get_text(answer, "root_key", "")) != 0)
		return error_set(err, -EKEYREJECTED,
				 "the server's org has %s as its root key, not the one of "
				 "--org-root; nothing was changed here",
				 json_get_text(answer, "root_key", "none"));
	return 0;
}

static int save(const struct enrolment *enrolment, const json_t *answer, struct error *err)
{
	CLEANUP(json)
	json_t *agent =
		json_pack("{s:s, s:s, s:s, s:s}", "agent_id", json_get_text(answer, "agent_id", ""),
			  "org", json_get_text(answer, "org", ""), "server", enrolment->url,
			  "websocket_url", json_get_text(answer, "websocket_url", ""));
	CLEANUP(text) char *text = json_canonical(agent);
	int r = save_text(enrolment->folder, "ca.crt", json_get_text(answer, "ca_certificate", ""),
			  err);

	if (r == 0)
		r = save_text(enrolment->folder, "agent.json", text, err);
	/* Last: with it the host counts as enrolled. */
	if (r == 0)
		r = save_text(enrolment->folder, "agent.crt",
			      json_get_text(answer, "certificate", ""), err);
	return r;
}

static int ask(const struct enrolment *enrolment, json_t *body, json_t **answer_out,
	       struct error *err)
{
	const struct fetch_config config = { .url = enrolment->url,
					     .pin = enrolment->pin,
					     .ca_file = enrolment->ca_file,
					     .proxy = enrolment->proxy,
					     .no_proxy = enrolment->no_proxy };
	CLEANUP(fetcher) struct fetcher *fetcher = fetcher_new(&config, err);
	struct fetch_request request = { .method = "POST",
					 .path = "/api/v1/agents/register",
					 .body = body };
	int r = fetcher ? fetch(fetcher, &request, answer_out, err) : err->code;

	if (r == -EKEYREJECTED)
		return error_wrap(err,
				  "the server is not who it should be; compare --pin with what "
				  "the server prints at its start");
	if (r == -EACCES)
		return error_wrap(err,
				  "the token is not accepted (a provisioning token is good "
				  "once and for 24 hours; 'constable token create' makes one)");
	return r;
}

int enrolment_run(const struct enrolment *enrolment, json_t **result_out, struct error *err)
{
	CLEANUP(key) EVP_PKEY *key = NULL;
	CLEANUP(json) json_t *body = NULL;
	CLEANUP(json) json_t *answer = NULL;
	CLEANUP(text) char *csr = NULL;
	char path[PATH_BYTES], name[65];
	int r;

	place(path, enrolment->folder, "agent.key");
	key = key_load_or_make(path, KEY_EC_P256, err);
	if (!key)
		return err->code;
	text_format(name, sizeof(name), "%s", enrolment->hostname);
	csr = csr_make(key, name, NULL, err);
	if (!csr)
		return err->code;
	body = make_request(enrolment, csr);
	r = ask(enrolment, body, &answer, err);
	if (r == 0)
		r = check_answer(enrolment, answer, key, err);
	if (r == 0)
		r = save(enrolment, answer, err);
	if (r == 0)
		*result_out = TAKE(answer);
	return r;
}
