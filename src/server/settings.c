#include "server/settings.h"

#include <stdlib.h>

const struct config_key server_settings[] = {
	{ .name = "check_answers",
	  .type = CONFIG_CHOICE,
	  .choices = "off|on",
	  .otherwise = "off",
	  .variable = "CONSTABLE_SERVER_CHECK_ANSWERS",
	  .help = "Whether it holds its own answers to its OpenAPI document; for tests." },
	{ .name = "database",
	  .type = CONFIG_TEXT,
	  .otherwise = "",
	  .variable = "CONSTABLE_SERVER_DATABASE",
	  .help = "A path for SQLite, or postgresql://...; else store.db in the state folder." },
	{ .name = "dist_dir",
	  .type = CONFIG_PATH,
	  .otherwise = "",
	  .variable = "CONSTABLE_SERVER_DIST_DIR",
	  .help = "The files that install scripts fetch from /dist/." },
	{ .name = "executables_dir",
	  .type = CONFIG_PATH,
	  .otherwise = "",
	  .variable = "CONSTABLE_SERVER_EXECUTABLES_DIR",
	  .help = "Where constable-store lies; else beside this program." },
	{ .name = "install_dir",
	  .type = CONFIG_PATH,
	  .otherwise = "",
	  .variable = "CONSTABLE_SERVER_INSTALL_DIR",
	  .help = "The templates install.sh, install.yaml and setup.sh." },
	{ .name = "listen",
	  .type = CONFIG_TEXT,
	  .otherwise = "*",
	  .variable = "CONSTABLE_SERVER_LISTEN",
	  .help = "Addresses to listen on, with commas between; * means all." },
	{ .name = "log_file",
	  .type = CONFIG_PATH,
	  .otherwise = "",
	  .variable = "CONSTABLE_SERVER_LOG_FILE",
	  .help = "Where the log goes instead of standard error; 100 MB, 5 older ones kept." },
	{ .name = "log_level",
	  .type = CONFIG_CHOICE,
	  .choices = "error|warn|info|debug",
	  .otherwise = "info",
	  .variable = "CONSTABLE_SERVER_LOG_LEVEL",
	  .help = "How much is logged." },
	{ .name = "metrics",
	  .type = CONFIG_CHOICE,
	  .choices = "off|on",
	  .otherwise = "off",
	  .variable = "CONSTABLE_SERVER_METRICS",
	  .help = "Whether agents send the metrics of their hosts every 30 s." },
	{ .name = "port",
	  .type = CONFIG_COUNT,
	  .otherwise = "8000",
	  .variable = "CONSTABLE_SERVER_PORT",
	  .help = "The port; 0 takes a free one, which is logged." },
	{ .name = "public_url",
	  .type = CONFIG_TEXT,
	  .otherwise = "",
	  .variable = "CONSTABLE_SERVER_PUBLIC_URL",
	  .help = "How hosts reach this server; else https://HOSTNAME:PORT." },
	{ .name = "rate",
	  .type = CONFIG_COUNT,
	  .otherwise = "120",
	  .variable = "CONSTABLE_SERVER_RATE",
	  .help = "Attempts a minute that an address has without a key; 0: no limit." },
	{ .name = "state_dir",
	  .type = CONFIG_PATH,
	  .otherwise = "/var/lib/constable/server",
	  .variable = "CONSTABLE_SERVER_STATE_DIR",
	  .help = "Database, certificate authorities, keys." },
	{ .name = "tls",
	  .type = CONFIG_CHOICE,
	  .choices = "on|off",
	  .otherwise = "on",
	  .variable = "CONSTABLE_SERVER_TLS",
	  .help = "off is plain HTTP, on loopback addresses only." },
	{ .name = "tls_ca",
	  .type = CONFIG_PATH,
	  .otherwise = "",
	  .variable = "CONSTABLE_SERVER_TLS_CA",
	  .help = "With a certificate of yours: the PEM file of the CA that agents trust." },
	{ .name = "tls_certificate",
	  .type = CONFIG_PATH,
	  .otherwise = "",
	  .variable = "CONSTABLE_SERVER_TLS_CERTIFICATE",
	  .help = "A certificate of yours with its chain; else the server makes its own." },
	{ .name = "tls_key",
	  .type = CONFIG_PATH,
	  .otherwise = "",
	  .variable = "CONSTABLE_SERVER_TLS_KEY",
	  .help = "The key of that certificate." },
	{ 0 },
};

const char *server_settings_path(void)
{
	const char *given = getenv("CONSTABLE_SERVER_CONFIG");

	return given && *given ? given : "/etc/constable/server.yaml";
}

int server_settings_fill(struct config *config, struct error *err)
{
	int r;

	config_init(config, server_settings);
	r = config_add_file(config, server_settings_path(), err);
	return r < 0 ? r : config_add_environment(config, err);
}
