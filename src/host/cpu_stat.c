#include "host/cpu_stat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX_BYTES (4 * MIB) /* the line of interrupts is long on large machines */
#define MAX_CPUS 8192

static bool parse_times(const char *at, struct cpu_times *times_out)
{
	uint64_t values[8] = { 0 };
	size_t n = 0;

	while (n < ARRAY_LEN(values) && scan_u64(&at, &values[n]))
		n++;
	/* Kernels before 2.6 had four columns; nothing that runs has fewer. */
	if (n < 4)
		return false;
	*times_out = (struct cpu_times) {
		.user = values[0] + values[1],
		.kernel = values[2],
		.idle = values[3],
		.iowait = values[4],
		.irq = values[5],
		.softirq = values[6],
		.steal = values[7],
	};
	return true;
}

static void add_cpu(struct cpu_stat *stat, uint64_t number, const struct cpu_times *times)
{
	/* Powers of two are when to grow. */
	if ((stat->n_cpus & (stat->n_cpus - 1)) == 0) {
		size_t n = stat->n_cpus ? stat->n_cpus * 2 : 1;

		stat->cpus = reallocarray(stat->cpus, n, sizeof(*stat->cpus));
		if (!stat->cpus)
			abort();
	}
	stat->cpus[stat->n_cpus++] = (struct cpu_entry) { (uint32_t)number, *times };
}

static void parse_cpu(const char *at, struct cpu_stat *stat, bool *has_all)
{
	struct cpu_times times;
	uint64_t number;

	if (*at == ' ' && parse_times(at, &times)) {
		stat->all = times;
		*has_all = true;
	} else if (*at != ' ' && scan_u64(&at, &number) && number < MAX_CPUS &&
		   stat->n_cpus < MAX_CPUS && parse_times(at, &times)) {
		add_cpu(stat, number, &times);
	}
}

int cpu_stat_parse(const char *text, struct cpu_stat *stat_out, struct error *err)
{
	struct cpu_stat stat = { 0 };
	const char *at = text;
	struct str line;
	bool has_all = false;

	while (scan_line(&at, &line)) {
		const char *value = line.data;

		if (scan_text(&value, "cpu"))
			parse_cpu(value, &stat, &has_all);
		else if (scan_text(&value, "ctxt "))
			(void)scan_u64(&value, &stat.n_switches);
		else if (scan_text(&value, "btime "))
			(void)scan_u64(&value, &stat.boot_time_s);
		else if (scan_text(&value, "processes "))
			(void)scan_u64(&value, &stat.n_forks);
		else if (scan_text(&value, "procs_running "))
			(void)scan_u64(&value, &stat.n_runnable);
		else if (scan_text(&value, "procs_blocked "))
			(void)scan_u64(&value, &stat.n_blocked);
	}
	if (!has_all) {
		cpu_stat_finish(&stat);
		return error_set(err, -EBADMSG, "/proc/stat: no line of the whole machine");
	}
	*stat_out = stat;
	return 0;
}

int cpu_stat_read(const struct host *host, struct cpu_stat *stat_out, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	buf_init(&text, TEXT_MAX_BYTES);
	r = host_read_buf(host, "proc/stat", &text);
	if (r < 0)
		return error_set(err, r, "read /proc/stat: %s", strerrordesc_np(-r));
	return cpu_stat_parse(buf_text(&text), stat_out, err);
}

void cpu_stat_finish(struct cpu_stat *stat)
{
	free(stat->cpus);
	*stat = (struct cpu_stat) { 0 };
}

void cpu_stat_cleanup(struct cpu_stat *stat)
{
	cpu_stat_finish(stat);
}

const struct cpu_times *cpu_stat_find(const struct cpu_stat *stat, uint32_t number)
{
	for (size_t i = 0; i < stat->n_cpus; i++)
		if (stat->cpus[i].number == number)
			return &stat->cpus[i].times;
	return NULL;
}

static double grown(uint64_t before, uint64_t after)
{
	return after > before ? (double)(after - before) : 0;
}

struct cpu_usage cpu_usage_between(const struct cpu_times *before, const struct cpu_times *after)
{
	double idle = grown(before->idle, after->idle);
	struct cpu_usage usage = {
		.user = grown(before->user, after->user),
		.kernel = grown(before->kernel, after->kernel),
		.iowait = grown(before->iowait, after->iowait),
		.irq = grown(before->irq, after->irq),
		.softirq = grown(before->softirq, after->softirq),
		.steal = grown(before->steal, after->steal),
	};
	double busy = usage.user + usage.kernel + usage.irq + usage.softirq + usage.steal;
	double total = busy + usage.iowait + idle;

	if (total <= 0)
		return (struct cpu_usage) { 0 };
	return (struct cpu_usage) {
		.busy = busy * 100 / total,
		.user = usage.user * 100 / total,
		.kernel = usage.kernel * 100 / total,
		.iowait = usage.iowait * 100 / total,
		.irq = usage.irq * 100 / total,
		.softirq = usage.softirq * 100 / total,
		.steal = usage.steal * 100 / total,
	};
}
