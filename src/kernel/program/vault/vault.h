/*
 * Keys that HashiCorp Vault (or OpenBao) keeps: whose programs a host takes, and a signature by a
 * key that never leaves it.
 *
 * Whoever can say which keys count owns the kernel, so what a host is told of them must not pass
 * through anybody who may lie. Three ways were weighed:
 *
 *	The agent asks and tells the warden: rejected. It is the one process that speaks to
 *	strangers all day, and whoever owned it would add a key of his own.
 *	The agent carries TLS that ends in a process of root's: it could not lie, but a host
 *	without an agent had no keys, and the agent's fall would take Vault's word with it.
 *	Root's side asks: taken. Where Vault is, whose certificate is believed, and which paths
 *	count stands in programs.json (limits.h), which only root may write, or in the warden's own
 *	environment. The steward, which has no network, says to the launcher that it needs a
 *	courier; that starts constable-courier for one look, as a user that has nothing else and
 *	behind the courier's own walls, and passes its socket to the steward. No agent, no client
 *	and no job takes part, and none can name a path, an address or a key.
 *
 * What is left to believe is Vault's certificate, and the courier that checks it: it meets no
 * address but Vault's, so to lie it would have to be taken over in the TLS handshake by somebody
 * on the way. Answers are foreign nevertheless: limited, parsed here (answer.h), and nothing of
 * them becomes anything but a public key of two kinds. What programs.json revokes stays revoked,
 * whatever Vault says, and a key of Vault's signs only within what programs.json allows all.
 *
 * Each path is looked at when the steward starts, every 'refresh_s', and before a program is
 * taken. A whole answer replaces what was known of the path, so that a key that Vault no longer
 * has stops counting there and then; also when Vault says that there is no such secret (404). What
 * is no answer about keys (Vault is away, sealed, refuses the token) leaves those that were read
 * last, for 'max_age_s' after that look and no longer: they lie on disk with that time (by the wall
 * clock; what would have been read in the future does not count). So who keeps a host from its
 * Vault keeps a withdrawn key alive for that long at most; who wants less says less.
 */
#pragma once

#include "kernel/program/trust.h"
#include "kernel/program/vault/settings.h"

/* --- the keys of a host ------------------------------------------------------------------- */

struct vault {
	const char *folder; /* of vault.json, what was read last; NULL: it is not kept */
	struct vault_environment environment;
	struct vault_wire wire;

	/* private */
	json_t *known;    /* {"url", "namespace", "sources":{NAME: {"at_s", "keys":[]}}} */
	json_t *document; /* the member that was read last, or NULL */
	json_t *troubles; /* {NAME: why} of the last look */
	char url[VAULT_URL_BYTES];
	char why[ERROR_TEXT_BYTES]; /* nothing could be asked at all; "" for nothing */
	char sources[VAULT_MAX_SOURCES][VAULT_PATH_BYTES];
	size_t n_sources;
	bool is_named; /* by the last look */
	uint64_t max_age_s;
	uint64_t looked_ns; /* CLOCK_BOOTTIME, also in vain; 0: never */
	uint64_t next_ns;   /* when to look again; UINT64_MAX: not by itself */
	struct vault_lease {
		char token_hash[65]; /* whose it is */
		bool is_known, is_renewable;
		uint64_t ends_ns, renew_ns; /* CLOCK_BOOTTIME; UINT64_MAX: never */
		char why[ERROR_TEXT_BYTES]; /* it will end, or has */
	} lease;
};

void vault_init(struct vault *vault);
void vault_finish(struct vault *vault);

/* Looks at every path, and renews the token if half of its time is over. What went wrong is told by
 * vault_describe(), and the next look is planned. */
void vault_look(struct vault *vault, const json_t *document);

/* What was read last, by an earlier process perhaps, counts as far as it still may: asks nobody,
 * and the first look is still to come. */
void vault_recall(struct vault *vault, const json_t *document);

/* Whether it did within VAULT_FRESH_NS, by the same settings. */
bool vault_looked_lately(const struct vault *vault, const json_t *document);

/* The keys that count now, of the paths that the last look had, VAULT_MAX_ALL_KEYS at most; what is
 * beyond, vault_describe() tells. -ENOKEY, with why, where Vault is
 * named and no key of it counts; then the others do. */
int vault_add_keys(const struct vault *vault, struct trust *trust, struct error *err) MUST_CHECK;

/* {"url", "state", "why"?, "token_until"?, "token_why"?, "sources":[{"from", "looked"?, "until"?,
 * "why"?, "keys":[ID]}]}: a new reference, NULL where none is named. */
json_t *vault_describe(const struct vault *vault);
