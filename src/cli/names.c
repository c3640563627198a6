#include "cli/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WAITS_FOR_SERVER                                                              \
	"'%s%s%s' needs the link to a server, which this version does not have yet; " \
	"'constable help' says what works without one"

/* What one program's verb becomes; a NULL verb of ours is a feature that is still to come. */
struct verb {
	const char *theirs;
	const char *ours;
	const char *more[3]; /* what it defaults to, put before the person's words */
};

static const struct verb vm_agent_verbs[] = {
	{ "config", "config", { NULL } },
	{ "exec", "exec", { "--timeout", "30" } },
	{ "install", NULL, { NULL } },
	{ "logs", "logs", { "--lines", "100" } },
	{ "ls", "ls", { NULL } },
	{ "metrics", "metrics", { NULL } },
	{ "provision", NULL, { NULL } },
	{ "server", NULL, { NULL } },
	{ "status", "status", { NULL } },
	{ "test", "test", { NULL } },
	{ "test-connection", NULL, { NULL } },
	{ "--help", "--help", { NULL } },
	{ "--version", "--version", { NULL } },
	{ "-h", "--help", { NULL } },
	{ "-v", "--version", { NULL } },
	{ 0 },
};

static const struct verb nannyagent_verbs[] = {
	{ "--daemon", NULL, { NULL } },
	{ "--diagnose", "ask", { NULL } },
	{ "--help", "--help", { NULL } },
	{ "--register", NULL, { NULL } },
	{ "--status", "status", { NULL } },
	{ "--version", "--version", { NULL } },
	{ "-h", "--help", { NULL } },
	{ "-v", "--version", { NULL } },
	{ 0 },
};

static const struct verb local_agent_verbs[] = {
	{ "--help", "--help", { NULL } },
	{ "--version", "--version", { NULL } },
	{ "-h", "--help", { NULL } },
	{ "-v", "--version", { NULL } },
	{ 0 },
};

/* nannyagent's flags that stand before its verb and take a value. */
static const char *const nannyagent_overrides[] = {
	"--agent-id",   "--api-url", "--metrics-interval", "--portal-url", "--proxmox-interval",
	"--token-path", NULL,
};

static const struct program {
	const char *name;
	const struct verb *verbs;
	const char *verb_if_none; /* what it does without arguments; NULL: it serves */
} programs[] = {
	{ "local-agent", local_agent_verbs, NULL },
	{ "nannyagent", nannyagent_verbs, "ask" },
	{ "vm-agent", vm_agent_verbs, "--help" },
};

static const struct program *find_program(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_LEN(programs); i++)
		if (strcmp(programs[i].name, name) == 0)
			return &programs[i];
	return NULL;
}

/* The old positional form ("nannyagent status") means the flag of that name. */
static const struct verb *find_verb(const struct program *program, const char *word)
{
	for (const struct verb *verb = program->verbs; verb->theirs; verb++) {
		bool is_old =
			strncmp(verb->theirs, "--", 2) == 0 && strcmp(verb->theirs + 2, word) == 0;

		if (strcmp(verb->theirs, word) == 0 || is_old)
			return verb;
	}
	return NULL;
}

static void add(struct names_translation *out, const char *word)
{
	if (out->argc < NAMES_MAX_WORDS)
		out->argv[out->argc++] = (char *)word; /* nobody writes to argv */
}

static bool is_override(const char *word)
{
	size_t len = strcspn(word, "=");

	for (const char *const *at = nannyagent_overrides; *at; at++)
		if (strncmp(*at, word, len) == 0 && !(*at)[len])
			return true;
	return false;
}

/*
 * Their flags before the verb. Ours come out, the rest is about a server: said,
 * not silently dropped. Returns the index of the verb.
 */
static int take_globals(int argc, char **argv, struct names_translation *out)
{
	int at = 1;

	for (; at < argc; at++) {
		if (strcmp(argv[at], "--debug") == 0) {
			add(out, "--log-level=debug");
		} else if ((strcmp(argv[at], "-c") == 0 || strcmp(argv[at], "--config") == 0) &&
			   at + 1 < argc) {
			if (setenv("CONSTABLE_CONFIG", argv[++at], 1) < 0)
				abort();
		} else if (is_override(argv[at])) {
			(void)fprintf(stderr,
				      "constable: %.*s is about a server, which is not "
				      "here yet: ignored\n",
				      (int)strcspn(argv[at], "="), argv[at]);
			at += !strchr(argv[at], '=') && at + 1 < argc;
		} else {
			break;
		}
	}
	return at;
}

static int translate(const struct program *program, int argc, char **argv, int at,
		     struct names_translation *out, struct error *err)
{
	const struct verb *verb;

	if (at == argc && program->verb_if_none) {
		add(out, program->verb_if_none);
		return 0;
	}
	if (at == argc)
		return error_set(err, -ENOSYS, WAITS_FOR_SERVER, program->name, "", "");
	verb = find_verb(program, argv[at]);
	if (!verb)
		return error_set(err, -EINVAL, "'%s' has no '%s'; see '%s --help'", program->name,
				 argv[at], program->name);
	if (!verb->ours)
		return error_set(err, -ENOSYS, WAITS_FOR_SERVER, program->name, " ", argv[at]);
	add(out, verb->ours);
	for (size_t i = 0; i < ARRAY_LEN(verb->more) && verb->more[i]; i++)
		add(out, verb->more[i]);
	for (at++; at < argc; at++)
		add(out, argv[at]);
	return 0;
}

int names_translate(int argc, char **argv, struct names_translation *translation_out,
		    struct error *err)
{
	const struct program *program = argc ? find_program(argv[0]) : NULL;
	struct names_translation out = { 0 };
	int r = 0;

	if (argc > NAMES_MAX_WORDS - 8)
		return error_set(err, -E2BIG, "more than %d words", NAMES_MAX_WORDS - 8);
	add(&out, argc ? argv[0] : "constable");
	if (program)
		r = translate(program, argc, argv, take_globals(argc, argv, &out), &out, err);
	else
		for (int i = 1; i < argc; i++)
			add(&out, argv[i]);
	if (r == 0)
		*translation_out = out;
	return r;
}
