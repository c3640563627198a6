/* What the registry wants beside what is there: one call to the warden after the other. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/registry/registry_internal.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/step.h"

#define RESULT_MAX_BYTES (4 * MIB)
#define MAX_CALLS (4 * WISH_MAX) /* in a row */

static int64_t wall_s(void)
{
	return (int64_t)(clock_wall_ns() / NS_PER_SEC);
}

/* --- what is there -------------------------------------------------------------------------- */

static const json_t *find_program(const json_t *programs, int64_t id)
{
	const json_t *program;
	size_t i;

	json_array_foreach(programs, i, program)
	{
		if (json_get_int(program, "id", -1) == id)
			return program;
	}
	return NULL;
}

/*
 * What was put there for the registry, and is the kernel's still; or NULL. A rollback brings back
 * what was there before by another id, so what tells is that it came under that name once.
 */
static const json_t *find_attached(const json_t *programs, const char *name, const json_t *record)
{
	const json_t *program, *sha256s = json_object_get(record, "sha256s");
	size_t i;

	json_array_foreach(programs, i, program)
	{
		if (json_object_get(program, "ttl_remaining_s") &&
		    strcmp(json_get_text(program, "name", ""), name) == 0 &&
		    (json_get_int(program, "id", -1) == json_get_int(record, "program", -2) ||
		     records_has(sha256s, json_get_text(program, "sha256", "-"))))
			return program;
	}
	return NULL;
}

/* Of a program that came, in seconds; the registry's own, or the manifest's. */
static int64_t seconds_left(const json_t *record)
{
	return json_get_int(record, "applied_s", 0) + json_get_int(record, "ttl_s", 0) - wall_s();
}

/* --- a call --------------------------------------------------------------------------------- */

static void look(struct registry *registry);

static void end(struct registry *registry)
{
	registry->is_settling = false;
	registry_make_last(registry);
	if (TAKE(registry->is_again))
		registry_settle(registry);
}

/* Takes 'args' over. */
static void call(struct registry *registry, const char *tool, json_t *args, warden_done *done)
{
	CLEANUP(json) json_t *owned = args;
	CLEANUP(text) char *text = json_canonical(owned);
	json_t *header = json_pack("{s:s, s:s, s:s, s:s*}", "type", "call", "tool", tool, "client",
				   "registry", "nonce", registry_nonce(registry, tool));

	registry->tool = tool;
	/* It comes up again, or the next poll does. */
	if (registry->n_calls++ > MAX_CALLS) {
		json_decref(header);
		end(registry);
	} else if (warden_ask(registry->agent->warden, header, text, done, registry) < 0) {
		end(registry);
	}
}

/* NULL with 'why' where it did not go well. */
static json_t *result_of(const struct frame *answer, const struct error *err, struct error *why)
{
	const char *sentence = "";
	int code = err ? err->code : warden_code(answer, &sentence);

	if (code == 0)
		return json_parse(answer->body, answer->n_body, RESULT_MAX_BYTES, why);
	error_set(why, code, "%s", err ? err->text : sentence);
	return NULL;
}

static const json_t *approval_of(const struct frame *answer)
{
	return answer ? json_object_get(answer->header, "approval") : NULL;
}

/* Whatever the registry wants by now: what it does not is taken away again. */
static void note_applied(struct registry *registry, const json_t *wish, const json_t *result,
			 int64_t applied_s)
{
	const char *key = json_get_text(wish, "key", "");
	json_t *record = records_note(registry, json_get_text(wish, "sha256", ""));
	bool is_rest = records_same(record, wish, "key");

	if (!is_rest) {
		json_put(record, "key", json_string(key));
		json_put(record, "applied_s", json_integer(applied_s));
		json_put(record, "ttl_s", json_integer(json_get_int(result, "ttl_s", 0)));
	}
	given_note(record, wish);
	json_put(record, "version", json_string(json_get_text(result, "version", "")));
	json_put(record, "program", json_integer(json_get_int(result, "id", -1)));
	registry_save_records(registry);
	step_reached("registry-recorded");
	records_no_longer_expect(registry, registry->subject);
	registry_forget_retry(registry, REGISTRY_COMES, registry->subject);
}

