/* What an investigator asks the person at the terminal. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "cli/ask/session_internal.h"

#define PERSON_NS (300 * NS_PER_SEC) /* the investigator waits as long */

void session_close_call(struct session *session, json_int_t id)
{
	for (size_t i = 0; i < session->n_open; i++) {
		if (session->open[i] != id)
			continue;
		session->open[i] = session->open[--session->n_open];
		return;
	}
}

static int answer_question(const struct session *session, json_int_t id, const char *text,
			   struct error *err)
{
	CLEANUP(json) json_t *header = json_pack("{s:s, s:I}", "type", "person", "id", id);
	CLEANUP(json) json_t *clean = json_text(text, strlen(text));

	text = *text ? json_string_value(clean) : "Nobody can be asked now: go on without.";
	return frame_write(session->fd, header, text, strlen(text), err);
}

int session_hear_question(struct session *session, const json_t *data, struct error *err)
{
	uint64_t until_ns = clock_monotonic_ns() + PERSON_NS;
	const struct person_matter matter = {
		.kind = PERSON_QUESTION,
		.id = json_get_int(data, "id", 0),
		.words = json_incref((json_t *)(uintptr_t)data),
		.until_ns = until_ns < session->deadline_ns ? until_ns : session->deadline_ns,
	};

	return person_ask(&session->person, &matter) ? 0
						     : answer_question(session, matter.id, "", err);
}

/* A call that was refused at the terminal has its answer. */
static int refuse_change(struct session *session, json_int_t id, struct error *err)
{
	struct watcher *watcher = session->investigation->watcher;
	CLEANUP(json)
	json_t *header = json_pack("{s:s, s:I, s:i, s:f, s:s, s:s}", "type", "answer", "id", id,
				   "code", -EACCES, "elapsed_ms", 0.0, "error",
				   "the person at the terminal refused it", "outcome", "denied");

	session_close_call(session, id);
	if (watcher)
		watcher->call_ended(watcher, id, -EACCES, 0);
	return frame_write(session->fd, header, NULL, 0, err);
}

int session_hear_person(struct session *session, struct error *err)
{
	struct person_said said;
	int r;

	person_hear(&session->person, &said);
	if (said.kind == PERSON_QUESTION)
		return answer_question(session, said.id, said.text, err);
	r = wanted_decide(&session->wanted, &said, err);
	return r == 1 ? refuse_change(session, said.id, err) : r;
}

void session_show(struct session *session)
{
	struct watcher *watcher = session->investigation->watcher;
	bool is_busy = person_is_busy(&session->person);

	if (watcher && is_busy)
		watcher->pause(watcher);
	else if (watcher)
		watcher->tick(watcher);
	person_show(&session->person);
}
