/*
 * The steward: constable-steward, which leads programs through their lives on this host.
 *
 * The launcher starts it when somebody asks for it, as root, and hands it connections of jobs
 * (fd_pass() on one socket, with 0 for one that may only list). It verifies what they bring, has
 * constable-loader load it, gives what that attached to the guardian and writes the journal; it
 * holds no link itself. It goes when the launcher goes, or when nothing is attached and nobody has
 * asked for a while. A question is a frame {"ask"} with a body of arguments, its answer {"code",
 * "error"?} with a body:
 *
 *	apply {"release", "signature", "artifact", "targets"?, "params"?, "lists"?, "ttl_s"?}:
 *		text, and twice Base64 -> the program as list tells it; "log": the verifier's,
 *		where it refused
 *	set {"name", "params"?, "lists"?}: of what is attached -> the same. All parameters of a
 *		call are changed at once or none, and each list becomes what is given
 *	remove {"name"} -> the same
 *	rollback {"name", "sha256"?, "reason"?, "why"?} -> the same
 *	release {"name"} -> {"name", "released"}: out of quarantine
 *	list {} -> {"programs":[{"id", "name", "version", "seq", "state", "why"?, "programs",
 *		"ttl_remaining_s"?, ...}], "rollbacks", "quarantine"}
 *
 * as tools/program/program_result.h has them.
 */
#pragma once

#include "base/error.h"
#include "kernel/program/vault/vault.h"

struct steward_config {
	const char *folder;      /* of the journal and the guardian's socket */
	const char *limits;      /* path, see limits.h */
	const char *public_key;  /* one more that is trusted (AGENT_PUBLIC_KEY), or NULL */
	const char *executables; /* folder */
	const char *version;     /* of Constable */
	const char *rollback;    /* of health_limits_parse(), or NULL */

	/* Keys that are in Vault: where that is, unless 'limits' says it, and how to ask it over a
	 * courier's socket. With 'awaits_token' the launcher says the token first. */
	struct vault_environment vault;
	int (*ask_vault)(int courier, const struct vault_request *request, unsigned *status_out,
			 struct buf *body, struct error *err);
	bool awaits_token;
};

/* Serves the connections that come over 'fd' until that closes. */
int steward_serve(int fd, const struct steward_config *config, struct error *err) MUST_CHECK;
