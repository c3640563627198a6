/* Where Vault is, as whom it is asked, for what, and by which way. */
#pragma once

#include "base/buf.h"
#include "base/json.h"

#define VAULT_MAX_SOURCES 8
#define VAULT_MAX_KEYS 32     /* of one path: of a transit key, its newest versions */
#define VAULT_MAX_ALL_KEYS 96 /* of all paths together */
#define VAULT_TOKEN_BYTES 4096
#define VAULT_PATH_BYTES 256
#define VAULT_URL_BYTES 512
#define VAULT_ANSWER_MAX_BYTES (128 * KIB)
#define VAULT_PEM_MAX_BYTES (256 * KIB)
#define VAULT_REFRESH_S 300
#define VAULT_MAX_AGE_S 86400
#define VAULT_FRESH_NS (2 * NS_PER_SEC) /* programs that come within it share a look */
#define VAULT_CONNECT_NS (3 * NS_PER_SEC)
#define VAULT_TOTAL_NS (4 * NS_PER_SEC) /* of one request */
#define VAULT_LOOK_NS (5 * NS_PER_SEC)  /* of all of one look */

/* For limits_schema: the member "vault" of programs.json. 'client' is a certificate and its key. */
#define VAULT_SCHEMA                                                                              \
	"{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"                    \
	"\"url\":{\"type\":\"string\",\"minLength\":8,\"maxLength\":300},"                        \
	"\"ca\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":1000},"                        \
	"\"client\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":1000},"                    \
	"\"token_file\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":1000},"                \
	"\"namespace\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":255},"                  \
	"\"kv\":{\"type\":\"array\",\"maxItems\":8,\"items\":{\"type\":\"string\",\"minLength\":" \
	"3,"                                                                                      \
	"\"maxLength\":255}},"                                                                    \
	"\"transit\":{\"type\":\"array\",\"maxItems\":8,\"items\":{\"type\":\"string\","          \
	"\"minLength\":3,\"maxLength\":255}},"                                                    \
	"\"refresh_s\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":86400},"                   \
	"\"max_age_s\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":31536000}}}"

/* --- the way there ------------------------------------------------------------------------ */

struct vault_request {
	const char *method, *url;
	const char *token;       /* a secret */
	const char *namespace;   /* NULL: none */
	const char *body;        /* JSON, or NULL */
	const char *ca, *client; /* PEM, or NULL; 'client' is a secret */
	uint64_t total_ns;
};

/* Opens what answers requests one after the other, asks, and lets go: the courier's user
 * (courier/vault.h), or a test's. All block, for 'total_ns' and a little at most. */
struct vault_wire {
	int (*open)(void *data, struct error *err);
	/* Any status is a success; 'body' has a ceiling of its own: -E2BIG beyond. */
	int (*ask)(void *data, const struct vault_request *request, unsigned *status_out,
		   struct buf *body, struct error *err);
	void (*close)(void *data);
	void *data;
};

/* --- where, and as whom ------------------------------------------------------------------- */

enum vault_kind {
	VAULT_KV,
	VAULT_TRANSIT,
};

struct vault_source {
	enum vault_kind kind;
	char name[VAULT_PATH_BYTES];  /* as people read it: "kv:secret/data/keys#release" */
	char path[VAULT_PATH_BYTES];  /* "secret/data/keys", "transit/keys/NAME" */
	char field[VAULT_PATH_BYTES]; /* of KV; "": those that are usual */
};

struct vault_settings {
	char url[VAULT_URL_BYTES]; /* without a slash at its end */
	char namespace[VAULT_PATH_BYTES];
	struct vault_source sources[VAULT_MAX_SOURCES];
	size_t n_sources;
	uint64_t refresh_s, max_age_s;
	struct buf ca, client; /* PEM; empty: none */
	struct buf token;      /* a secret */
};

/* What variables of the environment say; NULL or "" for nothing. */
struct vault_environment {
	const char *url, *token, *ca, *namespace;
	const char *path; /* of KV, where no other is named (BPF_REGISTRY_SIGNER_PATH) */
};

#define VAULT_DEFAULT_PATH "secret/data/bpf-registry/signer"

/*
 * The settings by the member "vault" of programs.json, or NULL, and by the environment where that
 * is silent. -ENOENT where neither names a Vault. Files are read anew. -EINVAL, -EACCES with what
 * is wrong: an address that is no https, but for this host itself; a file that others may write,
 * or of a secret read.
 */
int vault_settings_read(struct vault_settings *settings, const json_t *document,
			const struct vault_environment *environment, struct error *err) MUST_CHECK;
void vault_settings_finish(struct vault_settings *settings);
void vault_settings_cleanup(struct vault_settings *settings);

/* Whether either names one. */
bool vault_is_named(const json_t *document, const struct vault_environment *environment);

/* "MOUNT/NAME" or "NAME", of the mount "transit", as a source; -EINVAL. */
int vault_read_transit(const char *text, struct vault_source *source_out,
		       struct error *err) MUST_CHECK;
