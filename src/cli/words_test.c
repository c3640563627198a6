/* What people type: options, key=value arguments, the names of other programs, their files. */
#include <errno.h>
#include <string.h>

#include "base/test.h"
#include "cli/arguments.h"
#include "cli/import.h"
#include "cli/names.h"
#include "cli/option.h"
#include "cli/settings.h"

static const char schema_text[] =
	"{\"properties\":{\"path\":{\"type\":\"string\",\"format\":\"path\"},"
	"\"depth\":{\"type\":\"integer\",\"minimum\":1},\"all\":{\"type\":\"boolean\"},"
	"\"share\":{\"type\":\"number\"},"
	"\"paths\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
	"\"port\":{\"type\":[\"integer\",\"string\"]}}}";

static char *arguments(const char *const *words, size_t n, struct error *err)
{
	CLEANUP(json) json_t *schema = json_loads(schema_text, 0, NULL);
	CLEANUP(json) json_t *args = arguments_from_words(schema, words, n, err);

	return args ? json_canonical(args) : NULL;
}

static void becomes(const char *word, const char *expected)
{
	struct error err = { 0 };
	CLEANUP(text) char *text = arguments(&word, 1, &err);

	CHECK_OK(err.code, err);
	CHECK_TEXT(text, expected);
}

static void is_refused(const char *word, const char *sentence)
{
	struct error err = { 0 };
	CLEANUP(text) char *text = arguments(&word, 1, &err);

	CHECK(!text);
	CHECK_INT(err.code, -EINVAL);
	CHECK_TEXT(err.text, sentence);
}

TEST(the_schema_says_what_a_word_becomes)
{
	becomes("path=/var/log", "{\"path\":\"/var/log\"}");
	becomes("path=12", "{\"path\":\"12\"}");
	becomes("depth=3", "{\"depth\":3}");
	becomes("all=yes", "{\"all\":true}");
	becomes("share=0.5", "{\"share\":0.5}");
	becomes("paths=/a,/b", "{\"paths\":[\"/a\",\"/b\"]}");
	becomes("paths=[\"/a,b\"]", "{\"paths\":[\"/a,b\"]}");
	becomes("port=80", "{\"port\":80}");
	becomes("port=http", "{\"port\":\"http\"}");
}

TEST(a_word_that_does_not_fit_is_refused_with_what_would)
{
	is_refused("depth=deep", "depth: 'deep' is no integer from 1");
	is_refused("deep=3", "no argument 'deep'; it takes path, depth, all, share, paths, port");
	is_refused("path", "'path' is no argument: write KEY=VALUE or JSON");
}

struct asked {
	int json;
	const char *save;
	uint64_t since_ns, lines;
	struct words words;
};

static int read_options(struct asked *asked, struct error *err, int argc, const char **argv)
{
	const struct option_row rows[] = {
		{ "--json", OPTION_SET, &asked->json },
		{ "--save", OPTION_TEXT, &asked->save },
		{ "--since", OPTION_DURATION, &asked->since_ns },
		{ "--lines", OPTION_COUNT, &asked->lines },
		{ 0 },
	};

	*asked = (struct asked) { 0 };
	return option_read(rows, argc, (char **)argv, &asked->words, err);
}

TEST(options_stand_anywhere_among_the_words)
{
	const char *argv[] = { "ask", "why",    "--json", "is",   "--since=2h",
			       "it",  "--save", "f",      "slow", NULL };
	struct asked asked;
	struct error err = { 0 };

	CHECK_OK(read_options(&asked, &err, 9, argv), err);
	CLEANUP(text) char *joined = option_join(&asked.words);
	CHECK_TEXT(joined, "why is it slow");
	CHECK_INT(asked.json, 1);
	CHECK_TEXT(asked.save, "f");
	CHECK_INT(asked.since_ns, UINT64_C(7200) * NS_PER_SEC);
}

TEST(after_two_dashes_everything_is_a_word)
{
	const char *argv[] = { "exec", "--", "ls", "--json", NULL };
	struct asked asked;
	struct error err = { 0 };

	CHECK_OK(read_options(&asked, &err, 4, argv), err);
	CHECK_INT(asked.words.n, 2);
	CHECK_INT(asked.json, 0);
}

