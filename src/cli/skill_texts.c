#include "cli/skill_texts.h"

#include <string.h>

#include "investigation/skill.h"

json_t *skill_texts(const char *folder, struct error *err)
{
	CLEANUP(skills) struct skills skills = { 0 };
	json_t *texts;

	if (skills_load(&skills, folder, err) < 0)
		return NULL;
	texts = json_array();
	for (size_t i = 0; i < skills.n; i++) {
		const struct skill *skill = &skills.items[i];

		json_push(texts, json_pack("{s:s, s:s, s:s}", "name", skill->name, "description",
					   skill_description(skill), "text", skill->body));
	}
	return texts;
}
