/*
 * systemd's own account of its units, asked over the system bus and never
 * changed; in a fixture what ".host/systemd.json" recorded: {"manager": {},
 * "units": [], "jobs": [], "properties": {"x.service": {}}}.
 */
#pragma once

#include "call/tool.h"

#define SYSTEMD_MAX_UNITS 4096

struct systemd;

/* Whether systemd is this machine's init. */
bool systemd_is_running(const struct host *host);

/* NULL with 'err' where the bus cannot be reached. */
struct systemd *systemd_open(struct task *task, struct error *err);
void systemd_cleanup(struct systemd **systemd);

/* [{name, description, load, active, sub}] of every loaded unit, by name. */
json_t *systemd_units(struct systemd *systemd, struct error *err);

/* [{unit, type, state}]: what systemd still has to do, and what waits. */
json_t *systemd_jobs(struct systemd *systemd, struct error *err);

/* The manager's own properties by their D-Bus names: SystemState, Version ... */
json_t *systemd_manager(struct systemd *systemd, struct error *err);

/*
 * Properties of one unit by their D-Bus names, of the unit interface and that of
 * its type. -ENOENT if there is no such unit. Names without a suffix are services.
 */
json_t *systemd_properties(struct systemd *systemd, const char *unit, struct error *err);
