/* What all links of a fleet may want of the store at once: taken in turn, a bounded part of it. */
#include "server/hub/op_internal.h"

void turn_forget(struct hub_turn *turn)
{
	if (!turn->hub)
		return;
	TAILQ_REMOVE(&turn->hub->turns, turn, next);
	turn->hub = NULL;
}

void turn_take(struct hub *hub, struct hub_turn *turn, void (*take)(struct hub_turn *turn))
{
	turn_forget(turn);
	if (hub->n_ops < HUB_MAX_OPS_OF_LINKS && TAILQ_EMPTY(&hub->turns)) {
		take(turn);
		return;
	}
	turn->hub = hub;
	turn->take = take;
	TAILQ_INSERT_TAIL(&hub->turns, turn, next);
}

void turns_go_on(struct hub *hub)
{
	while (hub->n_ops < HUB_MAX_OPS_OF_LINKS && !TAILQ_EMPTY(&hub->turns)) {
		struct hub_turn *turn = TAILQ_FIRST(&hub->turns);

		turn_forget(turn);
		turn->take(turn);
	}
}
