/* Own skills of an org: each is its files, taken and given whole (investigation/skill.h). */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "call/hash.h"
#include "investigation/skill.h"
#include "server/api/document.h"
#include "server/inquiry/routes.h"
#include "server/inquiry/skills.h"

static const char list_sql[] =
	"SELECT name, description, n_files, n_bytes, created, changed, changed_by FROM skills "
	"WHERE org = $1 ORDER BY name LIMIT 32";
static const char get_sql[] = "SELECT document, created, changed, changed_by FROM skills "
			      "WHERE org = $1 AND name = $2";
static const char named_sql[] = "SELECT name FROM skills WHERE org = $1 AND name = $2";
/* A row where there is room for it ($4: 1), or where there is not (0).
 * 32: ORG_SKILLS_MAX; 1048576: ORG_SKILLS_MAX_BYTES */
static const char room_sql[] =
	"SELECT id FROM orgs WHERE id = $1 AND CAST($4 AS BIGINT) = CASE WHEN 32 > (SELECT "
	"count(*) FROM skills WHERE org = $1 AND name <> $2) AND 1048576 >= CAST($3 AS BIGINT) + "
	"(SELECT COALESCE(sum(n_bytes), 0) FROM skills WHERE org = $1 AND name <> $2) "
	"THEN 1 ELSE 0 END";
static const char save_sql[] =
	"INSERT INTO skills (org, name, description, n_files, n_bytes, created, changed, "
	"changed_by, document) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8) "
	"ON CONFLICT (org, name) DO UPDATE SET description = excluded.description, "
	"n_files = excluded.n_files, n_bytes = excluded.n_bytes, changed = excluded.changed, "
	"changed_by = excluded.changed_by, document = excluded.document "
	"RETURNING document, created, changed, changed_by";
static const char delete_sql[] = "DELETE FROM skills WHERE org = $1 AND name = $2";

static_assert(ORG_SKILLS_MAX == 32 && ORG_SKILLS_MAX_BYTES == 1048576, "as the SQL says");

static const struct column columns[] = {
	{ "name", COLUMN_TEXT },       { "description", COLUMN_TEXT },
	{ "n_files", COLUMN_INT },     { "n_bytes", COLUMN_INT },
	{ "created", COLUMN_TIME },    { "changed", COLUMN_TIME },
	{ "changed_by", COLUMN_TEXT }, { 0 },
};

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(&result->steps[0], "skills", columns));
}

static void get_skills(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange)), 1,
			handle_list);
}

static void handle_missing(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 404, NULL, "the org has no skill '%.128s' of its own",
				exchange->params[0]);
	else
		exchange_fail(exchange, err);
}

static void handle_one(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, document_row(&result->steps[0], 0));
}

static void get_skill(struct exchange *exchange)
{
	exchange->failed = handle_missing;
	exchange_submit(exchange,
			&(struct store_step)STEP(get_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_one);
}

static void refuse_full(struct exchange *exchange)
{
	exchange_refuse(exchange, 409, NULL,
			"an org has at most %d skills of its own, %zu KiB together", ORG_SKILLS_MAX,
			ORG_SKILLS_MAX_BYTES / KIB);
}

static void handle_not_made(struct exchange *exchange, const struct error *err)
{
	if (err->code == -EEXIST)
		exchange_refuse(exchange, 409, NULL, "a skill of this name is there");
	else if (err->code == -ENOENT)
		refuse_full(exchange);
	else
		exchange_fail(exchange, err);
}

static void handle_not_changed(struct exchange *exchange, const struct error *err)
{
	if (err->code == -EEXIST)
		refuse_full(exchange);
	else
		handle_missing(exchange, err);
}

static void handle_saved(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, document_row(&result->steps[2], 0));
}

/* As the store has it, or NULL: it was refused. */
static const char *read_body(struct exchange *exchange, const char **description_out)
{
	CLEANUP(skill) struct skill skill = { 0 };
	const json_t *files = json_object_get(exchange->body, "files");
	const char *name = exchange_member(exchange, "name", "");
	CLEANUP(json) json_t *document = NULL;
	CLEANUP(text) char *canonical = NULL;
	struct error err = { 0 };

	if (skill_from_files(&skill, name, files, &err) < 0) {
		exchange_refuse(exchange, 400, "bad_request", "the body: /files: %s", err.text);
		return NULL;
	}
	*description_out = exchange_text(exchange, "%s", skill_description(&skill));
	document = json_pack("{s:s, s:s, s:O}", "name", name, "description", *description_out,
			     "files", files);
	canonical = json_canonical(document);
	return exchange_text(exchange, "%s", canonical);
}

/* Not the whole of it: which it was. */
static json_t *describe(const char *document, size_t n_files)
{
	char sha256[HASH_TEXT_BYTES];

	return json_pack("{s:s, s:I, s:I}", "sha256", hash_text(document, strlen(document), sha256),
			 "n_bytes", (json_int_t)strlen(document), "n_files", (json_int_t)n_files);
}

/* The row of room_sql that has to be there, or must not. */
enum room {
	ROOM_LACKS,
	ROOM_IS_THERE,
};

