/* Enrolment of many: each with a key of its own and a request of its own, 32 at a time. */
#include <stdlib.h>
#include <string.h>

#include "fleet.h"
#include "identity/csr.h"
#include "identity/key.h"
#include "net/fetch.h"
#include "net/tls.h"

#define AT_ONCE 32
#define WAIT_NS (60 * NS_PER_SEC)

static void handle_enrolled(const struct fetch_request *request UNUSED, unsigned status UNUSED,
			    json_t *body, const struct error *err, void *data)
{
	struct member *member = data;
	const char *pem = json_get_text(body, "certificate", "");
	struct tls_identity identity = { .key = member->key };
	struct error why = { 0 };

	if (err)
		fleet_die(err);
	text_format(member->id, sizeof(member->id), "%s", json_get_text(body, "agent_id", ""));
	member->certificate = certificate_parse(pem, strlen(pem), &why);
	if (!member->certificate)
		fleet_die(&why);
	identity.certificate = member->certificate;
	member->tls = tls_client_new(&identity, member->fleet->trusted, &why);
	if (!member->tls)
		fleet_die(&why);
}

static void start(struct fetcher *fetcher, struct member *member, unsigned number,
		  const char *token)
{
	char name[32];
	struct error err = { 0 };
	CLEANUP(text) char *csr = NULL;
	CLEANUP(json) json_t *body = NULL;
	struct fetch_request request = {
		.method = "POST",
		.path = "/api/v1/agents/register",
		.done = handle_enrolled,
		.data = member,
	};

	text_format(name, sizeof(name), "host-%05u", number);
	member->key = key_make(KEY_EC_P256);
	csr = csr_make(member->key, name, NULL, &err);
	if (!csr)
		fleet_die(&err);
	body = json_pack("{s:s, s:s, s:s}", "hostname", name, "csr", csr, "provisioning_token",
			 token);
	request.body = body;
	if (fetcher_start(fetcher, &request, &err) < 0)
		fleet_die(&err);
}

void fleet_enrol(struct fleet *fleet, unsigned n, const char *token)
{
	struct error err = { 0 };
	struct fetcher *fetcher = fetcher_new(
		&(struct fetch_config) { .url = fleet->url, .ca_file = fleet->ca_file }, &err);
	unsigned n_started = 0;

	if (!fetcher)
		fleet_die(&err);
	fleet->members = calloc(n, sizeof(*fleet->members));
	if (!fleet->members)
		abort();
	fleet->n_members = n;
	while (n_started < n || fetcher_n_open(fetcher)) {
		while (n_started < n && fetcher_n_open(fetcher) < AT_ONCE) {
			fleet->members[n_started].fleet = fleet;
			fleet->members[n_started].number = n_started;
			start(fetcher, &fleet->members[n_started], n_started, token);
			n_started++;
		}
		(void)fetcher_wait(fetcher, -1, WAIT_NS);
	}
	fetcher_free(fetcher);
}
