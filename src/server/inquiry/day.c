/*
 * Looks at what was used within 24 hours. One reads the sums, and in the same moment what is on
 * record of our own runs: what these used since is added, so that it is counted once.
 */
#include "server/inquiry/day_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/inquiry/inquiries_internal.h"

#define IDLE_LOOKS 15 /* ticks from one look to the next where nothing runs, for /metrics */
#define FRESH_NS (600 * NS_PER_SEC) /* a last write may have waited for the database */
#define SUMS                                                                          \
	"CAST(COALESCE(SUM(calls), 0) AS BIGINT), CAST(COALESCE(SUM(time_ms), 0) AS " \
	"BIGINT), CAST(COALESCE(SUM(tokens), 0) AS BIGINT), CAST(COALESCE(SUM("       \
	"cost_micros), 0) AS BIGINT) FROM investigation_use WHERE counted >= $1"

static const char all_sql[] = "SELECT " SUMS;
static const char orgs_sql[] =
	"SELECT org, " SUMS " AND org IN (SELECT org FROM investigations WHERE owner = $2 AND "
	"finished IS NULL) GROUP BY org LIMIT 20000";
/* Also those that have just finished, which we may not have heard. */
#define OWN                                                                                      \
	"SELECT investigations.org, investigation, calls, time_ms, tokens, "                     \
	"investigation_use.cost_micros FROM investigations, investigation_use WHERE owner = $1 " \
	"AND investigation_use.org = investigations.org AND investigation = id AND "
static const char own_sql[] = OWN "finished IS NULL UNION " OWN "counted >= $2 LIMIT 20000";

static void look(struct inquiries *inquiries);

static bool is_limited(const struct use *budget)
{
	for (unsigned i = 0; i < USE_KINDS; i++)
		if (budget->of[i])
			return true;
	return false;
}

static bool any_limit(const struct inquiries *inquiries)
{
	return is_limited(&inquiries->config.org_day) || is_limited(&inquiries->config.all_day);
}

static struct use use_at(const struct store_rows *rows, unsigned row, unsigned column)
{
	struct use use = { 0 };

	for (unsigned i = 0; i < USE_KINDS; i++)
		use.of[i] = (uint64_t)store_int_at(rows, row, column + i);
	return use;
}

/* What is on record of it may be more for a moment: where its time had another end. */
static void add_fresh(struct use *use, const struct run *run)
{
	const struct use now = run_use(run);

	for (unsigned i = 0; i < USE_KINDS; i++)
		if (now.of[i] > run->day.on_record.of[i])
			use->of[i] += now.of[i] - run->day.on_record.of[i];
}

static struct day_org *find(const struct day *day, const char *org)
{
	for (unsigned i = 0; i < day->n_orgs; i++)
		if (strcmp(day->orgs[i].org, org) == 0)
			return &day->orgs[i];
	return NULL;
}

struct use day_used(const struct inquiries *inquiries, const char *org)
{
	const struct day_org *of_org = org ? find(&inquiries->day, org) : NULL;
	struct use used = { 0 };

	if (!org)
		used = inquiries->day.used;
	else if (of_org)
		used = of_org->used;
	for (const struct run *run = inquiries->runs; run; run = run->next)
		if (!org || strcmp(run->org, org) == 0)
			add_fresh(&used, run);
	return used;
}

void day_leave(const struct run *run)
{
	struct day *day = &run->inquiries->day;
	struct day_org *of_org = find(day, run->org);

	add_fresh(&day->used, run);
	if (of_org)
		add_fresh(&of_org->used, run);
}

static void take_orgs(struct day *day, const struct store_rows *rows)
{
	free(day->orgs);
	day->orgs = calloc(rows->n_rows ? rows->n_rows : 1, sizeof(*day->orgs));
	if (!day->orgs)
		abort();
	day->n_orgs = rows->n_rows;
	for (unsigned i = 0; i < rows->n_rows; i++) {
		text_format(day->orgs[i].org, sizeof(day->orgs[i].org), "%s",
			    store_text_at(rows, i, 0));
		day->orgs[i].used = use_at(rows, i, 1);
	}
}

static void take_own(struct inquiries *inquiries, const struct store_rows *rows)
{
	for (struct run *run = inquiries->runs; run; run = run->next)
		run->day.on_record = (struct use) { 0 };
	for (unsigned i = 0; i < rows->n_rows; i++) {
		struct run *run = run_find_id(inquiries, store_text_at(rows, i, 0),
					      store_text_at(rows, i, 1));

		if (run)
			run->day.on_record = use_at(rows, i, 2);
	}
}

/* Time passes without an event that would write it. */
static void write_time(struct run *run)
{
	if (run_use(run).of[USE_TIME] >= run->day.on_record.of[USE_TIME] + USE_WRITE_NS / NS_PER_MS)
		run_count(run);
}

/* By each of day.orgs, summed once for all that run: as day_used(). Heap. */
static struct use *sum_orgs(const struct inquiries *inquiries)
{
	const struct day *day = &inquiries->day;
	struct use *sums = calloc(day->n_orgs ? day->n_orgs : 1, sizeof(*sums));

	if (!sums)
		abort();
	for (unsigned i = 0; i < day->n_orgs; i++)
		sums[i] = day->orgs[i].used;
	for (const struct run *run = inquiries->runs; run; run = run->next) {
		const struct day_org *of_org = find(day, run->org);

		if (of_org)
			add_fresh(&sums[of_org - day->orgs], run);
	}
	return sums;
}

