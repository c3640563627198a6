/* Scripts of skills: from their skill to the host, which judges exactly their bytes. */
#include <string.h>

#include "call/hash.h"
#include "investigation/helper.h"
#include "investigation/loop_internal.h"

#define WHY_BYTES 400
#define NAME_BYTES (SKILL_NAME_MAX_BYTES + SKILL_PATH_MAX_BYTES + 2)
#define TIMEOUT_S 20 /* below what the loop waits for a call */

static const json_t *script_tool(const struct crew *crew)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(crew->catalogue, i, tool)
	{
		if (strcmp(json_get_text(tool, "name", ""), SCRIPT_TOOL) == 0)
			return tool;
	}
	return NULL;
}

bool helpers_can_run(const struct helpers *helpers)
{
	const char *path;
	json_t *text;

	for (size_t i = 0; i < helpers->skills->n && script_tool(helpers->crew); i++)
		json_object_foreach(helpers->skills->items[i].files, path, text)
		{
			struct error why = { 0 };

			if (skill_script(&helpers->skills->items[i], path, &why))
				return true;
		}
	return false;
}

static json_t *arguments_of(const char *name, const char *source, const json_t *args)
{
	json_t *words = json_object_get(args, "args");
	char sha256[HASH_TEXT_BYTES];

	return json_pack("{s:s, s:s, s:s, s:o, s:i}", "name", name, "source", source, "sha256",
			 hash_text(source, strlen(source), sha256), "args",
			 words ? json_incref(words) : json_array(), "timeout_s",
			 (int)json_get_int(args, "timeout_s", TIMEOUT_S));
}

/* A host may want to ask a person about what is not ours, where one can be asked. */
static void send(struct loop *loop, struct loop_call *call, const struct skill *skill,
		 const char *source)
{
	char name[NAME_BYTES], why[WHY_BYTES];
	struct evidence wanted = { .tool = (char *)(uintptr_t)SCRIPT_TOOL };
	CLEANUP(json) json_t *args = NULL;
	struct error err = { 0 };

	text_format(name, sizeof(name), "%s/%s", skill->name,
		    json_get_text(call->args, "script", ""));
	text_format(
		why, sizeof(why),
		"The skill says to run its script %s. It can read this host and change nothing.",
		name);
	wanted.args = args = arguments_of(name, source, call->args);
	if (skill->is_own && loop->crew->asks_approval)
		wanted.wanted = why;
	if (loop_send_call(loop, call, &wanted, &err) < 0)
		loop_refuse(loop, call, "%s", err.text);
}

static void run_skill_script(struct loop *loop, struct loop_call *call)
{
	const struct helpers *helpers = loop->owner;
	const char *name = json_get_text(call->args, "skill", "");
	const struct skill *skill = skills_find(helpers->skills, name);
	struct error why = { 0 };
	const char *source;

	if (!skill) {
		loop_refuse(loop, call, "There is no skill '%.64s'.", name);
		return;
	}
	source = skill_script(skill, json_get_text(call->args, "script", ""), &why);
	if (source)
		send(loop, call, skill, source);
	else
		loop_refuse(loop, call, "%s", why.text);
}

const struct loop_tool loop_run_skill_script = {
	.name = "run_skill_script",
	.summary = "Runs a script that a skill names (scripts/...) on the host, where it can read "
		   "and change nothing. 'args' are its words.",
	.schema = "{\"type\":\"object\",\"properties\":{\"skill\":{\"type\":\"string\","
		  "\"maxLength\":64},\"script\":{\"type\":\"string\",\"maxLength\":255,"
		  "\"description\":\"scripts/x.sh\"},\"args\":{\"type\":\"array\",\"maxItems\":32,"
		  "\"items\":{\"type\":\"string\",\"maxLength\":1000}},"
		  "\"timeout_s\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":25}},"
		  "\"required\":[\"skill\",\"script\"],\"additionalProperties\":false}",
	.start = run_skill_script,
};
