/*
 * What the steward of signed programs is told of the warden's settings: where its journal lies,
 * the key of AGENT_PUBLIC_KEY, the limits of AGENT_ROLLBACK_*, and where Vault is:
 * AGENT_VAULT_URL with AGENT_VAULT_TOKEN, or VAULT_ADDR with VAULT_TOKEN; VAULT_CACERT,
 * VAULT_NAMESPACE, BPF_REGISTRY_SIGNER_PATH. A token is out of the process's environment
 * afterwards.
 */
#pragma once

#include "call/sandbox/launcher.h"

/* Whether signed programs were ever applied here. */
bool programs_were_here(const char *state);

/* 'state' is the warden's folder, 'limits' the path of programs.json. The texts that it refers to
 * are the process's, once. -EINVAL for a limit that is none. */
int programs_settings(const char *state, const char *limits, struct launcher_programs *programs_out,
		      struct error *err) MUST_CHECK;
