#include "kernel/program/life/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "kernel/program/life/steward_internal.h"

#define WINDOW_MIN_NS (100 * NS_PER_MS)
#define WINDOW_MAX_NS NS_PER_SEC
#define WINDOWS_A_PERIOD 10
#define CANARY_PERIODS 4 /* at least, while it is one */
#define PERIOD_MIN_NS (2 * WINDOW_MIN_NS)

void watch_init(struct watch *watch)
{
	*watch = (struct watch) { .statistics = -1 };
}

static void free_watched(struct watched *watched)
{
	for (size_t i = 0; i < watched->n_programs; i++)
		fd_close(&watched->programs[i]);
	for (size_t i = 0; i < watched->n_maps; i++)
		fd_close(&watched->maps[i]);
	free(watched);
}

void watch_finish(struct watch *watch)
{
	for (size_t i = 0; i < watch->n; i++)
		free_watched(watch->programs[i]);
	watch->n = 0;
	drops_finish(&watch->drops);
	fd_close(&watch->statistics);
}

struct watched *watch_find_id(const struct watch *watch, uint64_t id)
{
	for (size_t i = 0; i < watch->n; i++)
		if (watch->programs[i]->id == id)
			return watch->programs[i];
	return NULL;
}

struct watched *watch_find(const struct watch *watch, const json_t *program)
{
	return watch_find_id(watch, (uint64_t)json_get_int(program, "id", 0));
}

/* --- whom -------------------------------------------------------------------------------- */

/* By their numbers: the guardian's own order is another once something has left it. */
static size_t take_kind(const struct watched *watched, const struct guardian_item *items, size_t n,
			enum guardian_kind kind, int *fds, size_t max)
{
	const struct guardian_item *item;
	size_t taken = 0;

	while (taken < max &&
	       (item = guardian_find(items, n, watched->id, kind, (uint32_t)taken)) &&
	       (fds[taken] = fcntl(item->fd, F_DUPFD_CLOEXEC, 3)) >= 0)
		taken++;
	return taken;
}

static void take_fds(struct watched *watched, const struct guardian_item *items, size_t n)
{
	watched->n_programs = take_kind(watched, items, n, GUARDIAN_PROGRAM, watched->programs,
					MANIFEST_MAX_PROGRAMS);
	watched->n_maps = take_kind(watched, items, n, GUARDIAN_MAP, watched->maps, LOAD_MAX_MAPS);
}

static void find_counters(struct watched *watched, const json_t *maps)
{
	for (size_t i = 0; i < watched->health.n_counters; i++) {
		const json_t *name;
		size_t j;

		watched->counter_maps[i] = -1;
		json_array_foreach(maps, j, name)
		{
			if (j < watched->n_maps &&
			    strcmp(json_string_value(name), watched->health.counters[i].map) == 0)
				watched->counter_maps[i] = watched->maps[j];
		}
	}
}

static void add(struct steward *steward, const json_t *program)
{
	struct watched *watched = calloc(1, sizeof(*watched));
	struct guardian_item *items = NULL;
	struct error err = { 0 };
	size_t n = 0;

	if (!watched)
		abort();
	watched->id = (uint64_t)json_get_int(program, "id", 0);
	watched->began_ns = watched->seen_until_ns = guardian_now_ns();
	judge_begin(&steward->watch, watched);
	if (health_parse(program, &steward->limits, &watched->health, &err) < 0 ||
	    guardian_list(&steward->guardian, &items, &n, &err) < 0)
		log_error("watch the program '%s': %s", json_get_text(program, "name", ""),
			  err.text);
	take_fds(watched, items, n);
	guardian_list_free(items, n);
	find_counters(watched, json_object_get(program, "maps"));
	steward->watch.programs[steward->watch.n++] = watched;
	/* It has something to show soon. */
	steward->watch.next_ns = 0;
}

void watch_drop_ended(struct steward *steward)
{
	struct watch *watch = &steward->watch;

	for (size_t i = watch->n; i-- > 0;) {
		const json_t *program = journal_find(&steward->journal, watch->programs[i]->id);

		if (program && program_state_is_attached(journal_state(program)))
			continue;
		free_watched(watch->programs[i]);
		watch->programs[i] = watch->programs[--watch->n];
	}
}

static void note_attached(struct steward *steward)
{
	struct watch *watch = &steward->watch;
	const json_t *program;
	size_t i;

	watch_drop_ended(steward);
	watch->period_ns = steward->limits.check_interval_s * NS_PER_SEC;
	json_array_foreach(journal_programs(&steward->journal), i, program)
	{
		enum program_state state = journal_state(program);
		uint64_t canary_ns = (uint64_t)json_get_int(program, "canary_s", 0) * NS_PER_SEC;

		if (!program_state_is_attached(state))
			continue;
		if (!watch_find(watch, program) && watch->n < WATCH_MAX)
			add(steward, program);
		if (state == PROGRAM_CANARY && canary_ns / CANARY_PERIODS < watch->period_ns)
			watch->period_ns = canary_ns / CANARY_PERIODS;
	}
	if (watch->period_ns < PERIOD_MIN_NS)
		watch->period_ns = PERIOD_MIN_NS;
}

