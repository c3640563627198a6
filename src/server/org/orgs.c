#include "server/org/orgs.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "identity/file.h"
#include "server/org/vault.h"

#define NAME_BYTES (CERTIFICATE_ID_BYTES + 8)
#define CA_USE "ca"

struct orgs *orgs_new(const char *folder)
{
	struct orgs *orgs = calloc(1, sizeof(*orgs));

	if (!orgs)
		abort();
	orgs->folder = strdup(folder);
	orgs->trusted = X509_STORE_new();
	if (!orgs->folder || !orgs->trusted)
		abort();
	return orgs;
}

static void org_free(struct org *org)
{
	ca_finish(&org->ca);
	free(org->attachment_hosts);
	free(org->root_key);
	free(org);
}

void orgs_free(struct orgs *orgs)
{
	if (!orgs)
		return;
	for (unsigned i = 0; i < orgs->n; i++)
		org_free(orgs->list[i]);
	X509_STORE_free(orgs->trusted);
	free(orgs->folder);
	free(orgs);
}

void orgs_share(struct orgs *orgs, const struct vault *vault)
{
	orgs->vault = vault;
}

/* As its file has it, which is made where there is none. */
static int open_file(const struct orgs *orgs, const char *id, struct ca *ca, struct error *err)
{
	char name[NAME_BYTES], subject[ORG_NAME_BYTES];
	const struct ca_place place = {
		.purpose = CERTIFICATE_FOR_CLIENT,
		.folder = orgs->folder,
		.name = name,
		.subject = subject,
	};
	int r;

	text_format(name, sizeof(name), "org-%s", id);
	text_format(subject, CERTIFICATE_ID_BYTES, "constable agents %.40s", id);
	r = ca_open(ca, &place, clock_wall_ns(), err);
	return r < 0 ? error_wrap(err, "the CA of org '%s'", id) : 0;
}

int orgs_seal_ca(const struct orgs *orgs, const char *id, char **sealed_out, struct error *err)
{
	CLEANUP(ca) struct ca ca = { 0 };
	CLEANUP(secret_buf) struct buf text = { 0 };
	int r;

	*sealed_out = NULL;
	if (!orgs->vault)
		return 0;
	r = open_file(orgs, id, &ca, err);
	if (r < 0)
		return r;
	buf_init(&text, VAULT_MAX_BYTES);
	ca_write(&ca, &text);
	*sealed_out = vault_seal(orgs->vault, id, CA_USE, text.data, text.len);
	return 0;
}

static int unseal(const struct orgs *orgs, const char *id, const char *sealed, struct ca *ca,
		  struct error *err)
{
	CLEANUP(secret_buf) struct buf text = { 0 };
	char name[NAME_BYTES];

	text_format(name, sizeof(name), "org-%s", id);
	buf_init(&text, VAULT_MAX_BYTES);
	if (vault_unseal(orgs->vault, id, CA_USE, sealed, &text, err) < 0)
		return error_set(err, -EKEYREJECTED,
				 "the CA of org '%s' is in the database, sealed by a server with "
				 "another 'vault.key': copy the folder '%s' of that one",
				 id, orgs->folder);
	return ca_read(ca, CERTIFICATE_FOR_CLIENT, buf_text(&text), name, err);
}

/* The file that we have is the one that the others have; one that we have not is theirs. */
static int take_shared(const struct orgs *orgs, const char *id, const char *sealed,
		       struct error *err)
{
	CLEANUP(ca) struct ca theirs = { 0 };
	CLEANUP(ca) struct ca ours = { 0 };
	char name[NAME_BYTES];
	struct error why = { 0 };
	int r = unseal(orgs, id, sealed, &theirs, err);

	if (r < 0)
		return r;
	text_format(name, sizeof(name), "org-%s", id);
	r = ca_load(&ours, CERTIFICATE_FOR_CLIENT, orgs->folder, name, &why);
	if (r == -ENOENT)
		return ca_save(&theirs, orgs->folder, name, err);
	if (r == 0 && X509_cmp(ours.certificate, theirs.certificate) != 0)
		return error_set(err, -EKEYREJECTED,
				 "the CA of org '%s' in '%s' is another than the other servers of "
				 "this database have",
				 id, orgs->folder);
	return 0; /* what else is wrong with the file is said when it is opened */
}

