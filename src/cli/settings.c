#include "cli/settings.h"

#include <stdlib.h>

#include "cli/server_name.h"

const struct config_key settings_keys[] = {
	{
		.name = "api_address",
		.type = CONFIG_TEXT,
		.otherwise = "127.0.0.1:8080",
		.variable = "CONSTABLE_API_ADDRESS",
		.help = "Where the agent's local API listens: loopback only; 'off' for nowhere.",
	},
	{
		.name = "color",
		.type = CONFIG_CHOICE,
		.choices = "auto|always|never",
		.otherwise = "auto",
		.variable = "CONSTABLE_COLOR",
		.help = "Colours: auto means on a terminal, unless NO_COLOR is set.",
	},
	{
		.name = "engine",
		.type = CONFIG_TEXT,
		.otherwise = "builtin",
		.variable = "CONSTABLE_ENGINE",
		.help = "Who thinks in `constable ask`: builtin, or a model of models_file.",
	},
	{
		.name = "executables_dir",
		.type = CONFIG_PATH,
		.otherwise = "",
		.variable = "CONSTABLE_EXECUTABLES_DIR",
		.help = "Where constable-warden and its siblings lie; else beside this program.",
	},
	{
		.name = "hostname",
		.type = CONFIG_TEXT,
		.otherwise = "",
		.variable = "CONSTABLE_HOSTNAME",
		.aliases = { "RCABOT_HOSTNAME", "CAUSA_HOSTNAME" },
		.help = "The name that the agent tells its server; else the host's own.",
	},
	{
		.name = "host",
		.type = CONFIG_TEXT,
		.otherwise = "",
		.variable = "CONSTABLE_HOST",
		.help = "The agent whose host is meant, by id or host name; else this host.",
	},
	{
		.name = "knowledge_dir",
		.type = CONFIG_PATH,
		.otherwise = "",
		.variable = "CONSTABLE_KNOWLEDGE_DIR",
		.help = "The causes that the built-in engine knows.",
	},
	{
		.name = "kept_cases",
		.type = CONFIG_COUNT,
		.otherwise = "20",
		.variable = "CONSTABLE_KEPT_CASES",
		.help = "How many investigations stay in the state folder; 0 keeps none.",
	},
	{
		.name = "models_file",
		.type = CONFIG_PATH,
		.otherwise = "/etc/constable/models.yaml",
		.variable = "CONSTABLE_MODELS_FILE",
		.help = "The models that may think, with addresses and keys.",
	},
	{
		.name = "labels",
		.type = CONFIG_TEXT,
		.otherwise = "",
		.variable = "CONSTABLE_LABELS",
		.aliases = { "RCABOT_LABELS", "CAUSA_LABELS" },
		.help = "What the agent says of its host: env=prod,region=eu.",
	},
	{
		.name = "label",
		.type = CONFIG_TEXT,
		.otherwise = "",
		.variable = "CONSTABLE_LABEL",
		.help = "The agents meant by `constable call` and `agent list`: env=prod.",
	},
	{
		.name = "log_level",
		.type = CONFIG_CHOICE,
		.choices = "error|warn|info|debug",
		.otherwise = "warn",
		.variable = "CONSTABLE_LOG_LEVEL",
		.aliases = { "AGENT_LOG_LEVEL" },
		.imports = { "logging/level" },
		.help = "How much is said on standard error.",
	},
	{
		.name = "log_lines",
		.type = CONFIG_COUNT,
		.otherwise = "1000",
		.variable = "CONSTABLE_LOG_LINES",
		.imports = { "tools/log_analyzer/max_lines" },
		.help = "How many lines `constable logs` reads from the end of a file.",
	},
	{
		.name = "exec_timeout",
		.type = CONFIG_DURATION,
		.otherwise = "300s",
		.variable = "CONSTABLE_EXEC_TIMEOUT",
		.imports = { "tools/shell_executor/timeout" },
		.help = "When `constable exec` ends a command.",
	},
	{
		.name = "name",
		.type = CONFIG_TEXT,
		.otherwise = "",
		.variable = "CONSTABLE_NAME",
		.help = "Which of this host's further servers is meant; else the first.",
	},
	{
		.name = "namespaces",
		.type = CONFIG_TEXT,
		.otherwise = "",
		.variable = "CONSTABLE_NAMESPACES",
		.aliases = { "RCABOT_NAMESPACES", "CAUSA_NAMESPACES" },
		.help = "The Kubernetes namespaces that concern this agent: default,shop.",
	},
	{
		.name = "no_proxy",
		.type = CONFIG_TEXT,
		.otherwise = "",
		.variable = "CONSTABLE_NO_PROXY",
		.aliases = { "no_proxy", "NO_PROXY" },
		.help = "Hosts that are reached without the proxy: host,.domain,10.0.0.0/8,*.",
	},
	{
		.name = "otlp_endpoint",
		.type = CONFIG_TEXT,
		.otherwise = "",
		.variable = "CONSTABLE_OTLP_ENDPOINT",
		.help = "The OpenTelemetry collector that each investigation is told to as a "
			"trace, "
			"such as http://localhost:4318; without one nobody is told.",
	},
	{
		.name = "otlp_headers_file",
		.type = CONFIG_PATH,
		.otherwise = "",
		.variable = "CONSTABLE_OTLP_HEADERS_FILE",
		.help = "A file of mode 0600 with headers for it, 'Name: value' in lines.",
	},
	{
		.name = "policy",
		.type = CONFIG_PATH,
		.otherwise = "",
		.variable = "CONSTABLE_POLICY",
		.help = "The policy of a warden that a command brings along.",
	},
	{
		.name = "proxy",
		.type = CONFIG_TEXT,
		.otherwise = "",
		.variable = "CONSTABLE_PROXY",
		.aliases = { "https_proxy", "HTTPS_PROXY" },
		.help = "The HTTP proxy to the server: http://[user:password@]host:port.",
	},
	{
		.name = "server",
		.type = CONFIG_TEXT,
		.otherwise = "",
		.variable = "CONSTABLE_SERVER",
		.aliases = { "ORCHESTRATOR_URL", "NANNYAPI_URL" },
		.imports = { "orchestrator/url" },
		.help = "The server's URL; else what `constable login` kept.",
	},
	{
		.name = "server_ca",
		.type = CONFIG_PATH,
		.otherwise = "",
		.variable = "CONSTABLE_SERVER_CA",
		.help = "The CA that vouches for the server, PEM; else what `constable login` "
			"kept.",
	},
	{
		.name = "since",
		.type = CONFIG_DURATION,
		.otherwise = "15m",
		.variable = "CONSTABLE_SINCE",
		.help = "How far back an investigation looks.",
	},
	{
		.name = "socket",
		.type = CONFIG_PATH,
		.otherwise = "/run/constable/warden.sock",
		.variable = "CONSTABLE_SOCKET",
		.help = "Where the warden of this host listens; without one a command brings its "
			"own.",
	},
	{
		.name = "skills_dir",
		.type = CONFIG_PATH,
		.otherwise = "",
		.variable = "CONSTABLE_SKILLS_DIR",
		.help = "The skills that a model reads, in the Agent Skills format.",
	},
	{
		.name = "state_dir",
		.type = CONFIG_PATH,
		.otherwise = "",
		.variable = "CONSTABLE_STATE_DIR",
		.help = "Audit log, kept cases, history; else /var/lib/constable as root and "
			"$XDG_STATE_HOME/constable as another user.",
	},
	{
		.name = "timeout",
		.type = CONFIG_DURATION,
		.otherwise = "120s",
		.variable = "CONSTABLE_TIMEOUT",
		.help = "When an investigation gives up.",
	},
	{ 0 },
};

const char *settings_path(void)
{
	static char named[SERVER_NAME_PATH_BYTES + 16];
	const char *given = getenv("CONSTABLE_CONFIG");
	char folder[SERVER_NAME_PATH_BYTES];

	if (given && *given)
		return given;
	if (!server_name_folder(folder))
		return "/etc/constable/agent.yaml";
	text_format(named, sizeof(named), "%s/agent.yaml", folder);
	return named;
}

int settings_fill(struct config *config, struct error *err)
{
	int r;

	config_init(config, settings_keys);
	r = config_add_file(config, settings_path(), err);
	return r < 0 ? r : config_add_environment(config, err);
}
