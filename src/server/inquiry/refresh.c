/* What an incident affects is known better at the end of its investigation than before. */
#include <stdlib.h>

#include "server/inquiry/inquiries_internal.h"

struct impact_wait {
	struct run *run; /* NULL: nobody waits any more */
};

void run_forget_refresh(struct run *run)
{
	if (run->impact_wait)
		run->impact_wait->run = NULL;
	run->impact_wait = NULL;
}

static void handle_impact(const json_t *impact, void *data)
{
	struct impact_wait *wait = data;
	struct run *run = wait->run;

	free(wait);
	if (!run)
		return;
	run->impact_wait = NULL;
	if (impact)
		json_put(run->request, "impact", json_deep_copy(impact));
	run_conclude(run);
}

void run_refresh(struct run *run)
{
	const struct inquiry_config *config = &run->inquiries->config;
	const char *incident = json_get_text(run->request, "incident", NULL);

	if (!incident || !config->read_impact) {
		run_conclude(run);
		return;
	}
	run_forget_refresh(run);
	run->impact_wait = calloc(1, sizeof(*run->impact_wait));
	if (!run->impact_wait)
		abort();
	run->impact_wait->run = run;
	config->read_impact(run->org, incident, handle_impact, run->impact_wait, config->data);
}
