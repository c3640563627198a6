#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/scan.h"
#include "kernel/program/life/steward_internal.h"

#define RETRY_NS NS_PER_SEC
#define TEXT_MAX_BYTES MIB /* of DROPS_MAX_INTERFACES and more */

/* The kernel gives a page at a time. */
static bool read_text(const char *path, struct buf *text)
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

	buf_init(text, TEXT_MAX_BYTES);
	return fd >= 0 && buf_read_fd(text, fd) == 0 && text->len;
}

/* --- the host's own figures ---------------------------------------------------------------- */

/* Percent of the last ten seconds in which some task waited; 0 where the kernel does not say. */
static double read_pressure(const char *resource)
{
	CLEANUP(buf) struct buf text = { 0 };
	double percent = 0;
	const char *at;
	char path[64];

	text_format(path, sizeof(path), "/proc/pressure/%s", resource);
	if (!read_text(path, &text))
		return 0;
	at = buf_text(&text);
	return scan_text(&at, "some avg10=") && scan_double(&at, &percent) ? percent : 0;
}

static void read_host(struct watch *watch, double values[HEALTH_N_METRICS])
{
	CLEANUP(buf) struct buf text = { 0 };

	if (read_text("/proc/self/net/dev", &text))
		drops_note(&watch->drops, buf_text(&text));
	values[HEALTH_PSI_CPU] = read_pressure("cpu");
	values[HEALTH_PSI_MEMORY] = read_pressure("memory");
	values[HEALTH_PSI_IO] = read_pressure("io");
}

/* Before it came there were so many a second: since the host was started. */
void judge_begin(struct watch *watch, struct watched *watched)
{
	read_host(watch, watched->baseline);
	watched->drops = watch->drops.total;
	watched->baseline[HEALTH_DROPS] =
		(double)watched->drops / ((double)guardian_now_ns() / (double)NS_PER_SEC);
	watched->looked_ns = watched->began_ns;
}

/* --- rules --------------------------------------------------------------------------------- */

static void read_values(struct watch *watch, struct watched *watched,
			double values[HEALTH_N_METRICS])
{
	uint64_t now_ns = guardian_now_ns();
	double seconds = (double)(now_ns - watched->looked_ns + 1) / (double)NS_PER_SEC;

	read_host(watch, values);
	values[HEALTH_DROPS] = (double)(watch->drops.total - watched->drops) / seconds;
	for (unsigned i = HEALTH_DROPS; i < HEALTH_N_METRICS; i++)
		values[i] -= watched->baseline[i];
	watched->drops = watch->drops.total;
	watched->looked_ns = now_ns;
	values[HEALTH_ERRORS] = (double)watch_sum(watched, HEALTH_ROLE_ERRORS);
	values[HEALTH_VIOLATIONS] = (double)watch_sum(watched, HEALTH_ROLE_VIOLATIONS);
	values[HEALTH_CPU_PERCENT] = watch_cpu_percent(watched);
	values[HEALTH_LATENCY_MS] = watch_latency_ms(watched);
	values[HEALTH_MEMORY_KB] = (double)(watched->memory_bytes / KIB);
	values[HEALTH_MISSED] = (double)watch_missed(watched);
}

static bool is_broken_often(const struct watched *watched, size_t rule)
{
	uint32_t mask = (UINT32_C(1) << watched->health.n) - 1;

	return (unsigned)__builtin_popcount(watched->broken[rule] & mask) >= watched->health.k;
}

void judge_look(struct watch *watch, struct watched *watched)
{
	const struct health *health = &watched->health;
	double values[HEALTH_N_METRICS] = { 0 };
	ssize_t accused = -1;

	read_values(watch, watched, values);
	for (size_t i = 0; i < health->n_rules; i++) {
		const struct health_rule *rule = &health->rules[i];
		double value = rule->metric < HEALTH_N_METRICS
				       ? values[rule->metric]
				       : (double)watched->counters[rule->metric - HEALTH_N_METRICS];

		watched->broken[i] = watched->broken[i] << 1 | (value > rule->above);
		/* Several at once: the first speaks, in the documented order. */
		if (accused < 0 && value > rule->above && is_broken_often(watched, i)) {
			accused = (ssize_t)i;
			watched->value = value;
		}
	}
	if (accused < 0)
		watched->accused_ns = 0;
	else if (!watched->accused_ns)
		watched->accused_ns = guardian_now_ns();
	watched->accused = accused;
}

bool judge_accuses(const struct watched *watched, struct rollback_cause *cause_out, char *why_out)
{
	const struct health_rule *rule;

	if (!watched->accused_ns || watched->accused < 0)
		return false;
	rule = &watched->health.rules[watched->accused];
	*cause_out = (struct rollback_cause) {
		.reason = rule->metric == HEALTH_CPU_PERCENT ? "high_cpu" : "telemetry_threshold",
		.threshold = health_rule_name(&watched->health, rule),
		.value = watched->value,
		.above = rule->above,
		.why = why_out,
	};
	text_format(why_out, ERROR_TEXT_BYTES, "%s: %.6g is above %.6g, in %u of %u checks",
		    cause_out->threshold, watched->value, rule->above, watched->health.k,
		    watched->health.n);
	return true;
}

uint64_t judge_tend(struct steward *steward)
{
	uint64_t next_ns = UINT64_MAX, now_ns = guardian_now_ns(), due_ns;
	char why[ERROR_TEXT_BYTES];
	struct rollback_cause cause;
	struct error err = { 0 };

	for (size_t i = 0; i < steward->watch.n; i++) {
		const struct watched *watched = steward->watch.programs[i];
		json_t *program = journal_find(&steward->journal, watched->id);

		if (!program || !program_state_is_attached(journal_state(program)) ||
		    !judge_accuses(watched, &cause, why))
			continue;
		due_ns = watched->accused_ns + watched->health.delay_s * NS_PER_SEC;
		if (due_ns > now_ns) {
			next_ns = due_ns < next_ns ? due_ns : next_ns;
			continue;
		}
		/* What was noted of the others still holds, but not the list of them. */
		if (steward_roll_back(steward, program, &cause, &err) < 0)
			log_error("roll back: %s", err.text);
		return now_ns + (err.code ? RETRY_NS : 0);
	}
	return next_ns;
}
