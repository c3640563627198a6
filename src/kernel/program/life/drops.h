/*
 * Packets that the interfaces of our network dropped, both ways.
 *
 * The kernel counts for each interface since that came: one that goes takes its count along, so
 * what is added up is how much each grew. One that comes later begins with what it has.
 */
#pragma once

#include "base/base.h"

#define DROPS_MAX_INTERFACES 4096 /* more are not looked at */

struct drops_interface;

struct drops {
	struct drops_interface *interfaces;
	size_t n;
	bool is_begun;
	uint64_t total; /* with what was there at the beginning; never less than before */
};

/* As /proc/net/dev has them. */
void drops_note(struct drops *drops, const char *text);
void drops_finish(struct drops *drops);
