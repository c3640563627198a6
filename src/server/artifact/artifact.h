/*
 * The registry: signed programs (kernel/program/program.h) of an org, and for which hosts they are.
 *
 * An artifact is taken when its release is signed by a key of the org (program_keys) and names
 * exactly these bytes, which are kept as they came: no archive, manifest or object is ever opened
 * here. The release is "release" of the artifact's metadata, its signature "signature" of the same
 * or beside it, so that any registry which keeps metadata can hold one.
 *
 * An assignment says for which hosts one is. Of several releases of one name a host gets the
 * newest that is for it; a canary's share first gets the new one alone. What is revoked, or whose
 * key was taken away, is for nobody.
 */
#pragma once

#include "server/api/exchange.h"

#define ARTIFACT_MAX_BYTES 740000 /* what a host's apply_program takes */
#define ARTIFACT_METADATA_MAX_BYTES (32 * KIB)
#define ARTIFACTS_MAX 256 /* of an org */
#define ARTIFACT_KEYS_MAX 16
/* Of the lists of all an org's assignments: a host keeps what it is told in one file. */
#define ARTIFACT_LISTS_MAX_BYTES ((int64_t)(512 * KIB))
#define ARTIFACT_CANARY_S 300 /* for which a share alone has it, unless told */

/* Columns of artifacts beside artifact_assignments, and where those that are read begin. */
#define ARTIFACT_COLUMNS                                                                         \
	"a.id, a.name, a.version, a.seq, a.type, a.description, a.architecture, "                \
	"a.kernel_version, a.created, a.created_by, a.updated, a.size, a.sha256, a.key_id, "     \
	"a.signature, a.metadata, a.tags, a.revoked, s.hosts, s.labels, s.percent, s.observed, " \
	"s.parameters, s.targets, s.lists, s.ttl_s, s.assigned"
#define ARTIFACT_FROM                                                              \
	" FROM artifacts a LEFT JOIN artifact_assignments s ON s.org = a.org AND " \
	"s.artifact = a.id "

/* A row of those columns as people see it. */
json_t *artifact_row(const struct store_rows *rows, unsigned row);

#define ARTIFACT_SCHEMA_NULL_TIME SCHEMA_NULL_TEXT
#define ARTIFACT_FIELDS                                                                         \
	"\"id\":" SCHEMA_TEXT ",\"artifact_id\":" SCHEMA_TEXT ",\"name\":" SCHEMA_TEXT          \
	",\"version\":" SCHEMA_TEXT ",\"seq\":" SCHEMA_COUNT ",\"type\":" SCHEMA_TEXT           \
	",\"description\":" SCHEMA_TEXT ",\"architecture\":" SCHEMA_TEXT                        \
	",\"kernel_version\":" SCHEMA_TEXT ",\"created_at\":" SCHEMA_TEXT                       \
	",\"created_by\":" SCHEMA_TEXT ",\"updated_at\":" SCHEMA_TEXT ",\"size\":" SCHEMA_COUNT \
	",\"checksum\":" SCHEMA_TEXT ",\"key_id\":" SCHEMA_TEXT ",\"signature\":" SCHEMA_TEXT   \
	",\"metadata\":{\"type\":\"object\"},\"tags\":" SCHEMA_TEXTS ",\"hosts\":" SCHEMA_TEXTS \
	",\"revoked_at\":" SCHEMA_NULL_TEXT
#define ARTIFACT_SCHEMA                                                                        \
	SCHEMA_GIVES("\"id\",\"artifact_id\",\"name\",\"version\",\"checksum\",\"signature\"," \
		     "\"metadata\",\"hosts\"",                                                 \
		     ARTIFACT_FIELDS ",\"assignment\":{\"type\":[\"object\",\"null\"]}")
