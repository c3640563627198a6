/* The two sources of get_service. */
#pragma once

#include "host/program.h"
#include "tools/service/systemd.h"

/* What systemd knows of the unit, and whether what its file names exists. */
int service_detail_unit(struct task *task, struct systemd *systemd, const char *name,
			json_t *result, struct error *err) MUST_CHECK;

/*
 * What processes, listeners, pid files, configuration and log files of that name
 * tell, whoever manages the service. Never fails; says what it could not read.
 */
void service_detail_traces(struct task *task, const struct programs *programs, const char *name,
			   json_t *result);

/* {command, ok, problem?}: whether the program of an ExecStart= line could be started. */
json_t *service_check_command(const struct host *host, const char *user, const char *command);
