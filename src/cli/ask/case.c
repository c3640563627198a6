/* constable case: investigations as documents that can be sent, read and computed again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask/evidence.h"
#include "cli/ask/investigator.h"
#include "cli/ask/kept.h"
#include "cli/ask/report.h"
#include "cli/ask/written.h"
#include "cli/commands.h"
#include "investigation/otlp.h"

#define PATH_BYTES 4096

static int list(struct cli *cli, int wants_json)
{
	CLEANUP(json) json_t *names = kept_list(cli);
	const json_t *name;
	size_t i;

	if (wants_json) {
		cli_print_json(names);
		return EXIT_DONE;
	}
	json_array_foreach(names, i, name)
	{
		char path[PATH_BYTES];
		struct error err = { 0 };
		CLEANUP(json) json_t *bundle = NULL;

		if (kept_find(cli, json_string_value(name), path, sizeof(path), &err) == 0)
			bundle = kept_read(path, &err);
		page_add(&cli->out, STYLE_NAME, "%s", json_string_value(name));
		page_add(&cli->out, STYLE_PLAIN, "  %-14s",
			 json_get_text(json_object_get(bundle, "report"), "verdict", "?"));
		page_flow(&cli->out, STYLE_FAINT, 44,
			  bundle ? json_get_text(bundle, "question", "") : err.text);
		page_end(&cli->out);
	}
	if (!json_array_size(names)) {
		page_add(&cli->out, STYLE_FAINT, "No investigation is kept yet.");
		page_end(&cli->out);
	}
	return EXIT_DONE;
}

static int export(const char *path, const json_t *bundle, const char *to)
{
	struct error err = { 0 };
	int r;

	if (to) {
		r = kept_write(to, bundle, &err);
		return r < 0 ? command_failed(&err) : EXIT_DONE;
	}
	if (isatty(STDOUT_FILENO)) {
		error_set(&err, -EINVAL,
			  "a case is long: name a file to write it to, or see 'constable case "
			  "show'");
		return command_failed(&err);
	}
	(void)path;
	(void)json_dumpf(bundle, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	(void)fputc('\n', stdout);
	return EXIT_DONE;
}

static int show(struct cli *cli, const json_t *bundle, const char *id, enum written format)
{
	const json_t *report = json_object_get(bundle, "report");
	struct error err = { 0 };

	if (format == WRITTEN_JSON) {
		cli_print_json(id ? evidence_find(bundle, id) : report);
		return id && !evidence_find(bundle, id) ? EXIT_FAILED : EXIT_DONE;
	}
	if (!id && format != WRITTEN_TEXT) {
		written_print(report, format);
		return EXIT_DONE;
	}
	if (!id) {
		report_print(report, bundle, NULL, &cli->out);
		report_print_evidence(report, &cli->out);
		return EXIT_DONE;
	}
	if (evidence_print(bundle, id, &cli->out))
		return EXIT_DONE;
	error_set(&err, -ENOENT, "the case has no evidence '%s'", id);
	return command_failed(&err);
}

/* Reports are the same if they are but for the time they took. */
static bool is_same(const json_t *kept, const json_t *again)
{
	CLEANUP(json) json_t *a = json_copy((json_t *)kept);
	CLEANUP(json) json_t *b = json_copy((json_t *)again);
	CLEANUP(text) char *text_a = NULL;
	CLEANUP(text) char *text_b = NULL;

	if (!a || !b)
		return false;
	(void)json_object_del(a, "elapsed_ms");
	(void)json_object_del(b, "elapsed_ms");
	text_a = json_canonical(a);
	text_b = json_canonical(b);
	return strcmp(text_a, text_b) == 0;
}

static int replay(struct cli *cli, const char *path, const json_t *bundle, int wants_json)
{
	const json_t *kept = json_object_get(bundle, "report");
	CLEANUP(json) json_t *again = NULL;
	struct error err = { 0 };
	bool same;

	if (investigate_replay(cli, path, &again, &err) < 0)
		return command_failed(&err);
	same = is_same(kept, again);
	if (wants_json) {
		CLEANUP(json)
		json_t *answer = json_pack("{s:b, s:O}", "identical", same, "report", again);

		cli_print_json(answer);
		return same ? EXIT_DONE : EXIT_FAILED;
	}
	report_print(again, bundle, NULL, &cli->out);
	page_end(&cli->out);
	page_flow(&cli->out, same ? STYLE_GOOD : STYLE_BAD, 0,
		  same ? "identical: computed again from the evidence alone, it is the same report"
		       : "different: the knowledge or the engine has changed since, or the kept "
			 "report was altered");
	page_end(&cli->out);
	return same ? EXIT_DONE : EXIT_FAILED;
}

