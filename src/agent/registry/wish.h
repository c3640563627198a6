/*
 * What a registry wants of a host: its answer to GET /artifacts/for-host/{host}, in the form of the
 * documented BPF registry.
 *
 *	{"artifacts":[{"id" or "artifact_id", "name", "version", "checksum", "metadata":
 *	{"release", "signature"}, "signature"?, "parameters"?, "targets"?,
 *	"lists"?:{NAME: [text]}, "ttl_sec"?, "assigned_at"?}], "revoked"?:[SHA-256]}
 *
 * It comes from outside and nothing of it is trusted: who may act on it is up to the release's
 * signature, which the steward checks, and to the host's policy. A name that is not the release's
 * is not followed.
 */
#pragma once

#include "base/json.h"

#define WISH_MAX 64
#define WISH_MAX_REVOKED 256
#define WISH_LIST_MAX_BYTES (3 * MIB)

/*
 * {"wishes":[], "revoked":[SHA-256]}, the former [{"name", "version", "id", "sha256", "release",
 * "signature", "params"?, "targets"?, "lists"?, "ttl_s"?, "key", "rest"}], one for each name: "key"
 * changes whenever anything of it does, "rest" where that is more than parameters and lists. One
 * that cannot be followed has "why" in place of the rest: what is wrong with it. NULL with 'err'
 * where it is no such answer at all.
 */
json_t *wish_parse(const char *text, size_t len, struct error *err);