TEST(a_wrong_option_is_named)
{
	static const struct {
		const char *word, *value, *sentence;
	} rows[] = {
		{ "--jsno", NULL, "ask: no option '--jsno'; see 'constable help ask'" },
		{ "--since", "soon", "--since: 'soon' is no duration; write 90s, 15m or 2h" },
		{ "--since", NULL, "--since wants a value" },
		{ "--lines", "0", "--lines wants a number from 1" },
		{ "--json=1", NULL, "--json takes no value" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *argv[] = { "ask", rows[i].word, rows[i].value, NULL };
		struct asked asked;
		struct error err = { 0 };

		CHECK_INT(read_options(&asked, &err, rows[i].value ? 3 : 2, argv), -EINVAL);
		CHECK_TEXT(err.text, rows[i].sentence);
	}
}

/* The words after the program's name, with a blank between them. */
static int translate(const char *line, char text[512], struct error *err)
{
	struct names_translation translation;
	char copy[256], *argv[16], *rest = copy, *word;
	int argc = 0, r;

	text_format(copy, sizeof(copy), "%s", line);
	while ((word = strsep(&rest, " ")))
		argv[argc++] = word;
	argv[argc] = NULL;
	r = names_translate(argc, argv, &translation, err);
	text[0] = '\0';
	for (int i = 1; r == 0 && i < translation.argc; i++)
		text_format(text + strlen(text), 512 - strlen(text), "%s%s", i > 1 ? " " : "",
			    translation.argv[i]);
	return r;
}

static void means(const char *line, const char *expected)
{
	struct error err = { 0 };
	char text[512];

	CHECK_OK(translate(line, text, &err), err);
	CHECK_TEXT(text, expected);
}

TEST(documented_verbs_of_other_programs_map_onto_ours)
{
	means("/usr/bin/constable ask x", "ask x");
	means("/usr/bin/vm-agent status", "status");
	means("vm-agent exec uptime", "exec --timeout 30 uptime");
	means("vm-agent exec uptime --timeout 60", "exec --timeout 30 uptime --timeout 60");
	means("vm-agent logs /var/log/syslog --lines 1000",
	      "logs --lines 100 /var/log/syslog --lines 1000");
	means("vm-agent ls /var/log", "ls /var/log");
	means("vm-agent -v", "--version");
	means("vm-agent", "--help");
	means("nannyagent --diagnose disk is slow", "ask disk is slow");
	means("nannyagent diagnose disk is slow", "ask disk is slow");
	means("nannyagent --debug --status", "--log-level=debug status");
	means("nannyagent", "ask");
	means("local-agent --version", "--version");
}

TEST(verbs_about_a_server_are_ours)
{
	means("vm-agent install --orchestrator-url https://s",
	      "provision --orchestrator-url https://s");
	means("vm-agent test-connection", "test-connection");
	means("vm-agent server", "agent run");
	means("vm-agent server --host 127.0.0.1 --port 9090 --no-ssl",
	      "agent run --api-address 127.0.0.1:9090");
	means("vm-agent server --port 9090", "agent run --api-address 127.0.0.1:9090");
	means("vm-agent server --config /x.yaml", "agent run");
	means("vm-agent server --provision --provisioning-token T",
	      "agent run --provision --provisioning-token T");
	means("nannyagent --register", "provision --device");
	means("nannyagent --daemon", "agent run");
	means("local-agent", "agent run");
}

TEST(an_undocumented_verb_is_refused)
{
	struct error err = { 0 };
	char text[512];

	CHECK_INT(translate("vm-agent fly", text, &err), -EINVAL);
}

static json_t *import(const char *text, struct error *err)
{
	return import_parse("their.yaml", text, strlen(text), settings_keys, err);
}

TEST(files_of_other_programs_are_understood)
{
	struct error err = { 0 };
	CLEANUP(json)
	json_t *imported = import("logging:\n  level: INFO\n  file: /x\ntools:\n"
				  "  shell_executor:\n    timeout: 300\nserver:\n  port: 8081\n"
				  "  ssl:\n    enabled: true\n    cert_file: /c\n",
				  &err);
	const json_t *taken = json_object_get(imported, "taken");

	CHECK_OK(err.code, err);
	CHECK_TEXT(json_get_text(taken, "log_level", ""), "INFO");
	CHECK_TEXT(json_get_text(taken, "exec_timeout", ""), "300");
	CHECK_TEXT(json_get_text(taken, "api_port", ""), "8081");
	CHECK_TEXT(json_get_text(taken, "api_certificate", ""), "/c");
	CHECK_INT(json_array_size(json_object_get(imported, "waiting")), 2);
}

TEST(an_undocumented_key_is_an_error_with_file_line_and_key)
{
	struct error err = { 0 };
	CLEANUP(json)
	json_t *imported = import("debug: true\nlogging:\n  levl: x\nfoo:\n  bar: 1\n", &err);

	CHECK(!imported);
	CHECK_TEXT(err.text, "their.yaml:5: key 'foo/bar' is in no documented configuration");
}
