/* Which hosts an artifact is for, and which artifacts a host is to have. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "call/hash.h"
#include "kernel/program/program.h"
#include "server/artifact/artifact.h"
#include "server/artifact/rollout.h"
#include "server/artifact/routes.h"

#define FOR_HOST_MAX 64
#define AT_NAME 1

static const char one_sql[] =
	"SELECT " ARTIFACT_COLUMNS ARTIFACT_FROM "WHERE a.org = $1 AND a.id = $2";
/* With other parameters or lists it is the same assignment, and a program's time goes on; for other
 * hosts or another share, too: to those that have it already nothing else has changed. */
static const char assign_sql[] =
	"INSERT INTO artifact_assignments (org, artifact, hosts, labels, percent, observed, "
	"parameters, targets, lists, ttl_s, assigned, assigned_by) SELECT CAST($1 AS TEXT), id, "
	"$3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM artifacts WHERE org = $1 AND id = $2 AND "
	"revoked IS NULL ON CONFLICT (org, artifact) DO UPDATE SET hosts = excluded.hosts, "
	"labels = excluded.labels, percent = excluded.percent, observed = excluded.observed, "
	"parameters = excluded.parameters, targets = excluded.targets, lists = excluded.lists, "
	"ttl_s = excluded.ttl_s, assigned = CASE WHEN artifact_assignments.targets = "
	"excluded.targets AND COALESCE(artifact_assignments.ttl_s, 0) = COALESCE(excluded.ttl_s, "
	"0) "
	"AND (artifact_assignments.parameters <> excluded.parameters OR "
	"artifact_assignments.lists <> excluded.lists) THEN artifact_assignments.assigned ELSE "
	"excluded.assigned END, assigned_by = excluded.assigned_by";
/* $3: for the lists of the others. */
static const char full_sql[] =
	"SELECT CAST(1 AS BIGINT) FROM (SELECT COALESCE(SUM(LENGTH(lists)), 0) AS n FROM "
	"artifact_assignments WHERE org = $1 AND artifact <> $2) d WHERE d.n > $3";
static const char unassign_sql[] =
	"DELETE FROM artifact_assignments WHERE org = $1 AND artifact = $2";
static const char agents_sql[] =
	"SELECT id, hostname, labels FROM agents WHERE org = $1 AND revoked IS NULL AND (id = $2 "
	"OR hostname = $2 OR name = $2) ORDER BY CASE WHEN id = $2 THEN 0 ELSE 1 END, id LIMIT 2";
static const char all_agents_sql[] = "SELECT id, hostname, labels FROM agents WHERE org = $1 AND "
				     "revoked IS NULL ORDER BY id LIMIT 20000";
static const char candidates_sql[] =
	"SELECT " ARTIFACT_COLUMNS " FROM artifact_assignments s JOIN artifacts a ON a.org = s.org "
	"AND a.id = s.artifact WHERE s.org = $1 AND a.revoked IS NULL AND EXISTS (SELECT 1 FROM "
	"program_keys k WHERE k.org = $1 AND k.id = a.key_id) ORDER BY a.name, a.seq DESC";
static const char revoked_sql[] = "SELECT sha256 FROM artifacts WHERE org = $1 AND revoked IS NOT "
				  "NULL ORDER BY revoked DESC LIMIT 256";

/* --- whom it is for ----------------------------------------------------------------------- */

static void handle_last(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, artifact_row(&result->steps[result->n_steps - 1], 0));
}

static const char *text_of(struct exchange *exchange, const char *member, json_t *otherwise)
{
	json_t *value = json_object_get(exchange->body, member);
	CLEANUP(text) char *text = json_canonical(value ? value : otherwise);

	json_decref(otherwise);
	return exchange_text(exchange, "%s", text);
}

static void handle_not_assigned(struct exchange *exchange, const struct error *err)
{
	if (err->code == -EEXIST)
		exchange_refuse(exchange, 409, NULL,
				"the lists of an org's assignments have at most %jd bytes together",
				(intmax_t)ARTIFACT_LISTS_MAX_BYTES);
	else
		exchange_fail(exchange, err);
}

/* As the store has it, and as it reaches the host. */
struct given {
	const char *parameters, *targets, *lists;
};

