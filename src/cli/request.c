/* Commands that ask the warden itself: tools, status, audit, approval. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

static int ask(struct cli *cli, const char *type, const char *nonce, json_t **body_out)
{
	CLEANUP(gate_remote) struct gate_remote remote = { .fd = -1 };
	CLEANUP(json) json_t *header = json_pack("{s:s, s:s*}", "type", type, "nonce", nonce);
	CLEANUP(frame) struct frame answer = { 0 };
	struct error err = { 0 };

	if (cli_open_gate(cli, &remote, &err) < 0 ||
	    gate_remote_call(&remote, header, NULL, 0, &answer, &err) < 0)
		return command_failed(&err);
	if (answer.n_body) {
		*body_out = json_parse(answer.body, answer.n_body, FRAME_BODY_MAX_BYTES, &err);
		if (!*body_out)
			return command_failed(&err);
	}
	return EXIT_DONE;
}

static bool wants_json(int argc, char **argv)
{
	return argc > 1 && strcmp(argv[argc - 1], "--json") == 0;
}

static int run_tools(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *tools = NULL;
	int status = ask(cli, "tools", NULL, &tools);
	const json_t *tool;
	size_t i;

	if (status != EXIT_DONE)
		return status;
	if (wants_json(argc, argv)) {
		cli_print_json(tools);
		return EXIT_DONE;
	}
	json_array_foreach(tools, i, tool)(void)
		printf("%-26s %-8s %s\n", json_get_text(tool, "name", ""),
		       json_get_text(tool, "risk", ""), json_get_text(tool, "summary", ""));
	return EXIT_DONE;
}

const struct command command_tools = {
	.name = "tools",
	.usage = "[--json]",
	.summary = "List the tools: name, risk, what they do",
	.run = run_tools,
};

static int run_status(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *status = NULL;
	int r = ask(cli, "status", NULL, &status);

	if (r != EXIT_DONE)
		return r;
	if (wants_json(argc, argv)) {
		cli_print_json(status);
		return EXIT_DONE;
	}
	(void)printf("warden  pid %d, uid %d, up %.0f s\n", (int)json_get_int(status, "pid", 0),
		     (int)json_get_int(status, "uid", 0), json_get_number(status, "uptime_s", 0));
	(void)printf("state   %s\n", json_get_text(status, "state_dir", ""));
	(void)printf("audit   %lld lines, head %.16s...%s\n",
		     (long long)json_get_int(status, "audit_seq", 0),
		     json_get_text(status, "audit_head", ""),
		     json_get_bool(status, "audit_on_reserve", false)
			     ? " (on its reserve: the disk is full)"
			     : "");
	return EXIT_DONE;
}

const struct command command_status = {
	.name = "status",
	.usage = "[--json]",
	.summary = "The warden on this host and its audit log",
	.run = run_status,
};

static void print_verdict(const json_t *report)
{
	const json_t *faults = json_object_get(report, "faults");
	const json_t *doubts = json_object_get(report, "cannot_prove");
	const json_t *at;
	size_t i;

	(void)printf("%lld lines in %lld files: %s\n", (long long)json_get_int(report, "lines", 0),
		     (long long)json_get_int(report, "files", 0),
		     json_get_bool(report, "ok", false) ? "the chain is whole" : "TAMPERED WITH");
	json_array_foreach(faults, i, at)(void)
		printf("  %s:%lld: %s\n", json_get_text(at, "file", ""),
		       (long long)json_get_int(at, "line", 0), json_get_text(at, "what", ""));
	json_array_foreach(doubts, i, at)(void)
		printf("  cannot prove: %s\n", json_string_value(at));
}

static int run_audit(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *report = NULL;
	int r;

	if (argc < 2 || strcmp(argv[1], "verify") != 0)
		return command_misused(&command_audit);
	r = ask(cli, "verify", NULL, &report);
	if (r != EXIT_DONE)
		return r;
	if (wants_json(argc, argv))
		cli_print_json(report);
	else
		print_verdict(report);
	return json_get_bool(report, "ok", false) ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_audit = {
	.name = "audit",
	.usage = "verify [--json]",
	.summary = "Check that nobody changed the audit log",
	.run = run_audit,
};

static int run_approval(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *list = NULL;
	int r;

	if (argc == 3 && strcmp(argv[1], "grant") == 0)
		return ask(cli, "approve", argv[2], &list);
	if (argc != 2 || strcmp(argv[1], "list") != 0)
		return command_misused(&command_approval);
	r = ask(cli, "approvals", NULL, &list);
	if (r == EXIT_DONE)
		cli_print_json(list);
	return r;
}

const struct command command_approval = {
	.name = "approval",
	.usage = "list | grant NONCE",
	.summary = "Calls that wait for a yes, and the yes (as root)",
	.help = "An approval is good for one run of exactly the call it names, for ten minutes,\n"
		"and only with the warden that runs as a service on this host.\n",
	.run = run_approval,
};
