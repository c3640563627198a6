/* constable program: apply, set, list, remove and rollback, by this host's gate. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/encoding.h"
#include "cli/call.h"
#include "cli/fleet.h"
#include "cli/program/program.h"
#include "kernel/program/program.h"

#define STATE_COLUMN 40
#define REST_COLUMN 54

struct options {
	const char *targets, *params, *lists, *nonce;
	uint64_t ttl_ns;
	int wants_json;
	int of_rollbacks; /* the verb: of list_programs only those */
};

static int hand_over(const struct cli *cli, int argc, char **argv)
{
	char **words = calloc((size_t)argc + 2, sizeof(*words));
	struct error err = { 0 };
	char path[4096];

	if (!words)
		abort();
	text_format(path, sizeof(path), "%s/constable-program", cli->executables);
	words[0] = (char *)"constable-program";
	memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
	(void)execv(path, words);
	error_errno(&err, "start '%s'", path);
	free(words);
	return command_failed(&err);
}

/* --- arguments ---------------------------------------------------------------------------- */

static int add_file(json_t *args, const char *member, const char *folder, const char *name,
		    size_t max, struct error *err)
{
	CLEANUP(buf) struct buf bytes = { 0 };
	CLEANUP(text) char *text = NULL;

	buf_init(&bytes, max);
	if (program_read_file(folder, name, &bytes, err) < 0)
		return err->code;
	text = base64_text(buf_text(&bytes), bytes.len);
	json_put(args, member, json_string(text));
	return 0;
}

static int add_pairs(json_t *args, const struct options *options, struct error *err)
{
	json_t *targets = options->targets ? program_read_pairs(options->targets, 0, err) : NULL;
	json_t *params = options->params ? program_read_pairs(options->params, 1, err) : NULL;
	json_t *lists = options->lists ? program_read_lists(options->lists, err) : NULL;

	if (targets)
		json_put(args, "targets", targets);
	if (params)
		json_put(args, "params", params);
	if (lists)
		json_put(args, "lists", lists);
	if (options->ttl_ns)
		json_put(args, "ttl_s", json_integer((json_int_t)(options->ttl_ns / NS_PER_SEC)));
	return err->code;
}

static json_t *read_args(const char *folder, const struct options *options, struct error *err)
{
	CLEANUP(json) json_t *args = json_object();
	CLEANUP(buf) struct buf release = { 0 };

	buf_init(&release, PROGRAM_RELEASE_MAX_BYTES);
	if (program_read_file(folder, PROGRAM_RELEASE, &release, err) < 0)
		return NULL;
	json_put(args, "release", json_text(buf_text(&release), release.len));
	if (add_file(args, "signature", folder, PROGRAM_SIGNATURE, PROGRAM_SIGNATURE_MAX_BYTES,
		     err) < 0 ||
	    add_file(args, "artifact", folder, PROGRAM_ARTIFACT, PROGRAM_ARTIFACT_MAX_BYTES, err) <
		    0 ||
	    add_pairs(args, options, err) < 0)
		return NULL;
	return TAKE(args);
}

/* --- results ------------------------------------------------------------------------------- */

static void print_times(struct page *out, const json_t *program)
{
	char text[DURATION_TEXT_BYTES];
	int64_t left_s = json_get_int(program, "ttl_remaining_s", -1);

	page_to(out, REST_COLUMN);
	if (left_s >= 0)
		page_add(out, STYLE_PLAIN, "for %s more",
			 duration_to_text((uint64_t)left_s * NS_PER_SEC, text));
	else
		page_flow(out, STYLE_FAINT, REST_COLUMN, json_get_text(program, "why", ""));
	page_end(out);
}

/* What the kernel says of it, where something was seen by now. */
static void print_figures(struct page *out, const json_t *figures)
{
	json_t *value;
	const char *name;

	if (!figures)
		return;
	page_add(out, STYLE_FAINT, "  %.2f %% of a processor, %jd KiB, %jd packets or runs",
		 json_get_number(figures, "cpu_percent", 0),
		 (intmax_t)json_get_int(figures, "memory_kb", 0),
		 (intmax_t)json_get_int(figures, "packets", 0));
	page_end(out);
	json_object_foreach(json_object_get(figures, "counters"), name, value)
	{
		page_add(out, STYLE_FAINT, "  %s %jd", name, (intmax_t)json_integer_value(value));
		page_end(out);
	}
}