static bool read_given(struct exchange *exchange, struct given *given_out)
{
	const struct given given = {
		.parameters = text_of(exchange, "parameters", json_object()),
		.targets = text_of(exchange, "targets", json_object()),
		.lists = text_of(exchange, "lists", json_object()),
	};
	size_t n = strlen(given.parameters) + strlen(given.targets) + strlen(given.lists);

	if (n > PROGRAM_GIVEN_MAX_BYTES) {
		exchange_refuse(exchange, 400, NULL,
				"'parameters', 'targets' and 'lists' have %zu bytes together; at "
				"most %zu reach a host",
				n, PROGRAM_GIVEN_MAX_BYTES);
		return false;
	}
	*given_out = given;
	return true;
}

static void assign_artifact(struct exchange *exchange)
{
	const json_t *body = exchange->body;
	const struct store_value org = exchange_org(exchange), now = exchange_now();
	const struct store_value id = store_text(exchange->params[0]);
	int64_t percent = json_get_int(body, "percent", 100);
	int64_t observe_s = json_get_int(body, "observe_sec", ARTIFACT_CANARY_S);
	int64_t ttl_s = json_get_int(body, "ttl_sec", 0);
	const char *hosts = text_of(exchange, "hosts", json_array());
	const char *labels = text_of(exchange, "labels", json_object());
	struct given given;

	if (strcmp(hosts, "[]") == 0 && strcmp(labels, "{}") == 0) {
		exchange_refuse(exchange, 400, NULL,
				"say for which 'hosts' or for which 'labels'; [\"*\"] is all");
		return;
	}
	if (!read_given(exchange, &given))
		return;
	const struct store_step steps[] = {
		STEP(full_sql, STORE_NONE, org, id,
		     store_int(ARTIFACT_LISTS_MAX_BYTES - (int64_t)strlen(given.lists))),
		STEP(assign_sql, STORE_SOME, org, id, store_text(hosts), store_text(labels),
		     store_int(percent),
		     store_int(percent < 100 ? now.integer + observe_s * (int64_t)NS_PER_SEC
					     : now.integer),
		     store_text(given.parameters), store_text(given.targets),
		     store_text(given.lists), ttl_s ? store_int(ttl_s) : store_null(), now,
		     store_text(exchange_actor(exchange))),
		exchange_audit(exchange, "artifact.assign", exchange->params[0],
			       json_deep_copy(body)),
		STEP(one_sql, STORE_SOME, org, id),
	};
	exchange->failed = handle_not_assigned;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_last);
}

static void unassign_artifact(struct exchange *exchange)
{
	const struct store_value org = exchange_org(exchange);
	const struct store_value id = store_text(exchange->params[0]);
	const struct store_step steps[] = {
		STEP(unassign_sql, STORE_ANY, org, id),
		exchange_audit(exchange, "artifact.unassign", exchange->params[0], NULL),
		STEP(one_sql, STORE_SOME, org, id),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_last);
}

/* --- what a host has ---------------------------------------------------------------------- */

/* 64 of them are to fit into what a host reads. */
static json_t *signed_part(const json_t *metadata)
{
	static const char *const members[] = { "release", "signature" };
	json_t *part = json_object();

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_t *value = json_object_get(metadata, members[i]);

		if (value)
			json_put(part, members[i], json_incref(value));
	}
	return part;
}

/* One that is compared with many: of the artifact's own row. */
static struct rollout read_rollout(const json_t *artifact, int64_t observed_ns)
{
	const json_t *assignment = json_object_get(artifact, "assignment");

	return (struct rollout) {
		.program = json_get_text(artifact, "name", ""),
		.hosts = json_object_get(assignment, "hosts"),
		.labels = json_object_get(assignment, "labels"),
		.percent = json_get_int(assignment, "percent", 100),
		.observed_ns = observed_ns,
	};
}

#define AT_OBSERVED 21

/* As the documented agent reads it: what it is to be given lies beside the rest. */
static json_t *entry_of(json_t *artifact)
{
	json_t *assignment = json_object_get(artifact, "assignment");
	static const char *const lifted[] = { "parameters", "targets", "lists", "ttl_sec",
					      "assigned_at" };

	for (size_t i = 0; i < ARRAY_LEN(lifted); i++) {
		json_t *value = json_object_get(assignment, lifted[i]);

		if (!json_is_null(value))
			json_put(artifact, lifted[i], json_incref(value));
	}
	(void)json_object_del(artifact, "assignment");
	(void)json_object_del(artifact, "hosts");
	json_put(artifact, "metadata", signed_part(json_object_get(artifact, "metadata")));
	return artifact;
}

