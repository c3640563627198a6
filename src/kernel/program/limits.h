/*
 * What a host lets programs do: /etc/constable/programs.json, which only root may write.
 *
 *	{"keys":[PEM or Base64], "revoked":{"keys":[ID], "artifacts":[SHA-256]},
 *	 "types":[TYPE], "targets":["TYPE:TARGET"], "helpers":[NAME], "probes":[PROBE],
 *	 "own_probes":[{"probe", "timeout_ms"?, "above_ms"?}],
 *	 "map_memory_bytes":N, "max_programs":N, "max_ttl_s":N,
 *	 "vault":{"url", "ca", "client", "token_file", "namespace", "kv":[PATH], "transit":[NAME],
 *	 "refresh_s":N, "max_age_s":N}}
 *
 * Without 'types' every type is allowed, without 'targets' every target; both may hold patterns
 * ("cgroup_*", "xdp:eth*"). 'helpers' allows functions of the kernel that change other processes,
 * which are refused unless they are named here. So does 'probes', patterns of what a manifest may
 * have this host talk to (probe.h), without which it is nothing; in those no '*' reaches from a
 * host across the '/' into a path. 'own_probes', eight at most, are
 * tried for every program. Where there is no file, nothing is trusted. 'vault' names keys that are
 * elsewhere (vault/vault.h), which this does not read.
 */
#pragma once

#include "kernel/program/manifest.h"
#include "kernel/program/trust.h"

#define LIMITS_MAX_BYTES (256 * KIB)
#define LIMITS_MAP_MEMORY_BYTES (16 * MIB)
#define LIMITS_MAX_PROGRAMS 10
#define LIMITS_MAX_TTL_S (7 * 86400)

struct limits {
	uint64_t map_memory_bytes;
	uint64_t max_programs;
	uint64_t max_ttl_s;
	json_t *document; /* for the process that loads; never NULL */
};

/* The file's limits and its keys; where there is none, the defaults and no key. -EACCES for a
 * file that others may write. */
int limits_load(const char *path, struct limits *limits_out, struct trust *trust,
		struct error *err) MUST_CHECK;

/* The same from its text. */
int limits_parse(const char *text, size_t len, struct limits *limits_out,
		 struct error *err) MUST_CHECK;
void limits_finish(struct limits *limits);
void limits_cleanup(struct limits *limits);

/* Types and targets: -EACCES with what the host does not allow. */
int limits_check(const struct limits *limits, const struct manifest *manifest,
		 struct error *err) MUST_CHECK;

/* A manifest's probes, which this host talks to for whoever signed it: -EACCES likewise, or -EINVAL
 * for what is none. 'document' is the limits'. */
int limits_check_probes(const json_t *document, const json_t *probes, struct error *err) MUST_CHECK;

/* The document without whom is trusted: that is not the loader's business, and would not fit a
 * frame's header. A new reference. */
json_t *limits_for_loader(const struct limits *limits);

/* Whether a program may call this function of the kernel, by its number. */
int limits_check_helper(const struct limits *limits, const char *program, int32_t helper,
			struct error *err) MUST_CHECK;