/* --- windows ------------------------------------------------------------------------------ */

static uint64_t window_ns(const struct watch *watch)
{
	uint64_t ns = watch->period_ns / WINDOWS_A_PERIOD;

	if (ns < WINDOW_MIN_NS)
		return WINDOW_MIN_NS;
	return ns > WINDOW_MAX_NS ? WINDOW_MAX_NS : ns;
}

static void begin(struct watch *watch)
{
	for (size_t i = 0; i < watch->n; i++) {
		struct watched *watched = watch->programs[i];

		watched->is_in_window = true;
		for (size_t j = 0; j < watched->n_programs; j++)
			if (figures_read(watched->programs[j], &watched->begin[j]) < 0)
				watched->is_in_window = false;
	}
	watch->window_began_ns = guardian_now_ns();
}

static void take_runs(struct watched *watched, size_t number, uint64_t window, uint64_t whole)
{
	const struct figures *then = &watched->begin[number];
	double share = window ? (double)whole / (double)window : 0;
	struct figures now;
	double runs, ns;

	if (!watched->is_in_window || figures_read(watched->programs[number], &now) < 0 || !window)
		return;
	runs = (double)(now.runs - then->runs);
	ns = (double)(now.run_ns - then->run_ns) + runs * FIGURES_ENTRY_NS;
	watched->runs[number] += runs * share;
	watched->run_ns[number] += ns * share;
	watched->cpu_percent[number] = 100 * ns / (double)window;
	if (runs > 0)
		watched->ns_per_run[number] = ns / runs;
}

static void take_exact(struct watched *watched)
{
	struct figures figures;

	watched->memory_bytes = 0;
	for (size_t i = 0; i < watched->n_programs; i++) {
		watched->memory_bytes += figures_memory_bytes(watched->programs[i]);
		if (figures_read(watched->programs[i], &figures) == 0)
			watched->missed[i] = figures.missed;
	}
	for (size_t i = 0; i < watched->n_maps; i++)
		watched->memory_bytes += figures_memory_bytes(watched->maps[i]);
	for (size_t i = 0; i < watched->health.n_counters; i++)
		if (watched->counter_maps[i] >= 0)
			(void)figures_count(watched->counter_maps[i],
					    watched->health.counters[i].key, HEALTH_MAX_SUMMED,
					    &watched->counters[i]);
}

/* Without the launcher's answer it is only what needs no statistics. */
static void end(struct steward *steward)
{
	struct watch *watch = &steward->watch;
	uint64_t now_ns = guardian_now_ns();
	uint64_t window = watch->statistics >= 0 ? now_ns - watch->window_began_ns : 0;

	for (size_t i = 0; i < watch->n; i++) {
		struct watched *watched = watch->programs[i];

		for (size_t j = 0; j < watched->n_programs; j++)
			take_runs(watched, j, window, now_ns - watched->seen_until_ns);
		take_exact(watched);
		if (watched->is_in_window && window) {
			watched->seen_until_ns = now_ns;
			watched->sampled_ns += window;
		}
		watched->is_in_window = false;
		watched->n_windows++;
		judge_look(watch, watched);
	}
	fd_close(&watch->statistics);
}

void watch_take(struct steward *steward, int statistics)
{
	struct watch *watch = &steward->watch;

	fd_close(&watch->statistics);
	watch->statistics = statistics;
	if (statistics >= 0)
		begin(watch);
	else
		end(steward);
}

static void ask(struct steward *steward)
{
	static const char byte = LAUNCHER_WANTS_STATISTICS;

	steward->watch.next_ns = guardian_now_ns() + steward->watch.period_ns;
	probing_note_due(steward);
	if (send(steward->fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
		watch_take(steward, -1);
}

uint64_t watch_tend(struct steward *steward)
{
	struct watch *watch = &steward->watch;
	uint64_t end_ns;

	note_attached(steward);
	if (!watch->n) {
		fd_close(&watch->statistics);
		return UINT64_MAX;
	}
	end_ns = watch->window_began_ns + window_ns(watch);
	if (watch->statistics >= 0 && guardian_now_ns() >= end_ns)
		end(steward);
	if (watch->statistics >= 0)
		return end_ns;
	if (guardian_now_ns() >= watch->next_ns)
		ask(steward);
	return watch->next_ns;
}
