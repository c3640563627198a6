/*
 * An investigation told to an OpenTelemetry collector, where one is configured:
 * "otlp_endpoint" (OTLP/HTTP, JSON), with the headers of "otlp_headers_file".
 */
#pragma once

#include "base/json.h"
#include "cli/command.h"

/*
 * Sends the trace of a finished case. 0 also where no endpoint is configured; -EINVAL for an
 * endpoint or a file that is wrong, else what came of it, in one sentence. Waits some seconds
 * at most; a collector that is busy is asked once more.
 */
int telemetry_send(const struct cli *cli, const json_t *finished, struct error *err) MUST_CHECK;
