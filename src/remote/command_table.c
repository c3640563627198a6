/* Every command of constable-remote, which `constable` hands over to. */
#include <string.h>

#include "cli/commands.h"
#include "cli/fleet.h"
#include "cli/program/program.h"
#include "remote/commands.h"

const struct command *const commands[] = {
	&command_agent,      &command_approval,    &command_approver,
	&command_audit,      &command_grant,       &command_login,
	&command_org,        &command_key,         &command_token,
	&command_pipeline,   &command_service, /* and what was changed of them */
	&command_skill,                        /* of the org */
	&command_incident,   &command_integration, &command_investigation,
	&command_mcp_server, &command_destination, &command_delivery,
	&command_install,    &command_provision,   &command_test_connection,
	&command_up,         &command_fan_out,     &command_gate,
	&command_program, /* of the org */
	&command_help,       &command_version,     NULL,
};

int fleet_run(struct cli *cli, int argc, char **argv)
{
	static const struct {
		const struct command *command;
		int (*run)(struct cli *cli, int argc, char **argv);
	} rows[] = {
		{ &command_agent, remote_agent },
		{ &command_approval, remote_approval },
		{ &command_approver, remote_approver },
		{ &command_delivery, remote_delivery },
		{ &command_destination, remote_destination },
		{ &command_fan_out, remote_fan_out },
		{ &command_gate, remote_gate },
		{ &command_audit, remote_audit },
		{ &command_grant, remote_grant },
		{ &command_incident, remote_incident },
		{ &command_integration, remote_integration },
		{ &command_investigation, remote_investigation },
		{ &command_key, remote_key },
		{ &command_login, remote_login },
		{ &command_mcp_server, remote_mcp_server },
		{ &command_org, remote_org },
		{ &command_pipeline, remote_pipeline },
		{ &command_install, remote_provision },
		{ &command_provision, remote_provision },
		{ &command_service, remote_service },
		{ &command_skill, remote_skill },
		{ &command_test_connection, remote_test_connection },
		{ &command_token, remote_token },
		{ &command_up, remote_up },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].command->name, argv[0]) == 0)
			return rows[i].run(cli, argc, argv);
	return EXIT_WRONG_USE;
}
