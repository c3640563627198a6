#include "host/program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/pids.h"

#define FIELDS_FROM_STATE_TO_START 19

/* Reads from the state on: comm may hold blanks and ')' itself. */
static bool read_stat(const struct host *host, struct program *program, uint64_t *start_ticks_out)
{
	char path[64], text[1024];
	const char *at, *open, *close;
	struct str word;
	uint64_t value;

	text_format(path, sizeof(path), "proc/%d/stat", program->pid);
	if (host_read(host, path, text, sizeof(text)) < 0)
		return false;
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || close < open || close[1] != ' ' || !close[2])
		return false;
	str_copy((struct str) { open + 1, (size_t)(close - open - 1) }, program->comm,
		 sizeof(program->comm));
	program->state = close[2];
	at = close + 3;
	if (!scan_u64(&at, &value))
		return false;
	program->ppid = (pid_t)value;
	for (int i = 2; i < FIELDS_FROM_STATE_TO_START; i++)
		if (!scan_word(&at, &word))
			return false;
	return scan_u64(&at, start_ticks_out);
}

static void read_ids(const struct host *host, struct program *program)
{
	char path[64], text[2048];
	const char *at = text;
	struct str line;
	uint64_t real, effective;

	text_format(path, sizeof(path), "proc/%d/status", program->pid);
	if (host_read(host, path, text, sizeof(text)) < 0)
		return;
	while (scan_line(&at, &line)) {
		const char *value = line.data + 4;

		if (str_starts(line, "Uid:") && scan_u64(&value, &real) &&
		    scan_u64(&value, &effective))
			program->uid = (uid_t)effective;
		if (str_starts(line, "Gid:") && scan_u64(&value, &real) &&
		    scan_u64(&value, &effective))
			program->gid = (gid_t)effective;
	}
}

static void read_cmdline(const struct host *host, struct program *program)
{
	char path[64];
	ssize_t len;

	text_format(path, sizeof(path), "proc/%d/cmdline", program->pid);
	len = host_read(host, path, program->cmdline, sizeof(program->cmdline));
	if (len < 0)
		len = 0;
	while (len > 0 && (program->cmdline[len - 1] == '\0' || program->cmdline[len - 1] == ' '))
		len--;
	for (ssize_t i = 0; i < len; i++)
		if (program->cmdline[i] == '\0')
			program->cmdline[i] = ' ';
	program->cmdline[len] = '\0';
}

static bool read_program(const struct host *host, uint64_t uptime_s, struct program *program)
{
	uint64_t ticks_per_s = (uint64_t)sysconf(_SC_CLK_TCK), start_ticks = 0;
	uint64_t started_s;

	/* A zombie still has its name, but runs and serves no more. */
	if (!read_stat(host, program, &start_ticks) || program->state == 'Z' ||
	    program->state == 'X')
		return false;
	read_cmdline(host, program);
	/* Kernel threads descend from kthreadd, pid 2. */
	if (!program->cmdline[0] && (program->ppid == 2 || program->pid == 2))
		return false;
	read_ids(host, program);
	started_s = start_ticks / ticks_per_s;
	program->age_s = uptime_s > started_s ? uptime_s - started_s : 0;
	return true;
}

static int compare_pids(const void *left, const void *right)
{
	const struct program *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static uint64_t read_uptime_s(const struct host *host)
{
	uint64_t uptime_s;

	return host_read_u64(host, "proc/uptime", &uptime_s) ? uptime_s : 0;
}

int programs_load(const struct host *host, struct programs *programs_out)
{
	CLEANUP(pids) struct pids pids = { 0 };
	struct programs programs = { 0 };
	uint64_t uptime_s = read_uptime_s(host);
	int r = pids_read(host, "proc", &pids);

	if (r < 0)
		return r;
	programs.list = calloc(pids.n + 1, sizeof(*programs.list));
	if (!programs.list)
		abort();
	programs.truncated = pids.truncated || pids.n > PROGRAMS_MAX;
	for (size_t i = 0; i < pids.n && programs.n < PROGRAMS_MAX; i++) {
		struct program *program = &programs.list[programs.n];

		*program = (struct program) { .pid = (pid_t)pids.list[i] };
		if (read_program(host, uptime_s, program))
			programs.n++;
	}
	*programs_out = programs;
	return 0;
}

void programs_cleanup(struct programs *programs)
{
	free(programs->list);
	*programs = (struct programs) { 0 };
}

const struct program *programs_find_pid(const struct programs *programs, pid_t pid)
{
	const struct program key = { .pid = pid };

	if (!programs->n)
		return NULL;
	return bsearch(&key, programs->list, programs->n, sizeof(key), compare_pids);
}

static bool is_named(const struct program *program, const char *name)
{
	size_t len = strcspn(program->cmdline, " :");
	const char *base = program->cmdline;

	if (strncmp(program->comm, name, 15) == 0 &&
	    (strlen(name) >= 15 || strlen(program->comm) == strlen(name)))
		return true;
	for (const char *at = base; at < program->cmdline + len; at++)
		if (*at == '/')
			base = at + 1;
	len -= (size_t)(base - program->cmdline);
	return len == strlen(name) && strncmp(base, name, len) == 0;
}

const struct program *programs_next(const struct programs *programs, const char *name,
				    const struct program *previous)
{
	size_t i = previous ? (size_t)(previous - programs->list) + 1 : 0;

	for (; i < programs->n; i++)
		if (is_named(&programs->list[i], name))
			return &programs->list[i];
	return NULL;
}

json_t *program_json(const struct program *program)
{
	json_t *json = json_pack("{s:i, s:o, s:o, s:I, s:I}", "pid", (int)program->pid, "comm",
				 json_text(program->comm, strlen(program->comm)), "cmdline",
				 json_text(program->cmdline, strlen(program->cmdline)), "uid",
				 (json_int_t)program->uid, "age_s", (json_int_t)program->age_s);

	if (!json)
		abort();
	return json;
}
