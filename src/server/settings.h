/* The keys of server.yaml: one table, from which parsing, --help and the manual come. */
#pragma once

#include "base/config.h"

extern const struct config_key server_settings[];

/* CONSTABLE_SERVER_CONFIG, or /etc/constable/server.yaml. */
const char *server_settings_path(void);

/* Default, file, environment. */
int server_settings_fill(struct config *config, struct error *err) MUST_CHECK;
