/*
 * The keys of agent.yaml that the command line reads: one table, from which
 * parsing, `constable config` and the manual come.
 */
#pragma once

#include "base/config.h"

extern const struct config_key settings_keys[];

/* CONSTABLE_CONFIG, or agent.yaml in /etc/constable or below it (server_name.h). */
const char *settings_path(void);

/* Default, file, environment; then flags: "--state-dir /x" before the command. */
int settings_fill(struct config *config, struct error *err) MUST_CHECK;