/* The newest of each name that is for this host. */
static json_t *select_for(const struct store_rows *rows, const struct rollout_host *host)
{
	json_t *list = json_array();
	const char *taken = "";

	for (unsigned i = 0; i < rows->n_rows && json_array_size(list) < FOR_HOST_MAX; i++) {
		CLEANUP(json) json_t *artifact = artifact_row(rows, i);
		const struct rollout rollout =
			read_rollout(artifact, store_int_at(rows, i, AT_OBSERVED));

		if (strcmp(taken, rollout.program) == 0 ||
		    !rollout_selects(&rollout, host, (int64_t)clock_wall_ns()))
			continue;
		taken = store_text_at(rows, i, AT_NAME);
		json_push(list, entry_of(json_incref(artifact)));
	}
	return list;
}

static json_t *revoked_of(const struct store_rows *rows)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < rows->n_rows; i++)
		json_push(list, json_string(store_text_at(rows, i, 0)));
	return list;
}

static void answer_tagged(struct exchange *exchange, json_t *body)
{
	CLEANUP(text) char *text = json_canonical(body);
	char hash[HASH_TEXT_BYTES];

	if (exchange_is_known(exchange, exchange_text(exchange, "\"%.32s\"",
						      hash_text(text, strlen(text), hash))))
		json_decref(body);
	else
		exchange_answer(exchange, body);
}

static void handle_for_host(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *agents = &result->steps[0];
	const char *wanted = exchange->params[0];
	CLEANUP(json) json_t *labels = NULL;
	json_t *list;

	if (agents->n_rows == 0 ||
	    (agents->n_rows > 1 && strcmp(store_text_at(agents, 0, 0), wanted) != 0)) {
		exchange_refuse(exchange, agents->n_rows ? 409 : 404, NULL, "%s '%s'",
				agents->n_rows ? "several hosts are called" : "no host is called",
				wanted);
		return;
	}
	labels = json_loads(store_text_at(agents, 0, 2), 0, NULL);
	list = select_for(&result->steps[1], &(struct rollout_host) {
						     .id = store_text_at(agents, 0, 0),
						     .name = store_text_at(agents, 0, 1),
						     .labels = labels,
					     });
	answer_tagged(exchange, json_pack("{s:o, s:I, s:o}", "artifacts", list, "total",
					  (json_int_t)json_array_size(list), "revoked",
					  revoked_of(&result->steps[2])));
}

/* A host asks for itself, whatever it calls itself. */
static void get_for_host(struct exchange *exchange)
{
	const struct caller *caller = &exchange->caller;
	const struct store_value org = exchange_org(exchange);
	bool is_host = caller->role == ROLE_AGENT;
	const struct store_step steps[] = {
		STEP(agents_sql, STORE_ANY, org,
		     store_text(is_host ? caller->id : exchange->params[0])),
		STEP(candidates_sql, STORE_ANY, org),
		STEP(revoked_sql, STORE_ANY, org),
	};

	if (is_host && strcmp(exchange->params[0], caller->id) != 0 &&
	    strcmp(exchange->params[0], caller->name) != 0) {
		exchange_refuse(exchange, 403, "forbidden", "this certificate is of another agent");
		return;
	}
	exchange_ask(exchange, caller->org->id, steps, ARRAY_LEN(steps), handle_for_host);
}

static void handle_hosts(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *agents = &result->steps[1];
	CLEANUP(json) json_t *artifact = artifact_row(&result->steps[0], 0);
	const struct rollout rollout =
		read_rollout(artifact, store_int_at(&result->steps[0], 0, AT_OBSERVED));
	json_t *hosts = json_array();

	for (unsigned i = 0; i < agents->n_rows; i++) {
		CLEANUP(json) json_t *labels = json_loads(store_text_at(agents, i, 2), 0, NULL);
		const struct rollout_host host = {
			.id = store_text_at(agents, i, 0),
			.name = store_text_at(agents, i, 1),
			.labels = labels,
		};

		if (rollout_selects(&rollout, &host, (int64_t)clock_wall_ns()))
			json_push(hosts, json_string(host.id));
	}
	exchange_answer(exchange, json_pack("{s:o, s:I}", "hosts", hosts, "total",
					    (json_int_t)json_array_size(hosts)));
}

