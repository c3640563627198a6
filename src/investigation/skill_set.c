/* Skills together: ours, and own ones that join them. */
#include <errno.h>
#include <string.h>

#include "investigation/skill.h"

void skills_finish(struct skills *skills)
{
	for (size_t i = 0; i < skills->n; i++)
		skill_finish(&skills->items[i]);
	skills->n = 0;
}

void skills_cleanup(struct skills *skills)
{
	skills_finish(skills);
}

const struct skill *skills_find(const struct skills *skills, const char *name)
{
	for (size_t i = 0; i < skills->n; i++)
		if (strcmp(skills->items[i].name, name) == 0)
			return &skills->items[i];
	return NULL;
}

static int join_one(struct skills *skills, const char *name, const json_t *files, json_t *joined,
		    struct error *err)
{
	struct skill *ours = (struct skill *)(uintptr_t)skills_find(skills, name);
	struct skill skill = { 0 };
	int r;

	if (!ours && skills->n == SKILLS_MAX)
		return error_set(err, -E2BIG, "there are %d skills already", SKILLS_MAX);
	r = skill_from_files(&skill, name, files, err);
	if (r < 0)
		return r;
	skill.is_own = true;
	json_push(json_object_get(joined, ours ? "replaced" : "own"), json_string(name));
	if (ours)
		skill_finish(ours);
	else
		ours = &skills->items[skills->n++];
	*ours = skill;
	return 0;
}

json_t *skills_join(struct skills *skills, const json_t *own)
{
	json_t *joined = json_pack("{s:[], s:[], s:[]}", "own", "replaced", "left_out");
	const char *name;
	json_t *files;

	json_object_foreach((json_t *)(uintptr_t)own, name, files)
	{
		struct error why = { 0 };

		if (join_one(skills, name, files, joined, &why) < 0)
			json_push(json_object_get(joined, "left_out"),
				  json_pack("{s:s, s:s}", "name", name, "why", why.text));
	}
	return joined;
}

json_t *skills_list(const struct skills *skills)
{
	json_t *list = json_array();

	for (size_t i = 0; i < skills->n; i++)
		json_push(list, json_pack("{s:s, s:s, s:b}", "name", skills->items[i].name,
					  "description", skill_description(&skills->items[i]),
					  "own", skills->items[i].is_own));
	return list;
}
