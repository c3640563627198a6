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

static void note(struct watched *watched, size_t rule, double value, bool is_broken)
{
	watched->broken[rule] = watched->broken[rule] << 1 | is_broken;
	watched->values[rule] = value;
}

/* Several at once: the first speaks, in the documented order. */
static void accuse(struct watched *watched)
{
	ssize_t accused = -1;

	for (size_t i = 0; i < watched->health.n_rules && accused < 0; i++)
		if (watched->broken[i] & 1 && is_broken_often(watched, i))
			accused = (ssize_t)i;
	if (accused < 0)
		watched->accused_ns = 0;
	else if (!watched->accused_ns)
		watched->accused_ns = guardian_now_ns();
	watched->accused = accused;
}

void judge_look(struct watch *watch, struct watched *watched)
{
	const struct health *health = &watched->health;
	double values[HEALTH_N_METRICS] = { 0 };

	read_values(watch, watched, values);
	for (size_t i = 0; i < health->n_rules; i++) {
		const struct health_rule *rule = &health->rules[i];
		double value;

		if (rule->metric >= HEALTH_PROBES)
			continue;
		value = rule->metric < HEALTH_N_METRICS
				? values[rule->metric]
				: (double)watched->counters[rule->metric - HEALTH_N_METRICS];
		note(watched, i, value, value > rule->above);
	}
	accuse(watched);
}

void judge_probes(struct watched *watched, const json_t *answers)
{
	const struct health *health = &watched->health;

	for (size_t i = 0; i < health->n_probes; i++) {
		const json_t *answer = json_array_get(answers, i);

		watched->probed[i].ms = json_get_number(answer, "ms", 0);
		text_copy(watched->probed[i].error, PROBED_ERROR_BYTES,
			  json_get_text(answer, "error", ""));
	}
	watched->is_probed = true;
	for (size_t i = 0; i < health->n_rules; i++) {
		const struct health_rule *rule = &health->rules[i];
		const struct probed *probed;

		if (rule->metric < HEALTH_PROBES)
			continue;
		probed = &watched->probed[rule->metric - HEALTH_PROBES];
		note(watched, i, probed->ms,
		     probed->error[0] || (rule->above > 0 && probed->ms > rule->above));
	}
	accuse(watched);
}

static void accuse_probe(const struct watched *watched, const struct health_rule *rule,
			 struct rollback_cause *cause, char *why_out)
{
	const struct health *health = &watched->health;
	const struct probed *probed = &watched->probed[rule->metric - HEALTH_PROBES];

	cause->reason = "connectivity";
	if (!probed->error[0]) {
		text_format(why_out, ERROR_TEXT_BYTES,
			    "'%s' answers after %.6g ms, which is above %.6g, in %u of %u checks",
			    cause->threshold, cause->value, cause->above, health->k, health->n);
		return;
	}
	cause->value = 1; /* failed where none may */
	cause->above = 0;
	text_format(why_out, ERROR_TEXT_BYTES,
		    "'%s', which answered before it came, no longer does (%s), in %u of %u checks",
		    cause->threshold, probed->error, health->k, health->n);
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
		.value = watched->values[watched->accused],
		.above = rule->above,
		.why = why_out,
	};
	if (rule->metric >= HEALTH_PROBES)
		accuse_probe(watched, rule, cause_out, why_out);
	else
		text_format(why_out, ERROR_TEXT_BYTES, "%s: %.6g is above %.6g, in %u of %u checks",
			    cause_out->threshold, cause_out->value, cause_out->above,
			    watched->health.k, watched->health.n);
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
