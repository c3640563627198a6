/* The commands. */
#pragma once

#include "cli/command.h"

extern const struct command command_ask;
extern const struct command command_call;
extern const struct command command_case;
extern const struct command command_completion;
extern const struct command command_config;
extern const struct command command_eval;
extern const struct command command_exec;
extern const struct command command_help;
extern const struct command command_logs;
extern const struct command command_ls;
extern const struct command command_mcp;
extern const struct command command_metrics;
extern const struct command command_status;
extern const struct command command_test;
extern const struct command command_tools;
extern const struct command command_trace;
extern const struct command command_version;

/* `constable approval` and `constable audit` about this host's own warden. */
int audit_here(struct cli *cli, int argc, char **argv);
int approval_here(struct cli *cli, int argc, char **argv);

/* `constable skill` about the skills of this host. */
int skill_here(struct cli *cli, int argc, char **argv);
