/*
 * Other servers on the same database. An agent has one link to one of them, which answers for it
 * (gives its calls, says which can not have started) until the agent comes to another, or that one
 * takes over a dead server's agents. Any server accepts calls, waits for them and ends them.
 */
#pragma once

#include "server/hub/hub.h"

/* Who we are; NULL: there can be no others. */
const char *hub_server(const struct hub *hub);

/* Whether others live: only then is anything done for them, or looked for that they did. */
enum hub_company {
	HUB_ALONE,
	HUB_WITH_OTHERS,
};
void hub_set_company(struct hub *hub, enum hub_company company);
/* A notice of theirs, unchecked (store_config.told). */
void hub_hear(struct hub *hub, const char *notice);
/* Notices may have been missed: the database was away. */
void hub_look(struct hub *hub);

/* Until then (monotonic) nobody takes us for dead, and we may give calls; not before the first. */
void hub_trust(struct hub *hub, uint64_t until_ns);
/* Somebody has taken us for dead: no call is given before we know whose our agents are. */
void hub_doubt(struct hub *hub);

/* Steps of a batch for every org that take over a dead server's agents; with this notice. */
#define HUB_TAKE_STEPS 3
#define HUB_TAKE_PARAMS 4
#define HUB_TAKE_NOTICE "[\"agents\",\"\",\"\",\"\",\"\"]"
void hub_take_steps(const struct hub *hub, const char *dead,
		    struct store_value params[HUB_TAKE_PARAMS],
		    struct store_step steps[HUB_TAKE_STEPS]);
/* It is on disk. */
void hub_handle_taken(struct hub *hub);
