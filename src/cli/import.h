/*
 * Reads the configuration files of the programs whose place we take
 * (agent_config.yaml of vm-agent, config.yaml of nannyagent) and says what of them
 * becomes what here.
 */
#pragma once

#include "base/config.h"
#include "base/json.h"

/*
 * {"taken": {our key: value}, "waiting": [their keys that a server or an enrolment settles]}, a new
 * reference. NULL with 'err' that names file, line and key for a key that neither program
 * documents, or a value that does not fit.
 */
json_t *import_file(const char *path, const struct config_key *keys, struct error *err);

/* The same from its text. */
json_t *import_parse(const char *name, const char *text, size_t len, const struct config_key *keys,
		     struct error *err);
