/* What the commands of cli/fleet.h do. */
#pragma once

#include "cli/command.h"

int remote_agent(struct cli *cli, int argc, char **argv);
int remote_approval(struct cli *cli, int argc, char **argv);
int remote_approver(struct cli *cli, int argc, char **argv);
int remote_audit(struct cli *cli, int argc, char **argv);
int remote_delivery(struct cli *cli, int argc, char **argv);
int remote_destination(struct cli *cli, int argc, char **argv);
int remote_fan_out(struct cli *cli, int argc, char **argv);
int remote_gate(struct cli *cli, int argc, char **argv);
int remote_grant(struct cli *cli, int argc, char **argv);
int remote_incident(struct cli *cli, int argc, char **argv);
int remote_integration(struct cli *cli, int argc, char **argv);
int remote_investigation(struct cli *cli, int argc, char **argv);
int remote_key(struct cli *cli, int argc, char **argv);
int remote_login(struct cli *cli, int argc, char **argv);
int remote_mcp_server(struct cli *cli, int argc, char **argv);
int remote_org(struct cli *cli, int argc, char **argv);
int remote_org_root(struct cli *cli, int argc, char **argv);
int remote_pipeline(struct cli *cli, int argc, char **argv);
int remote_provision(struct cli *cli, int argc, char **argv);
int remote_service(struct cli *cli, int argc, char **argv);
int remote_skill(struct cli *cli, int argc, char **argv);
int remote_test_connection(struct cli *cli, int argc, char **argv);
int remote_token(struct cli *cli, int argc, char **argv);
int remote_up(struct cli *cli, int argc, char **argv);
