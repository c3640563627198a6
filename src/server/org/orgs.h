/*
 * The orgs of this server, in memory: each with the client CA that signs its agents.
 *
 * The store's rows are read when it is ready, and again where another server of the database has
 * made or changed one (ORGS_NOTICE); none is removed. So a pointer to an org stays good as long as
 * the server runs.
 *
 * A CA is a file of the folder. Where several servers share a database, it is in the org's row as
 * well, sealed with the key that they share (vault.h), and the others make their file of that.
 */
#pragma once

#include "identity/ca.h"
#include "server/store/store.h"

#define ORG_DEFAULT "default" /* its admins are the server's */
#define ORG_NAME_BYTES 129
#define ORG_CUSTOMER_BYTES 37
#define ORG_MAX 4096

struct org {
	char id[CERTIFICATE_ID_BYTES];
	char name[ORG_NAME_BYTES];
	char customer_id[ORG_CUSTOMER_BYTES]; /* a UUID, no secret */
	int64_t created;
	int64_t author_may_approve;
	int64_t quota_agents;
	int64_t quota_calls;    /* per minute */
	char *attachment_hosts; /* courier/policy.h has the form; "": any */
	char *root_key;         /* key_text() of who signs the list of approvers, or NULL */
	struct ca ca;

	/* private */
	uint64_t minute_ns; /* since when n_calls counts */
	int64_t n_calls;
	bool sealing; /* see audit.h */
};

struct orgs {
	struct org *list[ORG_MAX];
	unsigned n;
	X509_STORE *trusted; /* every org's CA */

	/* private */
	char *folder; /* of the CAs */
	const struct vault *vault;
	struct certificate_org cas[ORG_MAX];
};

/* 'folder' exists and holds org-ID.key and org-ID.crt. */
struct orgs *orgs_new(const char *folder);
void orgs_free(struct orgs *orgs);

/* Other servers may have the database. The vault is borrowed. */
void orgs_share(struct orgs *orgs, const struct vault *vault);

/* The columns that orgs_add_row() wants, in their order. */
#define ORGS_COLUMNS                                                                      \
	"id, name, customer_id, created, author_may_approve, quota_agents, quota_calls, " \
	"root_key, attachment_hosts, ca"

/* The notice (store/batch.h) of who made or changed one. */
#define ORGS_NOTICE "[\"orgs\",\"\",\"\",\"\",\"\"]"

/*
 * Adds or refreshes the org of that row, and opens its CA: its file, else what the row has, else
 * it is made. The org, or NULL with 'err' (-ENOSPC beyond ORG_MAX, -EKEYREJECTED where the row
 * has another CA or one that our vault does not open, or the CA's trouble).
 */
struct org *orgs_add_row(struct orgs *orgs, const struct store_rows *rows, unsigned row,
			 struct error *err);

/*
 * The column "ca" of that org, whose CA is made where there is none: heap text in 'sealed_out', or
 * NULL where it is not shared.
 */
int orgs_seal_ca(const struct orgs *orgs, const char *id, char **sealed_out,
		 struct error *err) MUST_CHECK;

struct org *orgs_find(const struct orgs *orgs, const char *id);
struct org *orgs_find_customer(const struct orgs *orgs, const char *customer_id);

/* Takes one of the calls that the org has per minute; false where none is left. */
bool orgs_take_call(struct org *org, uint64_t monotonic_ns);

/* Whose client certificate it is, see certificate_identify(); NULL for nobody's. */
struct org *orgs_identify(const struct orgs *orgs, X509 *certificate, uint64_t now_ns,
			  enum certificate_verdict *verdict_out,
			  struct certificate_agent *agent_out);
