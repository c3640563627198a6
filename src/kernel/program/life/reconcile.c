#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "kernel/program/life/kept_internal.h"
#include "kernel/program/life/steward_internal.h"

struct held {
	struct guardian_item *items;
	size_t n;
};

static void held_cleanup(struct held *held)
{
	guardian_list_free(held->items, held->n);
}

static const struct guardian_item *find_link(const struct held *held, const json_t *program)
{
	return guardian_find(held->items, held->n, (uint64_t)json_get_int(program, "id", 0),
			     GUARDIAN_LINK, 0);
}

/* That program's rollback, or the first one for NULL, that was begun and has not ended. */
static json_t *find_unfinished(const struct steward *steward, const json_t *program)
{
	json_t *rollback;
	size_t i;

	json_array_foreach(journal_rollbacks(&steward->journal), i, rollback)
	{
		if (strcmp(json_get_text(rollback, "status", ""), "in_progress") == 0 &&
		    (!program ||
		     json_get_int(rollback, "id", 0) == json_get_int(program, "id", -1)))
			return rollback;
	}
	return NULL;
}

/* Whether a replacement had begun is not known: each link is given its own program again. */
static void give_back(const struct held *held, const json_t *program)
{
	uint64_t id = (uint64_t)json_get_int(program, "replaces", 0);
	const struct guardian_item *link;

	for (uint32_t i = 0;
	     id && (link = guardian_find(held->items, held->n, id, GUARDIAN_LINK, i)); i++) {
		const struct guardian_item *owner = guardian_find(
			held->items, held->n, id, GUARDIAN_PROGRAM, link->record.owner);

		if (owner)
			(void)link_update(link->fd, owner->fd);
	}
}

/* A replacement that was interrupted may have left it a shorter time. */
static int stay(struct steward *steward, const struct guardian_item *link, json_t *program,
		struct error *err)
{
	uint64_t lease_ns = (uint64_t)json_get_int(program, "lease_ns", 0);

	if (journal_intent(program) == PROGRAM_ACTIVE)
		return steward_activate(steward, program, err);
	return link->record.expires_ns == lease_ns
		       ? 0
		       : guardian_renew(&steward->guardian, link->record.id, lease_ns, err);
}

static int settle_attached(struct steward *steward, const struct held *held, json_t *program,
			   struct error *err)
{
	bool is_over = guardian_now_ns() >= (uint64_t)json_get_int(program, "lease_ns", 0);
	const struct guardian_item *link = find_link(held, program);
	enum program_state intent = journal_intent(program);

	if (!program_state_is_attached(journal_state(program)) ||
	    (intent == PROGRAM_ROLLED_BACK && find_unfinished(steward, program)))
		return 0; /* see finish_rollbacks() */
	if (program_state_has_ended(intent) && intent != PROGRAM_N_STATES)
		return steward_end(steward, program, intent, "an interrupted end was carried out",
				   err);
	if (link) {
		steward_finish_tuning(steward, program);
		return stay(steward, link, program, err);
	}
	if (is_over)
		return steward_end(steward, program, PROGRAM_EXPIRED, "its time was over", err);
	json_put(program, "lost", json_true());
	return json_get_bool(program, "keeps", false)
		       ? steward_end(steward, program, PROGRAM_FAILED,
				     "whoever held it was killed too", err)
		       : steward_end(steward, program, PROGRAM_REMOVED,
				     "it ended with the agent, as it asks", err);
}

static int settle_coming(struct steward *steward, const struct held *held, json_t *program,
			 struct error *err)
{
	enum program_state state = journal_state(program);

	if (program_state_has_ended(state) || program_state_is_attached(state))
		return 0;
	give_back(held, program);
	return steward_end(steward, program, PROGRAM_FAILED, "its coming was interrupted", err);
}

/* What cannot be written now is when it can be, see steward_tend(). */
static int go_on(const struct steward *steward, int r, struct error *err)
{
	if (r == 0 || !steward->journal.is_behind)
		return r;
	log_error("%s", err->text);
	*err = (struct error) { 0 };
	return 0;
}

static int settle_each(struct steward *steward, const struct held *held,
		       int (*settle)(struct steward *steward, const struct held *held,
				     json_t *program, struct error *err),
		       struct error *err)
{
	json_t *program;
	size_t i;

	json_array_foreach(journal_programs(&steward->journal), i, program)
	{
		if (go_on(steward, settle(steward, held, program, err), err) < 0)
			return err->code;
	}
	return 0;
}

/* What came goes first: what is there has its links back then. */
static int settle_all(struct steward *steward, const struct held *held, struct error *err)
{
	return settle_each(steward, held, settle_coming, err) < 0 ||
			       settle_each(steward, held, settle_attached, err) < 0
		       ? err->code
		       : 0;
}

/* What no line of the journal knows to be attached. */
static int release_orphans(struct steward *steward, const struct held *held, struct error *err)
{
	for (size_t i = 0; i < held->n; i++) {
		uint64_t id = held->items[i].record.id;
		const json_t *program = journal_find(&steward->journal, id);

		if (program && program_state_is_attached(journal_state(program)))
			continue;
		if (guardian_release(&steward->guardian, id, err) < 0)
			return err->code;
	}
	return 0;
}

static int forget_all(struct steward *steward, struct error *err)
{
	json_t *program;
	size_t i;

	json_array_foreach(journal_programs(&steward->journal), i, program)
	{
		if (!program_state_has_ended(journal_state(program))) {
			if (program_state_is_attached(journal_state(program)))
				json_put(program, "lost", json_true());
			journal_set(program, PROGRAM_REMOVED, "the host was started again");
		}
		kept_forget(steward, json_get_int(program, "id", 0));
	}
	return go_on(steward, journal_save(&steward->journal, err), err);
}

/* What comes back takes a place in the list of programs, so none of it is borrowed here. */
static int finish_rollbacks(struct steward *steward, struct error *err)
{
	json_t *rollback;

	while ((rollback = find_unfinished(steward, NULL))) {
		CLEANUP(json) json_t *held = json_incref(rollback);

		if (go_on(steward, rollback_resume(steward, held, err), err) < 0)
			return err->code;
	}
	return 0;
}

/* It may end as we come, or be tired of a client that was stopped: then it still holds all. */
static int list_held(struct steward *steward, struct held *held, struct error *err)
{
	for (int n_tries = 0; n_tries < 2; n_tries++) {
		int r = guardian_connect(&steward->guardian, steward->socket, err);

		if (r < 0 || steward->guardian.fd < 0)
			return r;
		r = guardian_list(&steward->guardian, &held->items, &held->n, err);
		if (r != -EPIPE)
			return r;
		guardian_close(&steward->guardian);
		*err = (struct error) { 0 };
	}
	return 0;
}

int steward_reconcile(struct steward *steward, struct error *err)
{
	CLEANUP(held) struct held held = { 0 };

	if (journal_is_of_earlier_boot(&steward->journal) && forget_all(steward, err) < 0)
		return err->code;
	if (list_held(steward, &held, err) < 0 || settle_all(steward, &held, err) < 0 ||
	    finish_rollbacks(steward, err) < 0)
		return err->code;
	kept_tidy(steward);
	return release_orphans(steward, &held, err);
}