struct options {
	enum written format;
	int wants_json, has_content;
};

static int trace(const json_t *bundle, int has_content)
{
	struct error err = { 0 };
	CLEANUP(json)
	json_t *spans =
		otlp_trace(bundle, has_content ? OTLP_WITH_CONTENT : OTLP_WITHOUT_CONTENT, &err);

	if (!spans)
		return command_failed(&err);
	cli_print_json(spans);
	return EXIT_DONE;
}

static int act(struct cli *cli, const struct words *words, const struct options *options)
{
	const char *verb = words->at[0];
	const char *what = words->n > 1 ? words->at[1] : NULL;
	const char *more = words->n > 2 ? words->at[2] : NULL;
	bool exports = strcmp(verb, "export") == 0;
	CLEANUP(json) json_t *bundle = NULL;
	char path[PATH_BYTES];
	struct error err = { 0 };

	/* "export FILE" writes the newest; an evidence id alone shows the newest's. */
	if (!more && what &&
	    ((exports && access(what, F_OK) < 0 && strchr(what, '.')) ||
	     (strcmp(verb, "show") == 0 && what[0] == 'e' && strspn(what + 1, "0123456789") &&
	      !what[1 + strspn(what + 1, "0123456789")]))) {
		more = what;
		what = NULL;
	}
	if (kept_find(cli, what, path, sizeof(path), &err) < 0)
		return command_failed(&err);
	bundle = kept_read(path, &err);
	if (!bundle)
		return command_failed(&err);
	if (exports)
		return export(path, bundle, more);
	if (strcmp(verb, "show") == 0)
		return show(cli, bundle, more, options->format);
	if (strcmp(verb, "trace") == 0)
		return trace(bundle, options->has_content);
	return replay(cli, path, bundle, options->format == WRITTEN_JSON);
}

static bool is_verb(const char *word)
{
	static const char *const verbs[] = { "list", "show", "export", "replay", "trace" };

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(word, verbs[i]) == 0)
			return true;
	return false;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct options options = { 0 };
	const char *name = NULL;
	const struct option_row rows[] = {
		{ "--json", OPTION_SET, &options.wants_json },
		{ "--format", OPTION_TEXT, &name },
		{ "--content", OPTION_SET, &options.has_content },
		{ 0 },
	};
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0 ||
	    written_find(options.wants_json ? "json" : name, &options.format, &err) < 0)
		return command_failed(&err);
	if (!words.n || words.n > 3 || !is_verb(words.at[0]))
		return command_misused(&command_case);
	if (strcmp(words.at[0], "list") == 0)
		return list(cli, options.wants_json);
	return act(cli, &words, &options);
}

const struct command command_case = {
	.name = "case",
	.usage = "list [--json]\n"
		 "show [CASE] [EVIDENCE] [--json | --format markdown|html|text]\n"
		 "export [CASE] FILE\n"
		 "replay [CASE] [--json]\n"
		 "trace [CASE] [--content]",
	.summary = "Read, send and compute again what was investigated",
	.help = "CASE is a file (of 'ask --save' or 'case export') or a name from 'case list'; "
		"without\n"
		"one it is the last investigation.\n\n"
		"  show      the report and its evidence; with an id (e3) that evidence whole;\n"
		"            --format markdown or html writes the report to be sent\n"
		"  export    question, evidence and report as one file\n"
		"  replay    compute the report again from the evidence, without the host: "
		"identical\n"
		"            is status 0, different 1; evidence that was altered is refused\n"
		"  trace     as an OpenTelemetry trace, in the JSON that a collector takes "
		"(POST\n"
		"            /v1/traces); with --content also arguments, results and words\n",
	.run = run,
};
