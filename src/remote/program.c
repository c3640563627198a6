/* constable program of the org: the registry of signed programs, and whose it takes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "cli/program/program.h"
#include "identity/file.h"
#include "kernel/program/program.h"
#include "remote/listing.h"
#include "remote/program_internal.h"

#define KEYS "/api/v1/program-keys"
#define KEY_MAX_BYTES (4 * KIB)
#define PATH_BYTES 256

static const struct table_column columns[] = {
	{ "NAME", "name" },
	{ "VERSION", "version" },
	{ "SEQ", "seq" },
	{ "ID", "id" },
	{ "KEY", "key_id" },
	{ "HOSTS", "assigned_to" },
	{ "REVOKED", "revoked_at" },
	{ 0 },
};

/* --- what there is ------------------------------------------------------------------------ */

/* Of the members that people read: to whom it is assigned in one word each. */
static void describe(json_t *artifact)
{
	const json_t *assignment = json_object_get(artifact, "assignment");
	CLEANUP(buf) struct buf text = { 0 };
	const json_t *item;
	const char *key;
	json_t *value;
	size_t i;

	buf_init(&text, 4 * KIB);
	json_array_foreach(json_object_get(assignment, "hosts"), i, item)
	{
		buf_add_format(&text, "%s%s", text.len ? "," : "", json_string_value(item));
	}
	json_object_foreach(json_object_get(assignment, "labels"), key, value)
	{
		buf_add_format(&text, "%s%s=%s", text.len ? "," : "", key,
			       json_string_value(value));
	}
	json_put(artifact, "assigned_to", json_text(buf_text(&text), text.len));
}

void program_print(struct cli *cli, const json_t *artifact, int wants_json)
{
	CLEANUP(json) json_t *list = json_pack("[o]", json_deep_copy(artifact));

	if (wants_json) {
		cli_print_json(artifact);
		return;
	}
	describe(json_array_get(list, 0));
	table_print(&cli->out, list, columns, "");
}

static int list_artifacts(struct server *server, json_t **list_out, struct error *err)
{
	return server_list(server, ARTIFACTS, "artifacts", list_out, err);
}

static int run_list(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *list = NULL;
	int is_org = 0, wants_json = 0;
	const struct option_row rows[] = { { "--org", OPTION_SET, &is_org },
					   { "--json", OPTION_SET, &wants_json },
					   { 0 } };
	struct words words;
	struct error err = { 0 };
	json_t *artifact;
	size_t i;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n)
		return command_misused(&command_program);
	if (server_open(&server, cli, &err) < 0 || list_artifacts(&server, &list, &err) < 0)
		return command_failed(&err);
	if (wants_json) {
		cli_print_json(list);
		return EXIT_DONE;
	}
	json_array_foreach(list, i, artifact)
	{
		describe(artifact);
	}
	table_print(&cli->out, list, columns,
		    "The registry is empty; 'constable program push FOLDER' fills it.");
	return EXIT_DONE;
}

static bool is_meant(const json_t *artifact, const char *word)
{
	const char *name = json_get_text(artifact, "name", "");
	char versioned[PROGRAM_NAME_BYTES + PROGRAM_VERSION_BYTES + 1];

	text_format(versioned, sizeof(versioned), "%s@%s", name,
		    json_get_text(artifact, "version", ""));
	return strcmp(word, name) == 0 || strcmp(word, versioned) == 0 ||
	       strcmp(word, json_get_text(artifact, "id", "")) == 0;
}

json_t *program_find(struct server *server, const char *word, bool is_assigned, struct error *err)
{
	CLEANUP(json) json_t *list = NULL;
	const json_t *artifact, *found = NULL;
	size_t i;

	if (list_artifacts(server, &list, err) < 0)
		return NULL;
	json_array_foreach(list, i, artifact)
	{
		if (!is_meant(artifact, word) ||
		    json_is_string(json_object_get(artifact, "revoked_at")) ||
		    (is_assigned && !json_is_object(json_object_get(artifact, "assignment"))))
			continue;
		if (!found || json_get_int(artifact, "seq", 0) > json_get_int(found, "seq", 0))
			found = artifact;
	}
	if (!found)
		error_set(err, -ENOENT, "the registry has no '%s'%s", word,
			  is_assigned ? " that is assigned" : "");
	return json_incref((json_t *)(uintptr_t)found);
}

/* --- what changes it ---------------------------------------------------------------------- */

int program_post(struct cli *cli, struct server *server, const json_t *artifact, const char *verb,
		 json_t *body, int wants_json)
{
	CLEANUP(json) json_t *answer = NULL;
	struct error err = { 0 };
	char path[PATH_BYTES];

	text_format(path, sizeof(path), ARTIFACTS "/%s/%s", json_get_text(artifact, "id", ""),
		    verb);
	if (server_send(server,
			&(struct fetch_request) { .method = "POST", .path = path, .body = body },
			&answer, &err) < 0)
		return command_failed(&err);
	program_print(cli, answer, wants_json);
	return EXIT_DONE;
}

