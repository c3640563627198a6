/* Errors of a configuration as its reader finds them: [{file, line, text}], each once. */
#pragma once

#include "base/json.h"

#define CONF_MAX_ERRORS 32

void conf_error_add(json_t *errors, const char *file, unsigned line, const char *text);