/* What it was given, and what of that was changed since. */
static void print_given(struct page *out, const json_t *program)
{
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(program, "params"), name, value)
	{
		page_add(out, STYLE_FAINT, "  %s=%jd", name, (intmax_t)json_integer_value(value));
		page_end(out);
	}
	json_object_foreach(json_object_get(program, "lists"), name, value)
	{
		page_add(out, STYLE_FAINT, "  %s: %jd in the list", name,
			 (intmax_t)json_integer_value(value));
		page_end(out);
	}
}

static void print_program(struct page *out, const json_t *program)
{
	const json_t *list = json_object_get(program, "programs"), *one;
	bool is_attached = json_object_get(program, "ttl_remaining_s") != NULL;
	size_t i;

	page_add(out, STYLE_NAME, "%s", json_get_text(program, "name", ""));
	page_add(out, STYLE_FAINT, " %s", json_get_text(program, "version", ""));
	page_to(out, STATE_COLUMN);
	page_add(out, is_attached ? STYLE_GOOD : STYLE_PLAIN, "%s",
		 json_get_text(program, "state", ""));
	print_times(out, program);
	json_array_foreach(list, i, one)
	{
		page_add(out, STYLE_FAINT, "  %s at %s", json_get_text(one, "type", ""),
			 json_get_text(one, "target", ""));
		page_end(out);
	}
	if (is_attached)
		print_given(out, program);
	print_figures(out, json_object_get(program, "figures"));
}

static void print_one(struct page *out, const json_t *item, const char *state)
{
	page_add(out, STYLE_NAME, "%s", json_get_text(item, "name", ""));
	page_add(out, STYLE_FAINT, " %s", json_get_text(item, "version", ""));
	page_to(out, STATE_COLUMN);
	page_add(out, STYLE_PLAIN, "%s", state);
	page_to(out, REST_COLUMN);
	page_flow(out, STYLE_FAINT, REST_COLUMN, json_get_text(item, "why", ""));
	page_end(out);
}

static void print_rollbacks(struct page *out, const json_t *result)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(result, "rollbacks"), i, item)
	{
		print_one(out, item, json_get_text(item, "status", ""));
	}
	json_array_foreach(json_object_get(result, "quarantine"), i, item)
	{
		print_one(out, item, "quarantine");
	}
}

static void print_trouble(struct page *out, const char *what, const char *why)
{
	if (!*why)
		return;
	page_add(out, STYLE_BAD, "%s: ", what);
	page_flow(out, STYLE_PLAIN, 0, why);
	page_end(out);
}

/* Of all that list_programs says what was asked for. */
static json_t *select_rollbacks(const json_t *result)
{
	return json_pack("{s:O, s:O}", "rollbacks", json_object_get(result, "rollbacks"),
			 "quarantine", json_object_get(result, "quarantine"));
}

/* Whose programs: of Vault's keys until when they count, should it stay away. */
static void print_keys(struct page *out, const json_t *result)
{
	const json_t *vault = json_object_get(result, "vault"), *item, *id;
	size_t i, j;

	json_array_foreach(json_object_get(result, "keys"), i, item)
	{
		page_add(out, STYLE_FAINT, "key %s of %s%s", json_get_text(item, "id", ""),
			 json_get_text(item, "from", ""),
			 json_get_bool(item, "revoked", false) ? ", revoked" : "");
		page_end(out);
	}
	json_array_foreach(json_object_get(vault, "sources"), i, item)
	{
		json_array_foreach(json_object_get(item, "keys"), j, id)
		{
			page_add(out, STYLE_FAINT, "key %s of Vault %s until %s",
				 json_string_value(id), json_get_text(item, "from", ""),
				 json_get_text(item, "until", ""));
			page_end(out);
		}
		print_trouble(out, json_get_text(item, "from", ""), json_get_text(item, "why", ""));
	}
	print_trouble(out, json_get_text(vault, "url", ""), json_get_text(vault, "why", ""));
	print_trouble(out, json_get_text(vault, "url", ""), json_get_text(vault, "token_why", ""));
}

static int print(struct cli *cli, const json_t *result, int wants_json)
{
	const json_t *list =
		json_object_get(result, "state") ? NULL : json_object_get(result, "programs");
	const json_t *program;
	size_t i;

	if (wants_json) {
		cli_print_json(result);
		return EXIT_DONE;
	}
	if (json_object_get(result, "released")) {
		page_add(&cli->out, STYLE_PLAIN, "%s is out of quarantine.",
			 json_get_text(result, "name", ""));
		page_end(&cli->out);
		return EXIT_DONE;
	}
	if (!list) {
		print_program(&cli->out, result);
		return EXIT_DONE;
	}
	json_array_foreach(list, i, program)
	{
		print_program(&cli->out, program);
	}
	print_keys(&cli->out, result);
	return EXIT_DONE;
}

