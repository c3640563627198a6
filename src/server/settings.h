/* The keys of server.yaml: one table, from which parsing, --help and the manual come. */
#pragma once

#include "base/config.h"

extern const struct config_key server_settings[];

/* CONSTABLE_SERVER_CONFIG, or /etc/constable/server.yaml. */
const char *server_settings_path(void);

/* Default, file, environment. */
int server_settings_fill(struct config *config, struct error *err) MUST_CHECK;

/* Takes "--KEY VALUE" or "--KEY=VALUE" as src/cli/settings.h does. */
int server_settings_take_flag(struct config *config, char **argv, int *at, struct error *err);
