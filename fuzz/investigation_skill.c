/* A skill from somewhere, its text or all its files: whole and within its bounds, or refused. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "investigation/skill.h"

static void check(const struct skill *skill)
{
	CLEANUP(json) json_t *tools = skill_tools(skill);
	struct error err = { 0 };
	const char *path;
	json_t *text;

	assert(skill->name[0] && skill_description(skill)[0]);
	assert(json_array_size(tools) <= SKILL_DESCRIPTION_MAX_BYTES);
	assert(skill_file(skill, "", &err) == skill->body);
	assert(!skill_file(skill, "../SKILL.md", &err) && err.text[0]);
	assert(json_object_size(skill->files) <= SKILL_MAX_FILES);
	json_object_foreach(skill->files, path, text)
	{
		assert(path[0] != '/' && path[0] != '.' && !strstr(path, "/."));
		assert(strlen(json_string_value(text)) == json_string_length(text));
		if (skill_script(skill, path, &err))
			assert(strncmp(path, "scripts/", 8) == 0);
	}
}

static int parse(struct skill *skill, struct str text, struct error *err)
{
	struct error ignored = { 0 };
	CLEANUP(json) json_t *files = json_parse(text.data, text.len, MIB, &ignored);

	return json_is_object(files) ? skill_from_files(skill, NULL, files, err)
				     : skill_parse(skill, NULL, text, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(skill) struct skill skill = { 0 };
	struct error err = { 0 };

	if (parse(&skill, (struct str) { (const char *)data, size }, &err) < 0)
		assert(err.code < 0 && err.text[0] && !skill.matter);
	else
		check(&skill);
	return 0;
}