static void notice(struct run *run, const struct use *all, const struct use *orgs)
{
	const struct day *day = &run->inquiries->day;
	const struct day_org *of_org = find(day, run->org);
	const struct use used[USE_OFS] = {
		[USE_OF_ORG] =
			of_org ? orgs[of_org - day->orgs] : day_used(run->inquiries, run->org),
		[USE_OF_ALL] = *all,
	};

	run_notice(run, used);
}

static void go_on(struct inquiries *inquiries)
{
	const struct use all = day_used(inquiries, NULL);
	struct use *orgs = sum_orgs(inquiries);
	uint64_t n_looks = inquiries->day.n_looks;
	bool any_waits = false;
	struct run *next;

	for (struct run *run = inquiries->runs; run; run = next) {
		next = run->next;
		if (run->state == RUN_RUNNING) {
			write_time(run);
			notice(run, &all, orgs);
		} else if (run->state == RUN_LOADING && run->day.look && run->day.look <= n_looks) {
			run->day.look = 0;
			run_allow(run);
		}
		any_waits |= run->day.look != 0;
	}
	free(orgs);
	if (any_waits)
		look(inquiries);
}

static void handle_looked(const struct store_result *result, const struct error *err, void *data)
{
	struct inquiries *inquiries = data;

	inquiries->day.ticket = 0;
	if (err) {
		log_warn("what was used within 24 hours could not be read: %s", err->text);
		return; /* the next tick tries again */
	}
	inquiries->day.used = use_at(&result->steps[0], 0, 0);
	take_orgs(&inquiries->day, &result->steps[1]);
	take_own(inquiries, &result->steps[2]);
	go_on(inquiries);
}

static void look(struct inquiries *inquiries)
{
	const struct store_value owner = store_text(inquiries->owner);
	const struct store_value since[2] = {
		store_int((int64_t)(clock_wall_ns() - INQUIRY_DAY_NS)), owner
	};
	const struct store_value fresh[2] = { owner,
					      store_int((int64_t)(clock_wall_ns() - FRESH_NS)) };
	const struct store_step steps[] = {
		{ all_sql, since, 1, STORE_SOME },
		{ orgs_sql, since, 2, STORE_ANY },
		{ own_sql, fresh, 2, STORE_ANY },
	};
	const struct store_batch batch = { .org = STORE_EVERY_ORG,
					   .steps = steps,
					   .n_steps = ARRAY_LEN(steps) };

	if (inquiries->day.ticket)
		return;
	inquiries->day.n_idle = 0;
	inquiries->day.n_looks++;
	inquiries->day.ticket =
		store_submit(inquiries->config.store, &batch, handle_looked, inquiries);
}

static void handle_tick(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct inquiries *inquiries = data;
	bool is_due = inquiries->day.n_looks == 0 || ++inquiries->day.n_idle >= IDLE_LOOKS;

	if (store_state(inquiries->config.store) == STORE_READY && (inquiries->runs || is_due))
		look(inquiries);
}

void day_open(struct inquiries *inquiries)
{
	static const struct timeval every = { .tv_sec = USE_LOOK_NS / NS_PER_SEC };

	if (!any_limit(inquiries))
		return;
	inquiries->day.timer =
		event_new(inquiries->config.base, -1, EV_PERSIST, handle_tick, inquiries);
	if (!inquiries->day.timer || event_add(inquiries->day.timer, &every) < 0)
		abort();
}

void day_stop(struct inquiries *inquiries)
{
	if (inquiries->day.ticket)
		store_forget(inquiries->config.store, inquiries->day.ticket);
	inquiries->day.ticket = 0;
	if (inquiries->day.timer)
		event_free(inquiries->day.timer);
	inquiries->day.timer = NULL;
	free(inquiries->day.orgs);
	inquiries->day.orgs = NULL;
	inquiries->day.n_orgs = 0;
}

/* A look that is under way may have missed what ended meanwhile: the next one counts. */
void day_ask(struct run *run)
{
	struct inquiries *inquiries = run->inquiries;

	if (!any_limit(inquiries)) {
		run_allow(run);
		return;
	}
	run->day.look = inquiries->day.n_looks + 1;
	look(inquiries);
}

void day_metrics(const struct inquiries *inquiries, struct buf *page)
{
	static const struct {
		const char *unit;
		double scale;
	} kinds[USE_KINDS] = {
		[USE_CALLS] = { "calls", 1 },
		[USE_TIME] = { "seconds", 1e3 },
		[USE_TOKENS] = { "tokens", 1 },
		[USE_COST] = { "dollars", 1e6 },
	};
	const struct use *most = &inquiries->config.all_day;
	const struct use used = day_used(inquiries, NULL);
	const struct {
		const char *name;
		const struct use *use;
	} rows[] = { { "used", &used }, { "limit", most } };

	for (size_t k = 0; is_limited(most) && k < ARRAY_LEN(rows); k++) {
		buf_add_format(page, "# TYPE constable_investigation_day_%s gauge\n", rows[k].name);
		for (unsigned i = 0; i < USE_KINDS; i++)
			if (most->of[i])
				buf_add_format(page,
					       "constable_investigation_day_%s{of=\"%s\"} %.6f\n",
					       rows[k].name, kinds[i].unit,
					       (double)rows[k].use->of[i] / kinds[i].scale);
	}
}
