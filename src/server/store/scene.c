#include "server/store/scene.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scan.h"
#include "base/test.h"

#define PATIENCE_NS (20 * NS_PER_SEC)

bool scene_is_postgresql(void)
{
	return getenv("STORE_TEST_DATABASE") != NULL;
}

void scene_require_walls(void)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) < 0 && errno != EFAULT)
		SKIP("no system call filters here");
}

static void handle_changed(enum store_state state, const struct error *err, void *data)
{
	struct scene *scene = data;

	scene->state = state;
	scene->n_changes++;
	scene->why = err ? *err : (struct error) { 0 };
	event_base_loopbreak(scene->base);
}

static void handle_told(const char *notice, void *data)
{
	struct scene *scene = data;

	if (scene->told)
		scene->told(notice, scene->told_data);
}

/* The executables lie beside the tests. */
static void find_executables(char folder[4096])
{
	ssize_t len = readlink("/proc/self/exe", folder, 4095);
	char *slash;

	CHECK(len > 0);
	folder[len] = '\0';
	slash = strrchr(folder, '/');
	*slash = '\0';
}

static void spin(struct scene *scene, uint64_t end_ns)
{
	const struct timeval look = { 0, 50000 };

	if (clock_monotonic_ns() > end_ns)
		FAIL("nothing happens: %s", scene->why.text);
	(void)event_base_loopexit(scene->base, &look);
	(void)event_base_dispatch(scene->base);
}

void scene_start(struct scene *scene)
{
	char executables[4096];
	struct error err = { 0 };
	uint64_t end_ns = clock_monotonic_ns() + PATIENCE_NS;

	(void)signal(SIGPIPE, SIG_IGN);
	find_executables(executables);
	scene->state = STORE_STARTING;
	scene->n_changes = 0;
	scene->store = store_new(scene->base,
				 &(struct store_config) { .database = scene->database,
							  .executables = executables,
							  .changed = handle_changed,
							  .told = handle_told,
							  .data = scene },
				 &err);
	if (!scene->store)
		FAIL("%s", err.text);
	while (scene->n_changes == 0)
		spin(scene, end_ns);
}

void scene_stop(struct scene *scene)
{
	store_free(scene->store);
	scene->store = NULL;
}

void scene_wait_state(struct scene *scene, enum store_state state)
{
	uint64_t end_ns = clock_monotonic_ns() + PATIENCE_NS;

	while (scene->state != state)
		spin(scene, end_ns);
}

static void make_orgs(struct scene *scene)
{
	static const char sql[] = "INSERT INTO orgs (id, name, customer_id, created, quota_agents, "
				  "quota_calls) VALUES ($1, $1, $1, 0, 10, 10)";
	const struct store_value org[] = { store_text(scene->org) };
	const struct store_value other[] = { store_text(scene->other_org) };
	const struct store_step steps[] = {
		{ sql, org, 1, STORE_SOME },
		{ sql, other, 1, STORE_SOME },
	};
	struct answer answer = scene_run(
		scene, &(struct store_batch) { STORE_EVERY_ORG, steps, ARRAY_LEN(steps), 0 });

	CHECK_TEXT(answer.text, "");
}

