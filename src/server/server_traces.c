/* Traces of investigations: the collector of the settings, and of OpenTelemetry's own variables. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/inquiry/exports.h"
#include "server/server.h"

#define HEADERS_VARIABLE "OTEL_EXPORTER_OTLP_HEADERS"
#define TIMEOUT_VARIABLE "OTEL_EXPORTER_OTLP_TIMEOUT" /* in milliseconds, without a unit */

static int find_timeout(const struct config *config, uint64_t *ns_out, struct error *err)
{
	const char *text = getenv(TIMEOUT_VARIABLE);
	unsigned long ms;
	char *end;

	*ns_out = config_get_ns(config, "otlp_timeout");
	if (!text || !*text || strcmp(config_get(config, "otlp_timeout")->source, "default") != 0)
		return 0;
	ms = strtoul(text, &end, 10);
	if (*end || ms < 1 || ms > 60000)
		return error_set(err, -EINVAL,
				 TIMEOUT_VARIABLE ": expected milliseconds, 1 to 60000");
	*ns_out = ms * NS_PER_MS;
	return 0;
}

int server_traces_configure(struct server *server, struct error *err)
{
	const struct config *config = server->config;
	char *headers = getenv(HEADERS_VARIABLE);
	struct collector_settings settings = {
		.endpoint = config_get(config, "otlp_endpoint")->text,
		.headers_file = config_get(config, "otlp_headers_file")->text,
		.headers = headers,
	};
	int r = 0;

	if (*settings.endpoint) {
		r = find_timeout(config, &settings.timeout_ns, err);
		if (r == 0)
			r = collector_init(&server->collector, &settings, err);
	}
	if (headers) {
		explicit_bzero(headers, strlen(headers));
		(void)unsetenv(HEADERS_VARIABLE);
	}
	return r;
}

void server_traces_open(struct server *server)
{
	if (*server->collector.url)
		server->exports = exports_new(&(struct exports_config) {
			.base = server->base,
			.store = server->api.store,
			.courier = server->courier,
			.collector = &server->collector,
		});
}

void server_traces_close(struct server *server)
{
	exports_free(server->exports);
	collector_finish(&server->collector);
}