static void handle_applied(const struct frame *answer, const struct error *err, void *data)
{
	struct registry *registry = data;
	struct error why = { 0 };
	CLEANUP(json) json_t *result = result_of(answer, err, &why);
	const char *name = json_get_text(result, "name", "");

	step_reached("registry-answered");
	if (result && strcmp(name, registry->subject) == 0) {
		log_info("the program '%s' %s is %s, as the registry wants it", name,
			 json_get_text(result, "version", ""), json_get_text(result, "state", ""));
		note_applied(registry, registry->applying, result, wall_s());
	} else {
		if (result)
			error_set(&why, -EBADMSG, "what was attached calls itself '%s'", name);
		if (!err) /* without an answer it may have come nevertheless */
			records_no_longer_expect(registry, registry->subject);
		registry_put_off(registry, REGISTRY_COMES, &why, approval_of(answer));
	}
	look(registry);
}

/* It keeps the time that it has left. */
static void note_changed(struct registry *registry, json_t *record, const json_t *result)
{
	const json_t *wish = registry->applying;

	log_info("the program '%s' %s has what the registry gives it now", registry->subject,
		 json_get_text(result, "version", ""));
	json_put(record, "key", json_string(json_get_text(wish, "key", "")));
	given_note(record, wish);
	registry_save_records(registry);
	registry_forget_retry(registry, REGISTRY_COMES, registry->subject);
}

/* What cannot change in place, or may not, comes anew. */
static void handle_changed(const struct frame *answer, const struct error *err, void *data)
{
	struct registry *registry = data;
	struct error why = { 0 };
	CLEANUP(json) json_t *result = result_of(answer, err, &why);
	json_t *record = json_object_get(registry->records, registry->subject);

	if (result && record)
		note_changed(registry, record, result);
	else if (!result && (err || approval_of(answer) || registry_is_passing(why.code)))
		registry_put_off(registry, REGISTRY_COMES, &why, approval_of(answer));
	else if (record)
		given_note_refused(record, registry->applying);
	look(registry);
}

static void handle_removed(const struct frame *answer, const struct error *err, void *data)
{
	struct registry *registry = data;
	struct error why = { 0 };
	CLEANUP(json) json_t *result = result_of(answer, err, &why);

	step_reached("registry-gone");
	if (!result) {
		registry_put_off(registry, REGISTRY_GOES, &why, approval_of(answer));
	} else {
		registry_forget_retry(registry, REGISTRY_GOES, registry->subject);
		(void)json_object_del(registry->records, registry->subject);
		registry_save_records(registry);
		log_info("the program '%s' is gone, as the registry wants it", registry->subject);
	}
	look(registry);
}

/* --- what is to be done --------------------------------------------------------------------- */

static void put_member(json_t *args, const char *member, const json_t *wish)
{
	json_t *value = json_object_get(wish, member);

	if (value)
		json_put(args, member, json_incref(value));
}

static void apply(struct registry *registry, const json_t *programs, const json_t *wish,
		  int64_t rest_s)
{
	CLEANUP(buf) struct buf archive = { 0 };
	CLEANUP(text) char *text = NULL;
	struct error err = { 0 };
	json_t *args;

	buf_init(&archive, REGISTRY_ARCHIVE_MAX_BYTES);
	if (registry_load_archive(registry, json_get_text(wish, "sha256", ""), &archive, &err) <
	    0) {
		err.code = -EAGAIN;
		registry_put_off(registry, REGISTRY_COMES, &err, NULL);
		look(registry);
		return;
	}
	text = base64_text(buf_text(&archive), archive.len);
	args = json_pack("{s:s}", "artifact", text);
	put_member(args, "release", wish);
	put_member(args, "signature", wish);
	put_member(args, "params", wish);
	put_member(args, "targets", wish);
	put_member(args, "lists", wish);
	put_member(args, "ttl_s", wish);
	/* An approval is for the time that was asked for. */
	if (rest_s && registry_nonce(registry, "apply_program"))
		rest_s = json_get_int(registry_retry(registry, REGISTRY_COMES, registry->subject),
				      "rest_s", rest_s);
	registry->rest_s = rest_s;
	if (rest_s)
		json_put(args, "ttl_s", json_integer(rest_s));
	records_expect(registry, wish, programs);
	call(registry, "apply_program", args, handle_applied);
}

/* Of what is there as the registry wanted it, and is no canary that was watched with what it has.
 */
static json_t *changes_of(const json_t *program, const json_t *record, const json_t *wish)
{
	if (!json_object_get(program, "ttl_remaining_s") ||
	    strcmp(json_get_text(program, "state", ""), "ACTIVE") != 0)
		return NULL;
	return given_changes(record, wish);
}

