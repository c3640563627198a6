/* The kinds of subagents: what each is for, and which tools it sees. */
#include <ctype.h>
#include <string.h>

#include "investigation/helper.h"

static const char *const log_tools[] = {
	"analyze_log_file",
	"find_deleted_files",
	"find_log_errors",
	"get_service",
	"get_time_sync",
	"list_directory",
	"list_recent_changes",
	"list_scheduled_jobs",
	"read_file",
	"read_journal",
	"read_kernel_log",
	"search_logs",
	NULL,
};

static const struct role roles[] = {
	{
		.name = "investigator",
		.summary = "follows one hypothesis or one component to its end, with every tool",
		.rules =
			"You follow one line of an investigation for a colleague. Find out whether "
			"it is so, and what speaks against it. Stop when it is decided.\n",
	},
	{
		.name = "log-analyst",
		.summary = "reads logs, the journal and the kernel's messages: which line is the "
			   "cause, when it began, how often",
		.rules =
			"You read logs for a colleague. Group before you read, find the first and "
			"the new line rather than the loudest, and date it. The skill log-analysis "
			"says how.\n",
		.tools = log_tools,
	},
};

const struct role *role_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (strcmp(roles[i].name, name) == 0)
			return &roles[i];
	return NULL;
}

const struct role *role_named(const char *question)
{
	const char *at = question + strspn(question, " \t\n");

	for (size_t i = 0; *at == '@' && i < ARRAY_LEN(roles); i++) {
		size_t len = strlen(roles[i].name);
		const char *end = at + 1 + len;

		if (strncmp(at + 1, roles[i].name, len) == 0 && !isalnum((unsigned char)*end) &&
		    *end != '-')
			return &roles[i];
	}
	return NULL;
}

json_t *role_tools(const struct role *role, const json_t *tools)
{
	json_t *found = json_object();

	if (!role->tools) {
		json_decref(found);
		return json_copy((json_t *)tools);
	}
	for (size_t i = 0; role->tools[i]; i++) {
		json_t *tool = json_object_get(tools, role->tools[i]);

		if (tool)
			json_put(found, role->tools[i], json_incref(tool));
	}
	return found;
}

void roles_introduce(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		buf_add_format(out, "- %s: %s\n", roles[i].name, roles[i].summary);
}
