/* What is changed of a program while it is attached, by a call: see steward.h. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/step.h"
#include "kernel/program/life/kept_internal.h"
#include "kernel/program/life/live.h"

static void set_members(json_t *args, const char *member, const json_t *changes)
{
	json_t *present = json_object_get(args, member);

	if (!json_object_size(changes))
		return;
	if (!json_is_object(present)) {
		present = json_object();
		json_put(args, member, present);
	}
	(void)json_object_update(present, (json_t *)(uintptr_t)changes);
}

void steward_count_lists(json_t *program, const json_t *lists)
{
	const char *name;
	json_t *items, *counts = json_object();

	json_object_foreach((json_t *)lists, name, items)
	{
		json_put(counts, name, json_integer((json_int_t)json_array_size(items)));
	}
	json_put(program, "lists", counts);
}

/* What was applied is what it is now: it comes back so, and a steward that dies goes on so. */
static void note(json_t *program, const json_t *args)
{
	const json_t *params = json_object_get(args, "params");

	if (json_is_object(params))
		json_put(program, "params", json_incref((json_t *)(uintptr_t)params));
	steward_count_lists(program, json_object_get(args, "lists"));
	(void)json_object_del(program, "changing");
}

static int carry_out(const struct live *live, const json_t *params, const json_t *lists,
		     struct error *err)
{
	/* What is likelier to be refused comes first. */
	return live_set_lists(live, lists, err) < 0 ? err->code
						    : live_set_params(live, params, err);
}

/* Only those that 'changes' names, as they were. */
static json_t *select_old(const json_t *old, const json_t *changes)
{
	json_t *selected = json_object(), *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)changes, name, value)
	{
		json_t *was = json_object_get(old, name);

		json_put(selected, name, was ? json_incref(was) : json_array());
	}
	return selected;
}

/* Lists: parameters are written last, and in one piece. */
static void undo(struct steward *steward, const struct live *live, json_t *program,
		 const json_t *kept, const json_t *lists)
{
	CLEANUP(json) json_t *old = select_old(json_object_get(kept, "lists"), lists);
	struct error err = { 0 };

	if (live_set_lists(live, old, &err) < 0)
		log_error("%s", err.text);
	err = (struct error) { 0 };
	if (kept_replace(steward, program, kept, &err) < 0)
		log_error("%s", err.text);
	err = (struct error) { 0 };
	(void)json_object_del(program, "changing");
	if (journal_save(&steward->journal, &err) < 0)
		log_error("%s", err.text);
}

/* What comes back goes to the loader in one piece. */
static int check_return(const struct steward *steward, const json_t *program, const json_t *wanted,
			struct error *err)
{
	CLEANUP(limits) struct limits limits = { 0 };
	CLEANUP(trust) struct trust ignored = { 0 };
	CLEANUP(json) json_t *document = NULL;
	struct load_request request = {
		.name = json_get_text(program, "name", ""),
		.version = json_get_text(program, "version", ""),
		.targets = json_object_get(wanted, "targets"),
		.params = json_object_get(wanted, "params"),
		.lists = json_object_get(wanted, "lists"),
	};

	if (limits_load(steward->config->limits, &limits, &ignored, err) < 0)
		return err->code;
	document = limits_for_loader(&limits);
	request.limits = document;
	return load_fits(&request, err);
}

static int change(struct steward *steward, const struct live *live, json_t *program,
		  const json_t *args, struct error *err)
{
	const json_t *params = json_object_get(args, "params");
	const json_t *lists = json_object_get(args, "lists");
	CLEANUP(json) json_t *kept = kept_load(steward, json_get_int(program, "id", 0), err);
	CLEANUP(json) json_t *wanted = json_deep_copy(kept);

	if (!kept)
		return error_wrap(err, "what was applied of it is not there to be changed");
	set_members(wanted, "params", params);
	set_members(wanted, "lists", lists);
	if (check_return(steward, program, wanted, err) < 0)
		return err->code;
	json_put(program, "changing", json_true());
	if (journal_save(&steward->journal, err) < 0 ||
	    kept_replace(steward, program, wanted, err) < 0) {
		(void)json_object_del(program, "changing");
		return err->code;
	}
	step_reached("program-changing");
	if (carry_out(live, params, lists, err) < 0) {
		undo(steward, live, program, kept, lists);
		return err->code;
	}
	step_reached("program-changed");
	note(program, wanted);
	return journal_save(&steward->journal, err) < 0
		       ? error_wrap(err, "'%s' is changed, but", json_get_text(program, "name", ""))
		       : 0;
}

json_t *steward_tune(struct steward *steward, const json_t *args, struct error *err)
{
	const char *name = json_get_text(args, "name", "");
	json_t *program = journal_find_live(&steward->journal, name, NULL);
	const json_t *params = json_object_get(args, "params");
	const json_t *lists = json_object_get(args, "lists");
	CLEANUP(live) struct live live = { 0 };

	if (!program || !program_state_is_attached(journal_state(program)))
		error_set(err, -ENOENT, "no program '%.63s' is attached on this host", name);
	else if (!json_object_size(params) && !json_object_size(lists))
		error_set(err, -EINVAL, "there is nothing to change of '%s'", name);
	else if (!json_object_get(program, "live"))
		error_set(err, -ENOTSUP,
			  "'%s' was attached by a version that cannot change it: "
			  "apply it anew",
			  name);
	if (err->code || live_check_params(json_object_get(program, "live"), params, err) < 0 ||
	    live_open(steward, program, &live, err) < 0 ||
	    live_check_lists(&live, lists, err) < 0 ||
	    change(steward, &live, program, args, err) < 0)
		return NULL;
	return steward_describe(steward, program);
}

static int finish(struct steward *steward, json_t *program, struct error *err)
{
	CLEANUP(json) json_t *kept = kept_load(steward, json_get_int(program, "id", 0), err);
	CLEANUP(live) struct live live = { 0 };

	if (!kept || live_open(steward, program, &live, err) < 0 ||
	    carry_out(&live, json_object_get(kept, "params"), json_object_get(kept, "lists"), err) <
		    0)
		return err->code;
	note(program, kept);
	return journal_save(&steward->journal, err);
}

void steward_finish_tuning(struct steward *steward, json_t *program)
{
	struct error err = { 0 };

	if (json_object_get(program, "changing") && finish(steward, program, &err) < 0)
		log_error("what was being changed of '%s': %s", json_get_text(program, "name", ""),
			  err.text);
}