static void get_hosts(struct exchange *exchange)
{
	const struct store_value org = exchange_org(exchange);
	const struct store_step steps[] = {
		STEP(one_sql, STORE_SOME, org, store_text(exchange->params[0])),
		STEP(all_agents_sql, STORE_ANY, org),
	};

	exchange_ask(exchange, exchange->caller.org->id, steps, ARRAY_LEN(steps), handle_hosts);
}

#define SHORT "{\"type\":\"string\",\"minLength\":1,\"maxLength\":255}"
#define SHORTS(max) "{\"type\":\"array\",\"maxItems\":" max ",\"items\":" SHORT "}"
#define MAP_OF(what) "{\"type\":\"object\",\"additionalProperties\":" what "}"
#define LIMITED(least, most) "{\"type\":\"integer\",\"minimum\":" least ",\"maximum\":" most "}"
#define WHO "\"hosts\":" SHORTS("256") ",\"labels\":" MAP_OF(SHORT)
#define SHARE "\"percent\":" LIMITED("1", "100") ",\"observe_sec\":" LIMITED("1", "604800")
#define NUMBERS MAP_OF("{\"type\":\"integer\"}")
#define LISTS MAP_OF(SHORTS("1024")) /* as apply_program has them */
#define HOW                       \
	"\"parameters\":" NUMBERS \
	",\"targets\":" MAP_OF(SHORT) ",\"lists\":" LISTS ",\"ttl_sec\":" LIMITED("1", "31536000")
#define GIVEN                                                                     \
	"\"parameters\":{\"type\":\"object\"},\"targets\":{\"type\":\"object\"}," \
	"\"lists\":{\"type\":\"object\"},\"ttl_sec\":" SCHEMA_COUNT
#define ENTRY SCHEMA_GIVES("\"id\",\"artifact_id\",\"name\",\"version\"", ARTIFACT_FIELDS "," GIVEN)
#define ENTRIES "\"artifacts\":{\"type\":\"array\",\"items\":" ENTRY "}"
#define FOR_HOST                                            \
	SCHEMA_GIVES("\"artifacts\",\"total\",\"revoked\"", \
		     ENTRIES ",\"total\":" SCHEMA_COUNT ",\"revoked\":" SCHEMA_TEXTS)

const struct route routes_assignments[] = {
	{ .method = "GET",
	  .operation = "list_artifacts_for_host",
	  .pattern = "/artifacts/for-host/{host_id}",
	  .summary = "What a host is to have: the newest release of each name that is for it.",
	  .least = ROLE_VIEWER,
	  .flags = ROUTE_TIMED | ROUTE_AGENTS,
	  .response = FOR_HOST,
	  .handle = get_for_host },
	{ .method = "POST",
	  .operation = "assign_artifact",
	  .pattern = "/artifacts/{artifact_id}/assign",
	  .summary = "Says for which hosts a signed program is, in place of what was said before.",
	  .least = ROLE_ADMIN,
	  .flags = ROUTE_TIMED,
	  .request = SCHEMA_STRICT("", WHO "," SHARE "," HOW),
	  .response = ARTIFACT_SCHEMA,
	  .example = "{\"labels\":{\"role\":\"web\"},\"percent\":10,\"observe_sec\":300}",
	  .handle = assign_artifact },
	{ .method = "POST",
	  .operation = "unassign_artifact",
	  .pattern = "/artifacts/{artifact_id}/unassign",
	  .summary = "From now on it is for no host; those that have it lose it.",
	  .least = ROLE_ADMIN,
	  .flags = ROUTE_TIMED,
	  .response = ARTIFACT_SCHEMA,
	  .handle = unassign_artifact },
	{ .method = "GET",
	  .operation = "list_hosts_of_artifact",
	  .pattern = "/artifacts/{artifact_id}/hosts",
	  .summary = "The agents that a signed program is for now.",
	  .least = ROLE_VIEWER,
	  .flags = ROUTE_TIMED,
	  .response = SCHEMA_GIVES("\"hosts\",\"total\"",
				   "\"hosts\":" SCHEMA_TEXTS ",\"total\":" SCHEMA_COUNT),
	  .handle = get_hosts },
	{ 0 },
};
