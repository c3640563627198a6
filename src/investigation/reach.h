/*
 * What a model may reach beyond the host: only names that were said to it.
 *
 * A tool that asks other hosts (their names begin with "test_") tells them the name it was
 * given, and a name of many letters that a model makes up could carry evidence out: name
 * servers are asked by the whole world. So a name has to stand, as a whole, in the question or in
 * the evidence.
 */
#pragma once

#include "investigation/investigation.h"

bool reach_allows(const struct investigation *investigation, const char *tool, const json_t *args);
