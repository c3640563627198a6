/* Every command of `constable`, in the order in which help lists them. */
#include "cli/commands.h"
#include "cli/fleet.h"

const struct command *const commands[] = {
	&command_ask,
	&command_up,
	&command_call,
	&command_tools,
	&command_exec,
	&command_ls,
	&command_logs,
	&command_metrics,
	&command_status,
	&command_test,
	&command_case,
	&command_config,
	&command_audit,
	&command_approval,
	&command_approver,
	&command_grant,
	&command_agent,
	&command_server,
	&command_login,
	&command_org,
	&command_key,
	&command_token,
	&command_pipeline,
	&command_provision,
	&command_test_connection,
	&command_help,
	&command_version,
	NULL,
};
