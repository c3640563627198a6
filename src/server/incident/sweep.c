/* What time brings: incidents that have settled, and changes that nobody has handled. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/incident/incident_internal.h"

#define SWEEP_ROWS 200

/* Who takes the row one lease further has it; the outer WHERE is looked at under its lock. */
static const char claim_sql[] =
	"UPDATE incident_events SET claimed = $2 WHERE change IS NOT NULL AND handled IS NULL "
	"AND claimed < $1 AND (org, seq) IN (SELECT e.org, e.seq FROM incident_events e "
	"WHERE e.change IS NOT NULL AND e.handled IS NULL AND e.claimed < $1 "
	"ORDER BY e.org, e.seq LIMIT 200) RETURNING org, seq, incident, change, data";
static const char due_sql[] = "SELECT org, id FROM incidents WHERE settles IS NOT NULL "
			      "AND settles <= $1 ORDER BY settles LIMIT 200";
static const char next_sql[] = "SELECT MIN(settles) FROM incidents WHERE settles IS NOT NULL "
			       "AND settles > $1";

void sweep_by(struct incidents *incidents, uint64_t wall_ns)
{
	uint64_t now_ns = clock_wall_ns();
	uint64_t left_ns = wall_ns > now_ns ? wall_ns - now_ns : 0;
	struct timeval delay = { .tv_sec = (time_t)(left_ns / NS_PER_SEC),
				 .tv_usec = (suseconds_t)(left_ns % NS_PER_SEC / 1000) + 1 };

	if (incidents->sweep_ns && incidents->sweep_ns <= wall_ns)
		return;
	incidents->sweep_ns = wall_ns;
	(void)event_add(incidents->sweep, &delay);
}

static int change_from_name(const char *name)
{
	for (int i = INCIDENT_OPENED; i <= INCIDENT_MERGED; i++)
		if (strcmp(incident_change_name((enum incident_change)i), name) == 0)
			return i;
	return SITUATION_NO_CHANGE;
}

static void tell_again(struct incidents *incidents, const struct store_rows *rows, unsigned row)
{
	CLEANUP(json) json_t *data = json_loads(store_text_at(rows, row, 4), 0, NULL);
	int change = change_from_name(store_text_at(rows, row, 3));
	const struct incident_news news = {
		.org = store_text_at(rows, row, 0),
		.seq = store_int_at(rows, row, 1),
		.incident = store_text_at(rows, row, 2),
		.change = (enum incident_change)change,
		.data = data,
	};

	incidents->counters.told_again++;
	if (change == SITUATION_NO_CHANGE || !incidents->config.changed)
		return;
	incidents->config.changed(&news, incidents->config.data);
}

static int compare(const struct store_rows *rows, unsigned one, unsigned other)
{
	int order = strcmp(store_text_at(rows, one, 0), store_text_at(rows, other, 0));
	int64_t a = store_int_at(rows, one, 1), b = store_int_at(rows, other, 1);

	return order ? order : (a > b) - (a < b);
}

/* RETURNING has no order of its own. */
static void tell_all(struct incidents *incidents, const struct store_rows *rows)
{
	unsigned order[SWEEP_ROWS], n = 0;

	for (unsigned i = 0; i < rows->n_rows && i < SWEEP_ROWS; i++) {
		unsigned at = n++;

		for (; at > 0 && compare(rows, order[at - 1], i) > 0; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	for (unsigned i = 0; i < n; i++)
		tell_again(incidents, rows, order[i]);
}

static void settle(struct incidents *incidents, const struct store_rows *rows)
{
	for (unsigned i = 0; i < rows->n_rows; i++) {
		struct job *job = job_new(JOB_SETTLE, NULL, NULL);

		text_format(job->incident, sizeof(job->incident), "%s", store_text_at(rows, i, 1));
		text_format(job->actor, sizeof(job->actor), "constable");
		org_queue_add(incidents, store_text_at(rows, i, 0), job);
	}
}

static void handle_swept(const struct store_result *result, const struct error *err, void *data)
{
	struct incidents *incidents = data;
	uint64_t now_ns = clock_wall_ns();
	int64_t next;

	incidents->is_sweeping = 0;
	sweep_by(incidents, now_ns + SWEEP_NS);
	if (err) {
		log_warn("incidents could not be looked through: %s", err->text);
		return;
	}
	incidents->takes_all = 0;
	next = store_int_at(&result->steps[2], 0, 0);
	if (next)
		sweep_by(incidents, (uint64_t)next);
	if (result->steps[0].n_rows == SWEEP_ROWS || result->steps[1].n_rows == SWEEP_ROWS)
		sweep_by(incidents, now_ns + NS_PER_SEC / 10);
	settle(incidents, &result->steps[1]);
	tell_all(incidents, &result->steps[0]);
}

void sweep_handle_timer(int fd UNUSED, short what UNUSED, void *data)
{
	struct incidents *incidents = data;
	int64_t now = (int64_t)clock_wall_ns();
	const struct store_value claim[] = {
		store_int(incidents->takes_all ? INT64_MAX : now),
		store_int(now + (int64_t)INCIDENT_LEASE_NS),
	};
	const struct store_value at = store_int(now);
	const struct store_step steps[] = {
		{ claim_sql, claim, ARRAY_LEN(claim), STORE_ANY },
		{ due_sql, &at, 1, STORE_ANY },
		{ next_sql, &at, 1, STORE_ANY },
	};

	incidents->sweep_ns = 0;
	if (incidents->is_sweeping)
		return;
	incidents->is_sweeping = 1;
	incidents->sweep_ticket = store_submit(incidents->config.store,
					       &(struct store_batch) {
						       .org = STORE_EVERY_ORG,
						       .steps = steps,
						       .n_steps = ARRAY_LEN(steps),
					       },
					       handle_swept, incidents);
}
