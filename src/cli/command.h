/*
 * A verb of the command line, as a value: listed in command.c.
 *
 * Exit status: 0 done; 1 the thing asked for failed; 2 wrong use; 3 not
 * permitted; 4 cannot reach the other side; 128 and the signal's number when
 * interrupted. A command writes its result to standard output, and a failure as
 * one sentence to standard error.
 */
#pragma once

#include "base/config.h"
#include "base/json.h"
#include "call/gate_remote.h"
#include "cli/option.h"
#include "cli/terminal/page.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_WRONG_USE = 2,
	EXIT_NOT_PERMITTED = 3,
	EXIT_UNREACHABLE = 4,
	EXIT_INTERRUPTED = 128, /* and the number of the signal */
};

/* What every command may use. */
struct cli {
	const struct config *config;
	const char *executables; /* folder of our siblings */
	const char *knowledge;   /* folder of the causes */
	const char *skills;      /* folder of the skills */
	const char *state;       /* state folder of a private warden */
	const char *socket;      /* of the running warden */
	const char *policy;      /* of a private warden, or NULL */
	const char *host;        /* the agent whose gate is meant, or NULL: this host */
	const char *label;       /* "env=prod": those agents, or NULL */
	struct page out;         /* standard output */
	struct page err;         /* standard error */
};

enum command_state {
	COMMAND_WITH_STATE,
	COMMAND_LOOKS_AT_STATE, /* runs also where the state folder cannot be made */
	COMMAND_WITHOUT_STATE,
};

struct command {
	const char *name;
	const char *usage;   /* the arguments, one form a line (usage.h): "TOOL [JSON]" */
	const char *summary; /* one line for `constable help` */
	const char *help;    /* the rest of `constable help NAME`, or NULL */
	int (*run)(struct cli *cli, int argc, char **argv);
	enum command_state state;
};

extern const struct command *const commands[]; /* NULL-terminated */

const struct command *command_find(const char *name);

/* Usage of one command to standard error; returns EXIT_WRONG_USE. */
int command_misused(const struct command *command);

/* Prints the sentence to standard error and returns the exit status it stands for. */
int command_failed(const struct error *err);

/* The gate: the running warden, or a private one. */
int cli_open_gate(const struct cli *cli, struct gate_remote *remote, struct error *err) MUST_CHECK;

/* A request without a body ("tools", "status", "verify") and its JSON answer, a new reference. */
int cli_request(const struct cli *cli, const char *type, const char *nonce, json_t **body_out,
		struct error *err) MUST_CHECK;

/* One document on standard output, indented on a terminal. */
void cli_print_json(const json_t *json);