static int run_verb(struct cli *cli, int argc, char **argv, const char *verb, bool is_assigned)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *artifact = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_program);
	if (server_open(&server, cli, &err) < 0)
		return command_failed(&err);
	artifact = program_find(&server, words.at[0], is_assigned, &err);
	return artifact ? program_post(cli, &server, artifact, verb, NULL, wants_json)
			: command_failed(&err);
}

static int run_unassign(struct cli *cli, int argc, char **argv)
{
	return run_verb(cli, argc, argv, "unassign", true);
}

static int run_revoke(struct cli *cli, int argc, char **argv)
{
	return run_verb(cli, argc, argv, "revoke", false);
}

static int read_bytes(const char *folder, const char *name, size_t max, struct buf *out,
		      struct error *err)
{
	buf_init(out, max);
	return program_read_file(folder, name, out, err);
}

/* What the release says of itself; nobody here trusts it, the server looks. */
static json_t *make_push(const struct buf *release, const struct buf *signature,
			 const struct buf *artifact, struct error *err)
{
	CLEANUP(json)
	json_t *words = json_parse(buf_text(release), release->len, PROGRAM_RELEASE_MAX_BYTES, err);
	CLEANUP(text) char *data = base64_text(buf_text(artifact), artifact->len);
	CLEANUP(text) char *signed_by = base64_text(buf_text(signature), signature->len);

	if (!words)
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:o, s:s}}", "name",
			 json_get_text(words, "name", "-"), "version",
			 json_get_text(words, "version", "-"), "type", "ebpf", "data", data,
			 "metadata", "release", json_text(buf_text(release), release->len),
			 "signature", signed_by);
}

static json_t *read_push(const char *folder, struct error *err)
{
	CLEANUP(buf) struct buf release = { 0 };
	CLEANUP(buf) struct buf signature = { 0 };
	CLEANUP(buf) struct buf artifact = { 0 };

	if (read_bytes(folder, PROGRAM_RELEASE, PROGRAM_RELEASE_MAX_BYTES, &release, err) < 0 ||
	    read_bytes(folder, PROGRAM_SIGNATURE, PROGRAM_SIGNATURE_MAX_BYTES, &signature, err) <
		    0 ||
	    read_bytes(folder, PROGRAM_ARTIFACT, PROGRAM_ARTIFACT_MAX_BYTES, &artifact, err) < 0)
		return NULL;
	return make_push(&release, &signature, &artifact, err);
}

static int run_push(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct fetch_request request = { .method = "POST", .path = ARTIFACTS };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_program);
	if (server_open(&server, cli, &err) < 0)
		return command_failed(&err);
	request.body = read_push(words.at[0], &err);
	if (!request.body || server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	program_print(cli, answer, wants_json);
	return EXIT_DONE;
}

/* --- whose it takes ----------------------------------------------------------------------- */

static int run_keys(struct cli *cli, int argc, char **argv)
{
	static const struct table_column of_keys[] = {
		{ "ID", "id" },
		{ "ADDED", "added" },
		{ "BY", "added_by" },
		{ 0 },
	};
	static const struct listing keys = {
		.path = KEYS,
		.name = "keys",
		.columns = of_keys,
		.empty = "The org trusts no key; 'constable program trust FILE' adds one.",
	};

	return listing_run(&command_program, &keys, cli, argc, argv);
}

static int read_key(const char *path, struct buf *out, struct error *err)
{
	buf_init(out, KEY_MAX_BYTES);
	return file_load_public(path, out, err);
}

static int run_trust(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(buf) struct buf key = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	struct fetch_request request = { .method = "POST", .path = KEYS };
	struct error err = { 0 };

	if (argc != 2)
		return command_misused(&command_program);
	if (read_key(argv[1], &key, &err) < 0 || server_open(&server, cli, &err) < 0)
		return command_failed(&err);
	request.body = json_pack("{s:o}", "key", json_text(buf_text(&key), key.len));
	if (server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_NAME, "%s", json_get_text(answer, "id", ""));
	page_add(&cli->out, STYLE_PLAIN, " is trusted.");
	page_end(&cli->out);
	return EXIT_DONE;
}

static int run_distrust(struct cli *cli, int argc, char **argv)
{
	return listing_delete(cli, KEYS, argc, argv);
}

int program_run(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = {
		{ "list", run_list },
		{ "push", run_push },
		{ "assign", program_assign },
		{ "unassign", run_unassign },
		{ "revoke", run_revoke },
		{ "keys", run_keys },
		{ "trust", run_trust },
		{ "distrust", run_distrust },
		{ 0 },
	};

	return verb_run(&command_program, verbs, cli, argc, argv);
}
