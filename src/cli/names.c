#include "cli/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one program's verb becomes. */
struct verb {
	const char *theirs;
	const char *ours;
	const char *more[3]; /* what it defaults to, put before the person's words */
};

static const struct verb vm_agent_verbs[] = {
	{ "config", "config", { NULL } },
	{ "exec", "exec", { "--timeout", "30" } },
	{ "install", "provision", { NULL } },
	{ "logs", "logs", { "--lines", "100" } },
	{ "ls", "ls", { NULL } },
	{ "metrics", "metrics", { NULL } },
	{ "provision", "provision", { NULL } },
	{ "server", "agent", { "run" } },
	{ "status", "status", { NULL } },
	{ "test", "test", { NULL } },
	{ "test-connection", "test-connection", { NULL } },
	{ "--help", "--help", { NULL } },
	{ "--version", "--version", { NULL } },
	{ "-h", "--help", { NULL } },
	{ "-v", "--version", { NULL } },
	{ 0 },
};

static const struct verb nannyagent_verbs[] = {
	{ "--daemon", "agent", { "run" } },
	{ "--diagnose", "ask", { NULL } },
	{ "--help", "--help", { NULL } },
	{ "--register", "provision", { "--device" } },
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

/* nannyagent's flags that stand before its verb and take a value; a NULL of ours: the server's. */
static const struct override {
	const char *theirs;
	const char *variable;
} nannyagent_overrides[] = {
	{ "--agent-id", NULL },
	{ "--api-url", "CONSTABLE_SERVER" },
	{ "--metrics-interval", NULL },
	{ "--portal-url", NULL },
	{ "--proxmox-interval", NULL },
	{ "--token-path", NULL },
	{ 0 },
};

static const struct program {
	const char *name;
	const struct verb *verbs;
	const char *if_none[3]; /* what it does without arguments */
} programs[] = {
	{ "local-agent", local_agent_verbs, { "agent", "run" } },
	{ "nannyagent", nannyagent_verbs, { "ask" } },
	{ "vm-agent", vm_agent_verbs, { "--help" } },
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

static const struct override *find_override(const char *word)
{
	size_t len = strcspn(word, "=");

	for (const struct override *at = nannyagent_overrides; at->theirs; at++)
		if (strncmp(at->theirs, word, len) == 0 && !at->theirs[len])
			return at;
	return NULL;
}

static void take_override(const struct override *override, const char *value)
{
	if (!override->variable)
		(void)fprintf(stderr,
			      "constable: %s is the server's to decide, or settled by enrolment: "
			      "ignored\n",
			      override->theirs);
	else if (setenv(override->variable, value, 1) < 0)
		abort();
}

/*
 * Their flags before the verb. Ours come out; what a server decides now is said, not
 * silently dropped. Returns the index of the verb.
 */
static int take_globals(int argc, char **argv, struct names_translation *out)
{
	int at = 1;

	for (; at < argc; at++) {
		const struct override *override = find_override(argv[at]);
		const char *equals = strchr(argv[at], '=');

		if (strcmp(argv[at], "--debug") == 0) {
			add(out, "--log-level=debug");
		} else if ((strcmp(argv[at], "-c") == 0 || strcmp(argv[at], "--config") == 0) &&
			   at + 1 < argc) {
			if (setenv("CONSTABLE_CONFIG", argv[++at], 1) < 0)
				abort();
		} else if (override && (equals || at + 1 < argc)) {
			take_override(override, equals ? equals + 1 : argv[++at]);
		} else {
			break;
		}
	}
	return at;
}

/* "--host H --port P" of `vm-agent server` is where the local API listens; whether it speaks TLS
 * is the settings' to choose. */
static void take_listen(int argc, char **argv, int at, struct names_translation *out)
{
	static char address[256];
	const char *host = "127.0.0.1", *port = "8080";
	bool is_given = false;

	for (; at < argc; at++) {
		bool has_value = at + 1 < argc;

		if (strcmp(argv[at], "--host") == 0 && has_value) {
			host = argv[++at];
			is_given = true;
		} else if (strcmp(argv[at], "--port") == 0 && has_value) {
			port = argv[++at];
			is_given = true;
		} else if (strcmp(argv[at], "--config") == 0 && has_value) {
			if (setenv("CONSTABLE_CONFIG", argv[++at], 1) < 0)
				abort();
		} else if (strcmp(argv[at], "--ssl") != 0 && strcmp(argv[at], "--no-ssl") != 0 &&
			   strcmp(argv[at], "--daemon") != 0) {
			add(out, argv[at]);
		}
	}
	text_format(address, sizeof(address), "%s:%s", host, port);
	if (is_given) {
		add(out, "--api-address");
		add(out, address);
	}
}

static int translate(const struct program *program, int argc, char **argv, int at,
		     struct names_translation *out, struct error *err)
{
	const struct verb *verb;

	if (at == argc) {
		for (size_t i = 0; program->if_none[i]; i++)
			add(out, program->if_none[i]);
		return 0;
	}
	verb = find_verb(program, argv[at]);
	if (!verb)
		return error_set(err, -EINVAL, "'%s' has no '%s'; see '%s --help'", program->name,
				 argv[at], program->name);
	add(out, verb->ours);
	for (size_t i = 0; i < ARRAY_LEN(verb->more) && verb->more[i]; i++)
		add(out, verb->more[i]);
	if (strcmp(verb->theirs, "server") == 0) {
		take_listen(argc, argv, at + 1, out);
		return 0;
	}
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
