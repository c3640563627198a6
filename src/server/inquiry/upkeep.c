/* Conversations that are too old to be kept go as a whole, with what they were told. */
#include "server/inquiry/upkeep.h"

/* Those that nobody spoke in lately, that run nothing, and whose incident is over. */
#define OLD_THREADS                                                                                \
	"SELECT org, id FROM threads WHERE updated < $1 AND NOT EXISTS (SELECT 1 FROM "            \
	"investigations WHERE investigations.org = threads.org AND thread = threads.id AND "       \
	"finished IS NULL) AND NOT EXISTS (SELECT 1 FROM incidents WHERE incidents.org = "         \
	"threads.org AND incidents.id = threads.incident AND resolved IS NULL) ORDER BY updated, " \
	"org, id LIMIT 500"
#define OLD_INVESTIGATIONS \
	"SELECT org, id FROM investigations WHERE (org, thread) IN (" OLD_THREADS ")"

/* What refers goes before what it refers to, so that each still sees the same threads. */
static const char *const old_sql[INQUIRY_UPKEEP_STEPS] = {
	"DELETE FROM evidence WHERE (org, thread) IN (" OLD_THREADS ")",
	"DELETE FROM investigation_events WHERE (org, investigation) IN (" OLD_INVESTIGATIONS ")",
	"DELETE FROM appeals WHERE (org, investigation) IN (" OLD_INVESTIGATIONS ")",
	"DELETE FROM investigation_orders WHERE (org, investigation) IN (" OLD_INVESTIGATIONS ")",
	"DELETE FROM investigations WHERE (org, thread) IN (" OLD_THREADS ")",
	"DELETE FROM threads WHERE (org, id) IN (" OLD_THREADS ")",
};

void inquiry_upkeep_steps(int64_t before, struct store_value params_out[1],
			  struct store_step steps_out[INQUIRY_UPKEEP_STEPS])
{
	params_out[0] = store_int(before);
	for (unsigned i = 0; i < INQUIRY_UPKEEP_STEPS; i++)
		steps_out[i] = (struct store_step) { old_sql[i], params_out, 1, STORE_ANY };
}
