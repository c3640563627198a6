/*
 * constable program: artifacts as a folder of three files, and what runs of them here.
 *
 * `constable` itself parses no archive: it hands build, sign and verify over to constable-program,
 * which links the same command with what those words do (files.c). What is about the org's registry
 * constable-remote does (remote/program.c).
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "cli/command.h"
#include "kernel/program/vault/sign.h"

#define PROGRAM_ARTIFACT "artifact.tar.zst"
#define PROGRAM_RELEASE "release.json"
#define PROGRAM_SIGNATURE "release.json.sig"

extern const struct command command_program;

/* Runs the words; which executable is linked decides which of them. */
int program_run(struct cli *cli, int argc, char **argv);

/* Appends FOLDER/NAME; -E2BIG beyond the ceiling of 'out'. */
int program_read_file(const char *folder, const char *name, struct buf *out,
		      struct error *err) MUST_CHECK;

/* "a=1,b=2" as an object of texts or whole numbers; NULL with 'err'. */
json_t *program_read_pairs(const char *text, int wants_number, struct error *err);

/* "N=ITEM,ITEM,..." as {N: [ITEM]}, where a word with '=' begins the next list and @FILE is the
 * lines of a file, without those that begin with '#'; NULL with 'err'. */
json_t *program_read_lists(const char *text, struct error *err);

/* In constable-program. */
int program_build(struct cli *cli, const struct words *words);
int program_verify(struct cli *cli, const struct words *words, const char *keys, int wants_json);

/* By the key in 'key_file', or by a transit key of Vault (program_vault_open()). */
struct program_signing {
	const char *folder, *key_file, *hosts, *min_agent;
	const char *vault_transit, *vault_token_file;
	const char *executables;
	uint64_t seq, valid_ns;
};

int program_sign(struct cli *cli, const struct program_signing *signing);

/*
 * A Vault that the environment names, as Vault's own commands have it: VAULT_ADDR, VAULT_TOKEN or
 * ~/.vault-token, VAULT_CACERT, VAULT_NAMESPACE; AGENT_VAULT_URL and AGENT_VAULT_TOKEN do as well.
 * It is asked by a courier, which is started for each errand.
 */
struct program_vault {
	struct vault_settings settings;
	struct vault_signer signer;
	struct vault_wire wire;

	/* private */
	const char *executables;
	pid_t courier;
	int fd;
};

/* Finds the newest version of the transit key. */
int program_vault_open(struct program_vault *vault, const struct program_signing *signing,
		       struct error *err) MUST_CHECK;
void program_vault_cleanup(struct program_vault *vault);