/* False where nothing is to be done about it. */
static bool settle_wish(struct registry *registry, const json_t *programs, const json_t *wish)
{
	const char *name = json_get_text(wish, "name", "");
	const json_t *record = json_object_get(registry->records, name);
	const json_t *program = find_program(programs, json_get_int(record, "program", -2));
	bool is_known = records_same(record, wish, "key");
	bool is_lost = is_known && program && json_get_bool(program, "lost", false) &&
		       seconds_left(record) > 0;
	CLEANUP(json) json_t *changes = NULL;

	if (json_object_get(wish, "why") || (is_known && !is_lost) ||
	    registry_is_to_wait(registry, REGISTRY_COMES, name) ||
	    !registry_has_archive(registry, json_get_text(wish, "sha256", "")))
		return false;
	text_copy(registry->subject, sizeof(registry->subject), name);
	json_decref(registry->applying);
	registry->applying = json_incref((json_t *)(uintptr_t)wish);
	/* What waits for a yes goes on as it was asked for. */
	if (!registry_nonce(registry, "apply_program"))
		changes = changes_of(program, record, wish);
	if (changes)
		call(registry, "set_program_params", TAKE(changes), handle_changed);
	else
		apply(registry, programs, wish, is_lost ? seconds_left(record) : 0);
	return true;
}

/*
 * What comes in its place is to take it itself, without a gap, and leaves it where it is if it is
 * refused; but what was revoked ends, and what the registry has gone back from, though hosts take
 * nothing that is older.
 */
static bool is_to_go(const struct registry *registry, const char *name, const json_t *attached)
{
	return !registry_wish(registry, name) ||
	       json_get_bool(registry_retry(registry, REGISTRY_COMES, name), "is_older", false) ||
	       records_has(registry->revoked, json_get_text(attached, "sha256", "-"));
}

/* Of what has ended only the record is left. False where nothing is to be done about it. */
static bool settle_record(struct registry *registry, const json_t *programs, const char *name,
			  const json_t *record)
{
	const json_t *attached = find_attached(programs, name, record);

	if (!is_to_go(registry, name, attached))
		return false;
	if (attached) {
		if (registry_is_to_wait(registry, REGISTRY_GOES, name))
			return false;
		text_copy(registry->subject, sizeof(registry->subject), name);
		call(registry, "remove_program", json_pack("{s:s}", "name", name), handle_removed);
		return true;
	}
	if (registry_wish(registry, name))
		return false;
	(void)json_object_del(registry->records, name);
	registry_save_records(registry);
	return false;
}

/* Its time began when it was asked for. */
static void note_come(struct registry *registry, const json_t *programs)
{
	const char *name;
	json_t *coming;
	void *next;

	json_object_foreach_safe(registry->coming, next, name, coming)
	{
		CLEANUP(json) json_t *owned = json_incref(coming);
		const json_t *program = records_find_come(owned, name, programs);

		text_copy(registry->subject, sizeof(registry->subject), name);
		if (program) {
			log_info("the program '%s' %s came without the agent's knowledge; it is %s",
				 registry->subject, json_get_text(program, "version", ""),
				 json_get_text(program, "state", ""));
			note_applied(registry, owned, program, json_get_int(owned, "at_s", 0));
		} else if (!registry_wish(registry, registry->subject)) {
			records_no_longer_expect(registry, registry->subject);
		}
	}
}

static bool settle_next(struct registry *registry, const json_t *programs)
{
	const json_t *wish;
	const char *name;
	json_t *record;
	void *next;
	size_t i;

	registry_forget_changed(registry);
	note_come(registry, programs);
	json_object_foreach_safe(registry->records, next, name, record)
	{
		if (settle_record(registry, programs, name, record))
			return true;
	}
	json_array_foreach(registry->wishes, i, wish)
	{
		if (settle_wish(registry, programs, wish))
			return true;
	}
	return false;
}

static void handle_list(const struct frame *answer, const struct error *err, void *data)
{
	struct registry *registry = data;
	struct error why = { 0 };
	CLEANUP(json) json_t *result = result_of(answer, err, &why);

	if (!result)
		log_warn("the registry cannot know what is attached: %s", why.text);
	if (!result || !settle_next(registry, json_object_get(result, "programs")))
		end(registry);
}

static void look(struct registry *registry)
{
	call(registry, "list_programs", json_object(), handle_list);
}

void registry_settle(struct registry *registry)
{
	if (!registry->wishes)
		return;
	if (!warden_is_up(registry->agent->warden)) {
		registry_make_last(registry);
		return;
	}
	if (registry->is_settling) {
		registry->is_again = true;
		return;
	}
	registry->is_settling = true;
	registry->n_calls = 0;
	look(registry);
}
