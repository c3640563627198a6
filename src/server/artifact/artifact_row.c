#include <string.h>

#include "server/artifact/artifact.h"

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },           { "name", COLUMN_TEXT },
	{ "version", COLUMN_TEXT },      { "seq", COLUMN_INT },
	{ "type", COLUMN_TEXT },         { "description", COLUMN_TEXT },
	{ "architecture", COLUMN_TEXT }, { "kernel_version", COLUMN_TEXT },
	{ "created_at", COLUMN_TIME },   { "created_by", COLUMN_TEXT },
	{ "updated_at", COLUMN_TIME },   { "size", COLUMN_INT },
	{ "checksum", COLUMN_TEXT },     { "key_id", COLUMN_TEXT },
	{ "signature", COLUMN_TEXT },    { "metadata", COLUMN_JSON },
	{ "tags", COLUMN_JSON },         { "revoked_at", COLUMN_TIME },
	{ "hosts", COLUMN_JSON },        { "labels", COLUMN_JSON },
	{ "percent", COLUMN_INT },       { "observed_at", COLUMN_TIME },
	{ "parameters", COLUMN_JSON },   { "targets", COLUMN_JSON },
	{ "lists", COLUMN_JSON },        { "ttl_sec", COLUMN_INT },
	{ "assigned_at", COLUMN_TIME },  { 0 },
};

json_t *artifact_row(const struct store_rows *rows, unsigned row)
{
	static const char *const of_assignment[] = { "labels",     "percent",    "observed_at",
						     "parameters", "targets",    "lists",
						     "ttl_sec",    "assigned_at" };
	json_t *artifact = exchange_row(rows, row, columns);
	json_t *assignment = json_object();

	json_put(artifact, "artifact_id", json_incref(json_object_get(artifact, "id")));
	json_put(assignment, "hosts", json_incref(json_object_get(artifact, "hosts")));
	for (size_t i = 0; i < ARRAY_LEN(of_assignment); i++) {
		json_put(assignment, of_assignment[i],
			 json_incref(json_object_get(artifact, of_assignment[i])));
		(void)json_object_del(artifact, of_assignment[i]);
	}
	if (json_is_null(json_object_get(artifact, "hosts"))) {
		json_put(artifact, "hosts", json_array());
		json_put(artifact, "assignment", json_null());
		json_decref(assignment);
	} else {
		json_put(artifact, "assignment", assignment);
	}
	return artifact;
}
