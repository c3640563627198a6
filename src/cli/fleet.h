/*
 * Commands that speak to a server: what they are, for help and completion.
 *
 * `constable` itself speaks to no network: it hands their words over to the
 * executable that does (delegate.c), as git does. That one links the same table
 * with what the commands do (src/remote/).
 */
#pragma once

#include "cli/command.h"

extern const struct command command_agent;
extern const struct command command_approval;
extern const struct command command_approver;
extern const struct command command_audit;
extern const struct command command_delivery;
extern const struct command command_destination;
extern const struct command command_mcp_server;
extern const struct command command_fan_out;
extern const struct command command_gate;
extern const struct command command_grant;
extern const struct command command_incident;
extern const struct command command_integration;
extern const struct command command_investigation;
extern const struct command command_key;
extern const struct command command_login;
extern const struct command command_org;
extern const struct command command_pipeline;
extern const struct command command_install;
extern const struct command command_provision;
extern const struct command command_server;
extern const struct command command_service;
extern const struct command command_skill;
extern const struct command command_test_connection;
extern const struct command command_token;
extern const struct command command_up;

/* Runs the command that argv[0] names; who links the table decides what that means. */
int fleet_run(struct cli *cli, int argc, char **argv);
