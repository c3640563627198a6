#include "surface/mcp/resource.h"

#include <string.h>

#include "net/url.h"

#define CASES "case://"

static const struct {
	const char *uri; /* of a template: what its uris begin with */
	const char *rest;
	const char *name, *description, *type, *tool;
	const char *argument; /* of a template: which gets what follows; NULL: see find_case() */
} resources[] = {
	{ "host://overview", NULL, "overview", "What this host is, and how it is.",
	  "application/json", "get_system_overview", NULL },
	{ "host://metrics", NULL, "metrics", "Processors, memory, disks and network now.",
	  "application/json", "get_system_metrics", NULL },
	{ "host://processes", NULL, "processes", "The processes that use most.", "application/json",
	  "get_process_list", NULL },
	{ "host://services", NULL, "services", "The services and how they are.", "application/json",
	  "list_services", NULL },
	{ "host://journal", NULL, "journal", "The newest entries of the journal.",
	  "application/json", "read_journal", NULL },
	{ "host://kernel-log", NULL, "kernel-log", "What the kernel said last.", "application/json",
	  "read_kernel_log", NULL },
	{ "host://investigations", NULL, "investigations",
	  "The investigations of this host that are kept on it, newest first.", "application/json",
	  "list_cases", NULL },
	{ "host://log-errors", NULL, "log-errors", "Errors in the logs of this host.",
	  "application/json", "find_log_errors", NULL },
	{ "file://", "{+path}", "file", "A file of the host, secrets redacted.", "text/plain",
	  "read_file", "path" },
	{ "log://", "{+path}", "log", "A log file: its patterns, errors and bursts.",
	  "application/json", "analyze_log_file", "path" },
	{ "journal://", "{+unit}", "unit-journal", "What a unit wrote to the journal.",
	  "application/json", "read_journal", "unit" },
	{ CASES, "{name}/report", "report", "What an investigation that is kept has found.",
	  "application/json", "read_case", NULL },
	{ CASES, "{name}/evidence/{id}", "evidence",
	  "The exact result that a report cites as its evidence ID.", "application/json",
	  "read_case", NULL },
};

static bool has_tool(const json_t *catalogue, const char *name)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(catalogue, i, tool)
	{
		if (strcmp(json_get_text(tool, "name", ""), name) == 0)
			return true;
	}
	return false;
}

json_t *mcp_list_resources(const json_t *catalogue)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(resources); i++)
		if (!resources[i].rest && has_tool(catalogue, resources[i].tool))
			json_push(list, json_pack("{s:s, s:s, s:s, s:s}", "uri", resources[i].uri,
						  "name", resources[i].name, "description",
						  resources[i].description, "mimeType",
						  resources[i].type));
	return list;
}

json_t *mcp_list_templates(const json_t *catalogue)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(resources); i++) {
		char uri[64];

		if (!resources[i].rest || !has_tool(catalogue, resources[i].tool))
			continue;
		text_format(uri, sizeof(uri), "%s%s", resources[i].uri, resources[i].rest);
		json_push(list, json_pack("{s:s, s:s, s:s, s:s}", "uriTemplate", uri, "name",
					  resources[i].name, "description",
					  resources[i].description, "mimeType", resources[i].type));
	}
	return list;
}

/* {name}/report or {name}/evidence/{id} */
static const char *find_case(const char *rest, json_t **args_out)
{
	static const char evidence[] = "/evidence/";
	const char *slash = strchr(rest, '/'), *id;
	CLEANUP(text) char *name = NULL;

	if (!slash || slash == rest)
		return NULL;
	id = strncmp(slash, evidence, strlen(evidence)) == 0 ? slash + strlen(evidence) : NULL;
	if (id ? !*id : strcmp(slash, "/report") != 0)
		return NULL;
	name = url_decode((struct str) { rest, (size_t)(slash - rest) });
	if (!name)
		return NULL;
	*args_out = json_pack("{s:o}", "name", json_text(name, strlen(name)));
	if (id)
		json_put(*args_out, "evidence", json_text(id, strlen(id)));
	return "read_case";
}

const char *mcp_find_resource(const char *uri, json_t **args_out)
{
	for (size_t i = 0; i < ARRAY_LEN(resources); i++) {
		size_t n = strlen(resources[i].uri);
		CLEANUP(text) char *rest = NULL;

		if (!resources[i].rest) {
			if (strcmp(uri, resources[i].uri) != 0)
				continue;
			*args_out = json_object();
			return resources[i].tool;
		}
		if (strncmp(uri, resources[i].uri, n) != 0 || !uri[n])
			continue;
		if (!resources[i].argument)
			return find_case(uri + n, args_out);
		rest = url_decode((struct str) { uri + n, strlen(uri + n) });
		if (!rest)
			return NULL;
		*args_out = json_object();
		json_put(*args_out, resources[i].argument, json_text(rest, strlen(rest)));
		return resources[i].tool;
	}
	return NULL;
}
