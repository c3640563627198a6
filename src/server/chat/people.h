/* The people whose Slack ids an integration's settings list (server/alert/settings.h). */
#pragma once

#include "base/json.h"
#include "server/chat/click.h"
#include "server/org/role.h"

/* Borrowed from the settings. */
struct chat_person {
	const char *name;
	enum role role;
};

/* False for who is not listed, or clicks from another workspace than the one that they name. */
bool chat_person_find(const json_t *settings, const struct click *click,
		      struct chat_person *person_out);