static int open_ca(struct orgs *orgs, struct org *org, const char *sealed, struct error *err)
{
	int r = sealed && orgs->vault ? take_shared(orgs, org->id, sealed, err) : 0;

	if (r == 0)
		r = open_file(orgs, org->id, &org->ca, err);
	if (r < 0)
		return r;
	if (X509_STORE_add_cert(orgs->trusted, org->ca.certificate) != 1)
		abort(); /* out of memory */
	return 0;
}

static void fill(struct org *org, const struct store_rows *rows, unsigned row)
{
	const struct store_value *root = store_at(rows, row, 7);

	text_format(org->id, sizeof(org->id), "%s", store_text_at(rows, row, 0));
	text_format(org->name, sizeof(org->name), "%s", store_text_at(rows, row, 1));
	text_format(org->customer_id, sizeof(org->customer_id), "%s", store_text_at(rows, row, 2));
	org->created = store_int_at(rows, row, 3);
	org->author_may_approve = store_int_at(rows, row, 4);
	org->quota_agents = store_int_at(rows, row, 5);
	org->quota_calls = store_int_at(rows, row, 6);
	free(org->attachment_hosts);
	org->attachment_hosts = strdup(store_text_at(rows, row, 8));
	if (!org->attachment_hosts)
		abort();
	free(org->root_key);
	org->root_key = root->kind == STORE_TEXT ? strdup(root->text.data) : NULL;
}

struct org *orgs_add_row(struct orgs *orgs, const struct store_rows *rows, unsigned row,
			 struct error *err)
{
	const struct store_value *sealed = store_at(rows, row, 9);
	struct org *org = orgs_find(orgs, store_text_at(rows, row, 0));

	if (org) {
		fill(org, rows, row);
		return org;
	}
	if (orgs->n == ORG_MAX) {
		(void)error_set(err, -ENOSPC, "this server has its %d orgs already", ORG_MAX);
		return NULL;
	}
	org = calloc(1, sizeof(*org));
	if (!org)
		abort();
	fill(org, rows, row);
	if (open_ca(orgs, org, sealed->kind == STORE_TEXT ? sealed->text.data : NULL, err) < 0) {
		org_free(org);
		return NULL;
	}
	orgs->cas[orgs->n] = (struct certificate_org) { org->id, org->ca.certificate };
	orgs->list[orgs->n++] = org;
	return org;
}

struct org *orgs_find(const struct orgs *orgs, const char *id)
{
	for (unsigned i = 0; i < orgs->n; i++)
		if (strcmp(orgs->list[i]->id, id) == 0)
			return orgs->list[i];
	return NULL;
}

struct org *orgs_find_customer(const struct orgs *orgs, const char *customer_id)
{
	for (unsigned i = 0; i < orgs->n; i++)
		if (strcasecmp(orgs->list[i]->customer_id, customer_id) == 0)
			return orgs->list[i];
	return NULL;
}

bool orgs_take_call(struct org *org, uint64_t monotonic_ns)
{
	if (monotonic_ns - org->minute_ns >= 60 * NS_PER_SEC || !org->minute_ns) {
		org->minute_ns = monotonic_ns;
		org->n_calls = 0;
	}
	if (org->n_calls >= org->quota_calls)
		return false;
	org->n_calls++;
	return true;
}

struct org *orgs_identify(const struct orgs *orgs, X509 *certificate, uint64_t now_ns,
			  enum certificate_verdict *verdict_out,
			  struct certificate_agent *agent_out)
{
	struct error err = { 0 };

	*verdict_out =
		certificate_identify(certificate, orgs->cas, orgs->n, now_ns, agent_out, &err);
	if (*verdict_out == CERTIFICATE_REFUSED) {
		log_debug("a client certificate is refused: %s", err.text);
		return NULL;
	}
	return orgs_find(orgs, agent_out->org);
}