static void save(struct exchange *exchange, const char *action, enum store_expect before,
		 enum room room)
{
	/* A body that is refused takes the exchange with it. */
	size_t n_files = json_object_size(json_object_get(exchange->body, "files"));
	const char *name = exchange_member(exchange, "name", "");
	const char *description, *document = read_body(exchange, &description);

	if (!document)
		return;
	const struct store_value n_bytes = store_int((int64_t)strlen(document));
	const struct store_step steps[] = {
		STEP(named_sql, before, exchange_org(exchange), store_text(name)),
		STEP(room_sql, room == ROOM_IS_THERE ? STORE_SOME : STORE_NONE,
		     exchange_org(exchange), store_text(name), n_bytes, store_int(room)),
		STEP(save_sql, STORE_SOME, exchange_org(exchange), store_text(name),
		     store_text(description), store_int((int64_t)n_files), n_bytes, exchange_now(),
		     store_text(exchange_actor(exchange)), store_text(document)),
		exchange_audit(exchange, action, name, describe(document, n_files)),
	};
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_saved);
}

static void post_skills(struct exchange *exchange)
{
	exchange->failed = handle_not_made;
	save(exchange, "skill.create", STORE_NONE, ROOM_IS_THERE);
}

static void put_skill(struct exchange *exchange)
{
	exchange->failed = handle_not_changed;
	if (document_take_name(exchange))
		save(exchange, "skill.change", STORE_SOME, ROOM_LACKS);
}

static void delete_skill(struct exchange *exchange)
{
	const char *name = exchange->params[0];
	const struct store_step steps[] = {
		STEP(delete_sql, STORE_SOME, exchange_org(exchange), store_text(name)),
		exchange_audit(exchange, "skill.remove", name, NULL),
	};

	exchange->failed = handle_missing;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), document_removed);
}

#define SKILL_NAME "{\"type\":\"string\",\"minLength\":1,\"maxLength\":64}"
#define MADE "\"created\":" SCHEMA_TEXT ",\"changed\":" SCHEMA_TEXT ",\"changed_by\":" SCHEMA_TEXT
#define LISTED                                                               \
	SCHEMA_GIVES("\"name\",\"description\",\"n_files\",\"n_bytes\"",     \
		     "\"name\":" SCHEMA_NAME ",\"description\":" SCHEMA_TEXT \
		     ",\"n_files\":" SCHEMA_COUNT ",\"n_bytes\":" SCHEMA_COUNT "," MADE)
#define SHOWN                                                                \
	SCHEMA_GIVES("\"name\",\"description\",\"files\"",                   \
		     "\"name\":" SCHEMA_NAME ",\"description\":" SCHEMA_TEXT \
		     ",\"files\":" SCHEMA_MAP "," MADE)
#define EXAMPLE                                                                                   \
	"{\"name\":\"deploys\",\"files\":{\"SKILL.md\":\"---\\nname: deploys\\ndescription: How " \
	"we "                                                                                     \
	"deploy, and roll back.\\n---\\n# Deployments\\n\"}}"

const struct route routes_skills[] = {
	{ .method = "GET",
	  .operation = "list_skills",
	  .pattern = "/api/v1/skills",
	  .summary = "The org's own skills, which its investigations read beside those of ours.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("skills", LISTED),
	  .handle = get_skills },
	{ .method = "POST",
	  .operation = "create_skill",
	  .pattern = "/api/v1/skills",
	  .summary = "Makes a skill; one of ours that has its name is read no more.",
	  .least = ROLE_ADMIN,
	  .status = 201,
	  .max_body_bytes = ORG_SKILLS_MAX_BYTES + 64 * KIB,
	  .request = SCHEMA_STRICT("\"name\",\"files\"",
				   "\"name\":" SKILL_NAME ",\"files\":" SCHEMA_MAP),
	  .response = SHOWN,
	  .example = EXAMPLE,
	  .handle = post_skills },
	{ .method = "GET",
	  .operation = "get_skill",
	  .pattern = "/api/v1/skills/{skill}",
	  .summary = "One of the org's skills, with its files.",
	  .least = ROLE_VIEWER,
	  .response = SHOWN,
	  .handle = get_skill },
	{ .method = "PUT",
	  .operation = "set_skill",
	  .pattern = "/api/v1/skills/{skill}",
	  .summary = "Makes these files the whole of the skill of that name.",
	  .least = ROLE_ADMIN,
	  .max_body_bytes = ORG_SKILLS_MAX_BYTES + 64 * KIB,
	  .request = SCHEMA_STRICT("\"files\"", "\"name\":" SKILL_NAME ",\"files\":" SCHEMA_MAP),
	  .response = SHOWN,
	  .example = EXAMPLE,
	  .handle = put_skill },
	{ .method = "DELETE",
	  .operation = "delete_skill",
	  .pattern = "/api/v1/skills/{skill}",
	  .summary = "Removes a skill of the org's own.",
	  .least = ROLE_ADMIN,
	  .response = SCHEMA_OK,
	  .handle = delete_skill },
	{ 0 },
};
