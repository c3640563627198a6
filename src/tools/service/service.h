/*
 * Who looks after the daemons of this machine, and what can be known of them.
 *
 * A unit in a result is {name, load, active, sub, result, exit_code, exit_status,
 * n_restarts, main_pid, memory_max, since_s_ago, description}: systemd's words,
 * which the other managers' states are told in too. Members that a manager does
 * not know are left out.
 */
#pragma once

#include "call/tool.h"
#include "host/program.h"

#define SERVICE_MAX_UNITS 500

enum service_manager {
	SERVICE_SYSTEMD,
	SERVICE_SYSVINIT,
	SERVICE_OPENRC,
	SERVICE_RUNIT,
	SERVICE_S6,
	SERVICE_SUPERVISORD,
	SERVICE_NONE, /* a container with one program, mostly */
};

enum service_manager service_manager_find(const struct host *host, const struct programs *programs);
const char *service_manager_name(enum service_manager manager);

/* Names and states of failed units of a list. A new array. */
json_t *service_failed(const json_t *units);

/* Init scripts of /etc/init.d, judged by their pid files and processes. */
json_t *service_sysv_units(const struct host *host, const struct programs *programs);

/*
 * Unit files that are enabled on a machine where systemd does not run, with
 * "active" where a process of their program is found.
 */
json_t *service_disk_units(const struct host *host, const struct programs *programs);

/* Programs under runit, s6 or supervisord, by their state files and logs. */
json_t *service_supervised_units(const struct host *host, const struct programs *programs,
				 json_t *result);

/* Long-running daemons: children of init without a terminal's shell about them. */
json_t *service_daemons(const struct host *host, const struct programs *programs);

/*
 * The pid that a pid file names: 0 if there is none or it is garbage, negative
 * errno if it cannot be read.
 */
pid_t service_read_pid(const struct host *host, const char *path);