void scene_open(struct scene *scene)
{
	static unsigned n;

	scene_require_walls();
	*scene = (struct scene) { .base = event_base_new() };
	n++;
	text_format(scene->folder, sizeof(scene->folder), "%s/constable-test.XXXXXX",
		    getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	CHECK(mkdtemp(scene->folder));
	text_format(scene->database, sizeof(scene->database), "%s/store.db", scene->folder);
	if (scene_is_postgresql())
		text_format(scene->database, sizeof(scene->database), "%s",
			    getenv("STORE_TEST_DATABASE"));
	text_format(scene->org, sizeof(scene->org), "acme-%u-%d", n, getpid());
	text_format(scene->other_org, sizeof(scene->other_org), "other-%u-%d", n, getpid());
	scene_start(scene);
	CHECK_TEXT(scene->why.text, "");
	CHECK_INT(scene->state, STORE_READY);
	make_orgs(scene);
}

static void remove_folder(const char *path)
{
	DIR *folder = opendir(path);

	CHECK(folder);
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
		(void)unlinkat(dirfd(folder), entry->d_name, 0);
	(void)closedir(folder);
	(void)rmdir(path);
}

void scene_close(struct scene *scene)
{
	scene_stop(scene);
	event_base_free(scene->base);
	remove_folder(scene->folder);
}

static void print_value(struct answer *answer, const struct store_value *value)
{
	size_t len = strlen(answer->rows), size = sizeof(answer->rows) - len;
	char *end = answer->rows + len;

	if (value->kind == STORE_INT)
		text_format(end, size, "%" PRId64 " ", value->integer);
	else
		text_format(end, size, "%s ",
			    value->kind == STORE_TEXT ? value->text.data : "NULL");
}

void scene_handle_done(const struct store_result *result, const struct error *err, void *data)
{
	struct answer *answer = data;

	CHECK(!result != !err);
	answer->n_done++;
	if (err) {
		answer->code = err->code;
		text_format(answer->text, sizeof(answer->text), "%s", err->text);
		return;
	}
	for (unsigned i = 0; i < result->n_steps; i++) {
		const struct store_rows *rows = &result->steps[i];

		for (unsigned n = 0; n < rows->n_rows * rows->n_columns; n++)
			print_value(answer, &rows->values[n]);
		answer->n_rows = rows->n_rows;
		answer->n_changed = rows->n_changed;
	}
}

void scene_wait(struct scene *scene, const struct answer *answer)
{
	uint64_t end_ns = clock_monotonic_ns() + PATIENCE_NS;

	while (answer->n_done == 0) {
		if (clock_monotonic_ns() > end_ns)
			FAIL("no answer: %s", scene->why.text);
		(void)event_base_loop(scene->base, EVLOOP_ONCE);
	}
}

struct answer scene_run(struct scene *scene, const struct store_batch *batch)
{
	struct answer answer = { 0 };

	(void)store_submit(scene->store, batch, scene_handle_done, &answer);
	CHECK_INT(answer.n_done, 0);
	scene_wait(scene, &answer);
	return answer;
}

struct answer scene_query(struct scene *scene, const char *org, const struct store_step *step)
{
	return scene_run(scene, &(struct store_batch) { .org = org, .steps = step, .n_steps = 1 });
}

static bool is_child(const char *pid)
{
	char path[300], line[512] = "", state;
	const char *at;
	uint64_t parent;
	FILE *file;

	text_format(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	at = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	(void)fclose(file);
	if (!at || !strstr(line, "(constable-store"))
		return false;
	at += 2;
	state = *at++;
	return state != 'Z' && scan_u64(&at, &parent) && (pid_t)parent == getpid();
}

pid_t scene_child(void)
{
	DIR *proc = opendir("/proc");
	pid_t found = 0;

	CHECK(proc);
	for (struct dirent *entry = readdir(proc); entry && !found; entry = readdir(proc))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_child(entry->d_name))
			found = (pid_t)strtol(entry->d_name, NULL, 10);
	(void)closedir(proc);
	return found;
}

struct store_step scene_event(const struct store_value params[5])
{
	return (struct store_step) {
		"INSERT INTO events (org, seq, time, kind, data) VALUES ($1, $2, $3, $4, $5)",
		params, 5, STORE_SOME
	};
}

int64_t scene_count(struct scene *scene, const char *kind)
{
	const struct store_value params[] = { store_text(scene->org), store_text(kind) };
	const struct store_step step = { "SELECT COUNT(*) FROM events WHERE org = $1 AND kind = $2",
					 params, 2, STORE_SOME };
	struct answer answer = scene_query(scene, scene->org, &step);
	const char *at = answer.rows;
	int64_t n = -1;

	CHECK_TEXT(answer.text, "");
	CHECK(scan_i64(&at, &n));
	return n;
}
