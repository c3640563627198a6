/* Where everything lies: siblings, causes, state. Found once, at the start. */
#pragma once

#include "base/config.h"

#define PLACES_PATH_BYTES 4096

struct places {
	char executables[PLACES_PATH_BYTES];
	char knowledge[PLACES_PATH_BYTES];
	char skills[PLACES_PATH_BYTES];
	char state[PLACES_PATH_BYTES];
};

/* As configured, else beside this program (a build tree) or where it was installed. */
void places_find(struct places *places, const struct config *config);

/* Makes the state folder, private to us; 0 or a negative errno. */
int places_make_state(const struct places *places, struct error *err) MUST_CHECK;
