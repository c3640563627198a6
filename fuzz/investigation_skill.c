/* A skill from somewhere: it is whole and within its bounds, or refused. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "investigation/skill.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(skill) struct skill skill = { 0 };
	struct str text = { (const char *)data, size };
	struct error err = { 0 };

	if (skill_parse(&skill, NULL, text, &err) < 0) {
		assert(err.code < 0 && err.text[0] && !skill.matter);
		return 0;
	}
	CLEANUP(json) json_t *tools = skill_tools(&skill);

	assert(skill.name[0] && skill_description(&skill)[0]);
	assert(json_array_size(tools) <= SKILL_DESCRIPTION_MAX_BYTES);
	assert(skill_file(&skill, "", &err) == skill.body);
	assert(!skill_file(&skill, "../SKILL.md", &err) && err.text[0]);
	return 0;
}
