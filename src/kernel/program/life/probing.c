#include "kernel/program/life/probing_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "call/frame.h"
#include "kernel/program/life/steward_internal.h"

#define START_NS (3 * NS_PER_SEC)
#define SPARE_NS NS_PER_SEC  /* beyond the longest time of a probe */
#define ANSWER_NS NS_PER_SEC /* for its frame, however it comes */

static const struct timeval patience = { .tv_sec = 1 }; /* for a question */

/* --- who is asked -------------------------------------------------------------------------- */

static bool say(const struct steward *steward, char byte)
{
	return send(steward->fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

static void begin(struct steward *steward)
{
	struct probing *probing = &steward->probing;

	if (!say(steward, LAUNCHER_WANTS_PROBER))
		return;
	probing->state = PROBING_STARTS;
	probing->until_ns = guardian_now_ns() + START_NS;
}

static void end(struct steward *steward)
{
	fd_close(&steward->probing.fd);
	if (steward->probing.pid)
		(void)say(steward, LAUNCHER_PROBER_DONE);
	steward->probing.pid = 0;
	steward->probing.state = PROBING_IDLE;
}

/* Until the next check: to begin again at once would never end. */
static void give_up_due(struct steward *steward)
{
	bool was_due = false;

	for (size_t i = 0; i < steward->watch.n; i++) {
		was_due |= steward->watch.programs[i]->wants_probing;
		steward->watch.programs[i]->wants_probing = false;
	}
	if (was_due)
		log_warn("nobody could be started to try what programs' probes say");
}

void probing_take(struct steward *steward, int64_t value, int fd)
{
	struct probing *probing = &steward->probing;

	/* It was given up meanwhile. */
	if (probing->state != PROBING_STARTS && fd >= 0) {
		close(fd);
		if (probing->state == PROBING_IDLE)
			(void)say(steward, LAUNCHER_PROBER_DONE);
	}
	if (probing->state != PROBING_STARTS)
		return;
	if (fd < 0) {
		probing->state = PROBING_IDLE;
		give_up_due(steward);
		return;
	}
	probing->fd = fd;
	probing->pid = (pid_t)-value;
	probing->state = PROBING_READY;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

/* What a program does to a control group is seen only from inside. One that hands its controllers
 * to others takes no process; then it is asked from where we are. */
static void join(const json_t *program, pid_t pid)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	const json_t *one;
	char path[MANIFEST_TARGET_BYTES + 64], number[16];
	size_t i;

	text_format(number, sizeof(number), "%d", (int)pid);
	json_array_foreach(json_object_get(program, "programs"), i, one)
	{
		const struct program_type *type = program_type_find(json_get_text(one, "type", ""));
		const char *target = json_get_text(one, "target", "");

		if (!type || type->attach != ATTACH_CGROUP || target[0] != '/' || !target[1])
			continue;
		for (size_t j = 0; j < ARRAY_LEN(mounts); j++) {
			CLEANUP(fd) int fd = -1;

			text_format(path, sizeof(path), "%s%s/cgroup.procs", mounts[j], target);
			fd = open(path, O_WRONLY | O_CLOEXEC);
			if (fd >= 0 && write(fd, number, strlen(number)) > 0)
				return;
		}
	}
}

static int ask(struct steward *steward, const json_t *program, struct error *err)
{
	struct probing *probing = &steward->probing;
	CLEANUP(json)
	json_t *header = json_pack("{s:O}", "probes", json_object_get(program, "probes"));
	const json_t *item;
	int64_t longest_ms = 0, ms;
	size_t i;

	json_array_foreach(json_object_get(program, "probes"), i, item)
	{
		ms = json_get_int(item, "timeout_ms", PROBE_TIMEOUT_USUAL_MS);
		longest_ms = ms > longest_ms ? ms : longest_ms;
	}
	join(program, probing->pid);
	probing->state = PROBING_ASKED;
	probing->until_ns = guardian_now_ns() + (uint64_t)longest_ms * NS_PER_MS + SPARE_NS;
	return frame_write(probing->fd, header, NULL, 0, err);
}

/* As many as there are probes, or NULL. */
static json_t *read_answers(const struct steward *steward, const json_t *program, struct error *err)
{
	CLEANUP(frame) struct frame frame = { 0 };
	json_t *answers;

	if (frame_read_within(steward->probing.fd, ANSWER_NS, &frame, err) < 0)
		return NULL;
	answers = json_object_get(frame.header, "answers");
	if (json_array_size(answers) == json_array_size(json_object_get(program, "probes")))
		return json_incref(answers);
	error_set(err, -EBADMSG, "it gave no answer to some");
	return NULL;
}

/* --- before it comes ------------------------------------------------------------------------ */

static json_t *list_probes(const json_t *manifest, const json_t *limits)
{
	const json_t *lists[] = { json_object_get(limits, "own_probes"),
				  json_object_get(manifest, "probes") };
	json_t *probes = json_array(), *item, *copy;
	size_t i, j;

	for (size_t list = 0; list < ARRAY_LEN(lists); list++) {
		json_array_foreach(lists[list], i, item)
		{
			const char *text = json_get_text(item, "probe", "");

			/* The host's own words about one come before a manifest's. */
			for (j = 0; j < json_array_size(probes); j++)
				if (!strcmp(json_get_text(json_array_get(probes, j), "probe", ""),
					    text))
					break;
			if (j < json_array_size(probes))
				continue;
			copy = json_copy(item);
			json_put(copy, "timeout_ms",
				 json_integer(
					 json_get_int(item, "timeout_ms", PROBE_TIMEOUT_USUAL_MS)));
			json_push(probes, copy);
		}
	}
	return probes;
}

static json_t *await_answers(struct steward *steward, const json_t *program, struct error *err)
{
	struct probing *probing = &steward->probing;
	struct watched *checked = NULL;
	json_t *answers = NULL;

	/* A check that is under way is made again. */
	if (probing->state == PROBING_ASKED || probing->state == PROBING_READY) {
		checked = watch_find_id(&steward->watch, probing->id);
		if (checked)
			checked->wants_probing = true;
		end(steward);
	}
	if (probing->state == PROBING_IDLE)
		begin(steward);
	while (probing->state == PROBING_STARTS && steward->fd >= 0 &&
	       guardian_now_ns() < probing->until_ns) {
		(void)steward_hear_within(steward, 100);
	}
	if (probing->state != PROBING_READY)
		error_set(err, -ENOTSUP, "the launcher starts no process that could try them");
	else if (ask(steward, program, err) == 0) {
		struct pollfd word = { .fd = probing->fd, .events = POLLIN };
		uint64_t now_ns = guardian_now_ns();
		uint64_t left_ns = now_ns < probing->until_ns ? probing->until_ns - now_ns : 0;

		(void)poll(&word, 1, (int)(left_ns / NS_PER_MS));
		answers = read_answers(steward, program, err);
	}
	end(steward);
	return answers;
}

static void note_before(json_t *probe, const json_t *answer)
{
	double ms = json_get_number(answer, "ms", 0);
	double above_ms = json_get_number(probe, "above_ms", 0);
	const char *error = json_get_text(answer, "error", NULL);
	char slow[64];

	if (!error && above_ms > 0 && ms > above_ms) {
		text_format(slow, sizeof(slow), "answered after %.6g ms", ms);
		error = slow;
	}
	if (error)
		json_put(probe, "before_error", json_text(error, strlen(error)));
	else
		json_put(probe, "before_ms", json_figure(ms));
}

/* What it said when it came for the first time: who asks now asks through what did harm. */
static json_t *find_earlier(const struct steward *steward, const json_t *program)
{
	const char *sha256 = json_get_text(program, "sha256", "");
	const json_t *list = journal_programs(&steward->journal);
	json_t *probes;

	for (size_t i = json_array_size(list); i-- > 0;) {
		probes = json_object_get(json_array_get(list, i), "probes");
		if (probes && !strcmp(json_get_text(json_array_get(list, i), "sha256", ""), sha256))
			return probes;
	}
	return NULL;
}

int probing_prepare(struct steward *steward, json_t *program, const json_t *manifest,
		    const json_t *limits, bool returns, struct error *err)
{
	CLEANUP(json) json_t *probes = NULL;
	CLEANUP(json) json_t *answers = NULL;
	json_t *earlier = returns ? find_earlier(steward, program) : NULL, *probe;
	struct health health;
	size_t i;

	if (!returns && limits_check_probes(limits, json_object_get(manifest, "probes"), err) < 0)
		return err->code;
	probes = list_probes(returns ? NULL : manifest, limits);
	if (earlier)
		json_put(program, "probes", json_incref(earlier));
	else if (json_array_size(probes) && !returns)
		json_put(program, "probes", json_incref(probes));
	/* All of it is the loader's word, who has met foreign bytes. */
	if (health_parse(program, NULL, &health, err) < 0)
		return error_wrap(err, "what '%s' is watched by",
				  json_get_text(program, "name", ""));
	/* To come back needs nobody's answer. */
	if (!json_array_size(probes) || returns)
		return 0;
	answers = await_answers(steward, program, err);
	if (!answers)
		return error_wrap(err, "the probes of '%s' cannot be tried",
				  json_get_text(program, "name", ""));
	json_array_foreach(probes, i, probe)
	{
		note_before(probe, json_array_get(answers, i));
	}
	return 0;
}

/* --- while it is there ------------------------------------------------------------------------ */

void probing_note_due(struct steward *steward)
{
	for (size_t i = 0; i < steward->watch.n; i++)
		steward->watch.programs[i]->wants_probing =
			steward->watch.programs[i]->health.n_probes > 0;
}

static struct watched *find_due(const struct watch *watch)
{
	for (size_t i = 0; i < watch->n; i++)
		if (watch->programs[i]->wants_probing)
			return watch->programs[i];
	return NULL;
}

static void ask_due(struct steward *steward)
{
	struct watched *watched = find_due(&steward->watch);
	const json_t *program = watched ? journal_find(&steward->journal, watched->id) : NULL;
	struct error err = { 0 };

	if (watched)
		watched->wants_probing = false;
	steward->probing.id = watched ? watched->id : 0;
	if (!program || ask(steward, program, &err) < 0)
		end(steward);
}

uint64_t probing_tend(struct steward *steward)
{
	struct probing *probing = &steward->probing;

	if (probing->state != PROBING_IDLE && guardian_now_ns() >= probing->until_ns) {
		log_warn("what a program's probes say was not to be had");
		end(steward);
	}
	if (probing->state == PROBING_IDLE && find_due(&steward->watch))
		begin(steward);
	if (probing->state == PROBING_READY)
		ask_due(steward);
	return probing->state == PROBING_IDLE ? UINT64_MAX : probing->until_ns;
}

void probing_read(struct steward *steward)
{
	uint64_t id = steward->probing.id;
	const json_t *program = journal_find(&steward->journal, id);
	struct watched *watched = watch_find_id(&steward->watch, id);
	CLEANUP(json) json_t *answers = NULL;
	struct error err = { 0 };

	if (steward->probing.state == PROBING_ASKED)
		answers = read_answers(steward, program, &err);
	end(steward);
	if (answers && watched)
		judge_probes(watched, answers);
	else if (!answers)
		log_warn("what a program's probes say was not to be had: %s", err.text);
}

json_t *probing_describe(const json_t *program, const struct watched *watched)
{
	json_t *probes = json_deep_copy(json_object_get(program, "probes")), *probe;
	size_t i;

	if (watched && watched->is_probed)
		json_array_foreach(probes, i, probe)
		{
			const struct probed *last = &watched->probed[i];

			if (i >= HEALTH_MAX_PROBES)
				break;
			if (last->error[0])
				json_put(probe, "last_error",
					 json_text(last->error, strlen(last->error)));
			else
				json_put(probe, "last_ms", json_figure(last->ms));
		}
	return probes;
}
