#include "server/chat/people.h"

#include <string.h>

bool chat_person_find(const json_t *settings, const struct click *click,
		      struct chat_person *person_out)
{
	const char *team = json_get_text(settings, "team", "");
	const json_t *person;
	size_t i;

	if (!*click->user || (*team && strcmp(team, click->team) != 0))
		return false;
	json_array_foreach(json_object_get(settings, "people"), i, person)
	{
		if (strcmp(json_get_text(person, "id", ""), click->user) != 0)
			continue;
		person_out->name = json_get_text(person, "name", "");
		return role_from_name(json_get_text(person, "role", ""), &person_out->role);
	}
	return false;
}
