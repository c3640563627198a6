/*
 * A report for people: the verdict, the cause and its proof, what else was
 * considered, what to do, what could not be seen. Colours and charts on a
 * terminal, plain text in a pipe. Everything in a report may come from the host:
 * control bytes are escaped.
 */
#pragma once

#include <stdio.h>

#include "base/json.h"

void report_print(const json_t *report, FILE *stream);