static int ask(struct cli *cli, const char *tool, json_t *args, const struct options *options)
{
	CLEANUP(json) json_t *owned = args;
	CLEANUP(text) char *text = json_canonical(owned);
	CLEANUP(json) json_t *result = NULL;
	struct cli_call call = {
		.tool = tool,
		.args = text,
		.n_args = strlen(text),
		.nonce = options->nonce,
		.cli = cli,
	};
	struct error err = { 0 };

	if (cli_run_approved(cli, &call, &result, &err) < 0)
		return command_failed(&err);
	if (options->of_rollbacks) {
		CLEANUP(json) json_t *selected = select_rollbacks(result);

		if (options->wants_json)
			cli_print_json(selected);
		else
			print_rollbacks(&cli->out, selected);
		return EXIT_DONE;
	}
	return print(cli, result, options->wants_json);
}

static int apply(struct cli *cli, const struct words *words, const struct options *options)
{
	struct error err = { 0 };
	json_t *args = read_args(words->at[1], options, &err);

	return args ? ask(cli, "apply_program", args, options) : command_failed(&err);
}

/* NAME, and N=V for each parameter. */
static int set(struct cli *cli, const struct words *words, const struct options *options)
{
	CLEANUP(json) json_t *args = json_pack("{s:s}", "name", words->at[1]);
	struct error err = { 0 };

	if (add_pairs(args, options, &err) < 0)
		return command_failed(&err);
	for (size_t i = 2; i < words->n; i++) {
		CLEANUP(json) json_t *pairs = program_read_pairs(words->at[i], 1, &err);
		json_t *params = json_object_get(args, "params");

		if (!pairs)
			return command_failed(&err);
		if (!params)
			json_put(args, "params", json_incref(pairs));
		else
			(void)json_object_update(params, pairs);
	}
	return ask(cli, "set_program_params", TAKE(args), options);
}

static const struct {
	const char *verb, *tool;
} by_name[] = {
	{ "remove", "remove_program" },
	{ "rollback", "rollback_program" },
	{ "release", "release_program" },
};

/* The server's affair: what the org has, and for which hosts. */
static bool is_of_org(int argc, char **argv)
{
	static const char *const verbs[] = { "trust",  "distrust", "keys",  "push",
					     "assign", "unassign", "revoke" };
	const char *verb = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verb, verbs[i]) == 0)
			return true;
	for (int i = 2; i < argc && strcmp(verb, "list") == 0; i++)
		if (strcmp(argv[i], "--org") == 0)
			return true;
	return false;
}

int program_run(struct cli *cli, int argc, char **argv)
{
	struct options options = { 0 };
	const struct option_row rows[] = { { "--targets", OPTION_TEXT, &options.targets },
					   { "--params", OPTION_TEXT, &options.params },
					   { "--lists", OPTION_TEXT, &options.lists },
					   { "--ttl", OPTION_DURATION, &options.ttl_ns },
					   { "--nonce", OPTION_TEXT, &options.nonce },
					   { "--json", OPTION_SET, &options.wants_json },
					   { 0 } };
	const char *verb = argc > 1 ? argv[1] : "";
	struct words words;
	struct error err = { 0 };

	if (is_of_org(argc, argv))
		return fleet_run(cli, argc, argv);
	if (strcmp(verb, "build") == 0 || strcmp(verb, "sign") == 0 || strcmp(verb, "verify") == 0)
		return hand_over(cli, argc, argv);
	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (strcmp(verb, "apply") == 0 && words.n == 2)
		return apply(cli, &words, &options);
	if (strcmp(verb, "set") == 0 && words.n >= 2 && !options.targets && !options.ttl_ns)
		return set(cli, &words, &options);
	if (strcmp(verb, "list") == 0 && words.n == 1)
		return ask(cli, "list_programs", json_object(), &options);
	options.of_rollbacks = strcmp(verb, "rollbacks") == 0 && words.n == 1;
	if (options.of_rollbacks)
		return ask(cli, "list_programs", json_object(), &options);
	for (size_t i = 0; i < ARRAY_LEN(by_name) && words.n == 2; i++)
		if (strcmp(verb, by_name[i].verb) == 0)
			return ask(cli, by_name[i].tool, json_pack("{s:s}", "name", words.at[1]),
				   &options);
	return command_misused(&command_program);
}
