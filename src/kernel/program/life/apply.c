#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/step.h"
#include "kernel/program/life/entrant_internal.h"
#include "kernel/program/life/kept_internal.h"
#include "kernel/program/life/verifier_log.h"

static void entrant_cleanup(struct entrant *entrant)
{
	buf_finish(&entrant->signature);
	buf_finish(&entrant->artifact);
	release_finish(&entrant->release);
	limits_finish(&entrant->limits);
	trust_finish(&entrant->trust);
	load_result_close(&entrant->loaded);
	json_decref(entrant->loader_says);
	guardian_list_free(entrant->held, entrant->n_held);
	fd_close(&entrant->loader_fd);
	if (entrant->loader > 0)
		loader_end(entrant->loader);
}

static int note(struct steward *steward, struct entrant *entrant, struct error *err)
{
	const struct release *release = &entrant->release;
	json_t *program = json_pack("{s:s, s:s, s:I, s:s, s:s}", "name", release->name, "version",
				    release->version, "seq", (json_int_t)release->seq, "sha256",
				    release->sha256, "key_id", release->key_id);

	entrant->before = journal_find_live(&steward->journal, release->name, NULL);
	entrant->before_state = journal_state(entrant->before);
	entrant->program = program;
	return journal_add(&steward->journal, program, err);
}

/* --- the verifier's run ------------------------------------------------------------------ */

static void copy_member(json_t *program, const json_t *manifest, const char *name)
{
	json_t *value = json_object_get(manifest, name);

	if (value)
		json_put(program, name, json_incref(value));
}

static int set_life(struct entrant *entrant, const json_t *args, struct error *err)
{
	const json_t *manifest = json_object_get(entrant->loader_says, "manifest");
	const json_t *ttl = json_object_get(manifest, "ttl");
	int64_t usual = json_get_int(ttl, "default_s", MANIFEST_DEFAULT_TTL_S);
	int64_t most = json_get_int(ttl, "max_s", usual);
	int64_t wanted = json_get_int(args, "ttl_s", usual);
	int64_t host = (int64_t)entrant->limits.max_ttl_s;
	int64_t canary = entrant->returns ? 0 : json_get_int(manifest, "canary_s", 0);
	const json_t *params = json_object_get(args, "params");

	if (wanted < 1 || wanted > most)
		return error_set(err, -ERANGE, "'%s' lives from 1 to %jd seconds, not %jd",
				 entrant->release.name, (intmax_t)most, (intmax_t)wanted);
	if (wanted > host)
		return error_set(err, -EACCES,
				 "this host lets no program live longer than %jd "
				 "seconds, not %jd",
				 (intmax_t)host, (intmax_t)wanted);
	if (wanted <= canary)
		return error_set(err, -ERANGE,
				 "'%s' is tried for %jd seconds first: it cannot live for %jd",
				 entrant->release.name, (intmax_t)canary, (intmax_t)wanted);
	/* Only now: the loader took no names and no numbers that its manifest does not have. */
	if (json_is_object(params))
		json_put(entrant->program, "params", json_incref((json_t *)params));
	steward_count_lists(entrant->program, json_object_get(args, "lists"));
	json_put(entrant->program, "ttl_s", json_integer(wanted));
	json_put(entrant->program, "canary_s", json_integer(canary));
	json_put(entrant->program, "keeps",
		 json_boolean(strcmp(json_get_text(manifest, "on_agent_death", ""), "keep") == 0));
	json_put(entrant->program, "programs",
		 json_incref(json_object_get(entrant->loader_says, "programs")));
	json_put(entrant->program, "maps",
		 json_incref(json_object_get(entrant->loader_says, "maps")));
	copy_member(entrant->program, entrant->loader_says, "live");
	copy_member(entrant->program, manifest, "counters");
	copy_member(entrant->program, manifest, "health");
	copy_member(entrant->program, manifest, "rollback");
	json_put(entrant->program, "map_memory_bytes",
		 json_integer(json_get_int(entrant->loader_says, "map_memory_bytes", 0)));
	return 0;
}

/* The maps of the one before, of which the new one may keep some. */
static int list_old_maps(const struct steward *steward, struct entrant *entrant,
			 struct load_map *maps, size_t *n_out, struct error *err)
{
	uint64_t id = (uint64_t)json_get_int(entrant->before, "id", 0);
	const json_t *names = json_object_get(entrant->before, "maps");

	*n_out = 0;
	if (!entrant->before || steward->guardian.fd < 0)
		return 0;
	if (guardian_list(&steward->guardian, &entrant->held, &entrant->n_held, err) < 0)
		return err->code;
	for (uint32_t i = 0; i < LOAD_MAX_MAPS && i < json_array_size(names); i++) {
		const struct guardian_item *item =
			guardian_find(entrant->held, entrant->n_held, id, GUARDIAN_MAP, i);

		if (item)
			maps[(*n_out)++] = (struct load_map) {
				json_string_value(json_array_get(names, i)),
				item->fd,
			};
	}
	return 0;
}

static int load(struct steward *steward, const json_t *args, struct entrant *entrant,
		char **log_out, struct error *err)
{
	CLEANUP(json) json_t *limits = limits_for_loader(&entrant->limits);
	struct load_map old_maps[LOAD_MAX_MAPS];
	struct load_request request = {
		.old_maps = old_maps,
		.name = entrant->release.name,
		.version = entrant->release.version,
		.limits = limits,
		.targets = json_object_get(args, "targets"),
		.params = json_object_get(args, "params"),
		.lists = json_object_get(args, "lists"),
		.returns = entrant->returns,
		.artifact = buf_text(&entrant->artifact),
		.n_artifact = entrant->artifact.len,
	};

	if (list_old_maps(steward, entrant, old_maps, &request.n_old_maps, err) < 0)
		return err->code;
	entrant->loader_fd = loader_start(steward, &entrant->loader, err);
	if (entrant->loader_fd < 0)
		return err->code;
	entrant->loader_says = load_ask(entrant->loader_fd, &request, log_out, err);
	if (!entrant->loader_says || set_life(entrant, args, err) < 0)
		return err->code;
	if (probing_prepare(steward, entrant->program,
			    json_object_get(entrant->loader_says, "manifest"), limits,
			    entrant->returns, err) < 0)
		return err->code;
	/* On disk with the intent to attach it: nothing changes in between. */
	journal_set(entrant->program, PROGRAM_LOADED, NULL);
	step_reached("program-loaded");
	return 0;
}

/* --- attached ---------------------------------------------------------------------------- */

/* Until when it is watched first, and for how long the guardian waits for the steward's word. */
static void set_trial(const struct steward *steward, const struct entrant *entrant)
{
	json_t *program = entrant->program;
	uint64_t now_ns = guardian_now_ns();
	int64_t canary_s = json_get_int(program, "canary_s", 0);
	int64_t ttl_s = json_get_int(program, "ttl_s", 1);
	int64_t confirm_s = entrant->returns ? 0 : steward_confirm_s(steward, program);
	int64_t lease_s = STEWARD_CANARY_SPARE_S + (confirm_s > canary_s ? confirm_s : canary_s);
	int64_t most_s = confirm_s ? ttl_s : canary_s + ttl_s;

	if (most_s < lease_s)
		lease_s = most_s;
	if (canary_s || confirm_s)
		json_put(program, "observe_ns",
			 json_integer((json_int_t)(now_ns + (uint64_t)canary_s * NS_PER_SEC)));
	if (confirm_s)
		json_put(program, "confirm_ns",
			 json_integer((json_int_t)(now_ns + (uint64_t)confirm_s * NS_PER_SEC)));
	json_put(program, "lease_ns",
		 json_integer((json_int_t)(now_ns + (uint64_t)lease_s * NS_PER_SEC)));
}

static int hold_all(struct steward *steward, const struct entrant *entrant, struct error *err)
{
	const struct load_result *loaded = &entrant->loaded;
	struct guardian_record record = {
		.id = (uint64_t)json_get_int(entrant->program, "id", 0),
		.keeps = json_get_bool(entrant->program, "keeps", false),
		.expires_ns = (uint64_t)json_get_int(entrant->program, "lease_ns", 0),
	};
	int r = 0;

	record.kind = GUARDIAN_PROGRAM;
	for (record.number = 0; r == 0 && record.number < loaded->n_programs; record.number++)
		r = guardian_hold(&steward->guardian, &record, loaded->programs[record.number],
				  err);
	record.kind = GUARDIAN_MAP;
	for (record.number = 0; r == 0 && record.number < loaded->n_maps; record.number++)
		r = guardian_hold(&steward->guardian, &record, loaded->maps[record.number], err);
	record.kind = GUARDIAN_LINK;
	for (record.number = 0; r == 0 && record.number < loaded->n_links; record.number++) {
		record.owner = (uint32_t)loaded->links[record.number].program;
		r = guardian_hold(&steward->guardian, &record, loaded->links[record.number].fd,
				  err);
	}
	return r;
}

static int attach(struct steward *steward, struct entrant *entrant, struct error *err)
{
	if (guardian_start(&steward->guardian, steward->socket, steward->config->executables, err) <
	    0)
		return err->code;
	if (before_list(steward, entrant, err) < 0)
		return err->code;
	set_trial(steward, entrant);
	if (journal_intend(&steward->journal, entrant->program, PROGRAM_CANARY, err) < 0 ||
	    before_bound(steward, entrant, err) < 0)
		return err->code;
	step_reached("program-attach");
	if (load_attach(entrant->loader_fd, entrant->old, entrant->n_old,
			steward_lease_ns(steward, entrant->program), &entrant->loaded, err) < 0) {
		before_restore(steward, entrant);
		return err->code;
	}
	step_reached("program-attached");
	/* What was asked before this was not asked through it: see steward_note_contact(). */
	json_put(entrant->program, "attached_ns", json_integer((json_int_t)guardian_now_ns()));
	return 0;
}

/*
 * The old one's end and the new one's beginning are one writing. What is watched first is answered
 * of and kept as it is; else steward_activate() writes again.
 */
static int note_takeover(struct steward *steward, struct entrant *entrant, struct error *err)
{
	char why[128];

	journal_set(entrant->program, PROGRAM_CANARY, NULL);
	if (entrant->before) {
		text_format(why, sizeof(why), "replaced by version %s", entrant->release.version);
		journal_set(entrant->before,
			    entrant->returns ? PROGRAM_ROLLED_BACK : PROGRAM_REMOVED,
			    entrant->returns ? entrant->why : why);
	}
	return steward_is_on_trial(entrant->program) ? journal_save(&steward->journal, err)
						     : journal_note(&steward->journal, err);
}

/* The old one stays. Who comes after us, were we killed, has to give its links back as well. */
static void undo_takeover(struct steward *steward, struct entrant *entrant)
{
	struct error ignored = { 0 };

	journal_set(entrant->program, PROGRAM_LOADED, NULL);
	if (entrant->before && program_state_has_ended(journal_state(entrant->before))) {
		journal_set(entrant->before, entrant->before_state, NULL);
		(void)json_object_del(entrant->before, "why");
	}
	if (journal_intend(&steward->journal, entrant->program, PROGRAM_FAILED, &ignored) < 0)
		log_error("%s", ignored.text);
	before_restore(steward, entrant);
}

static int take_over(struct steward *steward, struct entrant *entrant, struct error *err)
{
	int r = hold_all(steward, entrant, err);

	step_reached("program-held");
	if (r == 0)
		r = note_takeover(steward, entrant, err);
	if (r < 0) {
		undo_takeover(steward, entrant);
		return r;
	}
	step_reached("program-canary");
	return 0;
}

/* Only what is on disk takes a place; but in that of what did harm it stays, and is written of
 * when it can be, see steward_tend(). */
static int settle_in(struct steward *steward, struct entrant *entrant, struct error *err)
{
	if (steward_is_on_trial(entrant->program) ||
	    steward_activate(steward, entrant->program, err) == 0)
		return 0;
	if (!entrant->returns || !steward->journal.is_behind) {
		undo_takeover(steward, entrant);
		return err->code;
	}
	log_error("%s", err->text);
	*err = (struct error) { 0 };
	return 0;
}

/* As documented: a new one takes the place of the oldest. */
static int make_room(struct steward *steward, const struct entrant *entrant, struct error *err)
{
	json_t *oldest = NULL, *program;
	uint64_t n = 0;
	size_t i;

	json_array_foreach(journal_programs(&steward->journal), i, program)
	{
		if (!program_state_is_attached(journal_state(program)))
			continue;
		n++;
		if (!oldest && program != entrant->program)
			oldest = program;
	}
	if (n <= entrant->limits.max_programs || !oldest)
		return 0;
	return steward_end(steward, oldest, PROGRAM_REMOVED,
			   "the host's limit of programs was reached", err);
}

/* What could not be rolled back to does not come; but what comes back is wanted all the same. */
static int keep(const struct steward *steward, const json_t *args, const struct entrant *entrant,
		struct error *err)
{
	struct str archive = { buf_text(&entrant->artifact), entrant->artifact.len };
	int r = kept_save(steward, entrant->program, args, archive, err);

	step_reached("program-kept");
	if (r == 0 || !entrant->returns)
		return r;
	log_warn("%s", err->text);
	*err = (struct error) { 0 };
	return 0;
}

static int run(struct steward *steward, const json_t *args, struct entrant *entrant, char **log_out,
	       struct error *err)
{
	if (load(steward, args, entrant, log_out, err) < 0 ||
	    keep(steward, args, entrant, err) < 0 || attach(steward, entrant, err) < 0 ||
	    take_over(steward, entrant, err) < 0 || settle_in(steward, entrant, err) < 0)
		return err->code;
	/* The old one is let go of last: were everybody killed now, something would stay. */
	if (before_release(steward, entrant, err) < 0 || make_room(steward, entrant, err) < 0)
		return err->code;
	if (entrant->before)
		kept_forget(steward, json_get_int(entrant->before, "replaces", 0));
	return 0;
}

static json_t *enter(struct steward *steward, const json_t *args, struct entrant *entrant,
		     char **log_out, struct error *err)
{
	struct error ignored = { 0 };

	if (entrant_verify(steward, args, entrant, err) < 0 || note(steward, entrant, err) < 0)
		return NULL;
	step_reached("program-verified");
	if (run(steward, args, entrant, log_out, err) == 0)
		return steward_describe(steward, entrant->program);
	/* Its links end with this process's copies, which the guardian may have too. */
	if (steward_end(steward, entrant->program, PROGRAM_FAILED, err->text, &ignored) < 0)
		log_error("%s", ignored.text);
	verifier_log_keep(steward->config->folder, entrant->release.name, *log_out);
	if (*log_out && steward->limits.verifier_failure)
		rollback_note_refused(steward, entrant->program, err->text);
	return NULL;
}

json_t *steward_apply(struct steward *steward, const json_t *args, char **log_out,
		      struct error *err)
{
	CLEANUP(entrant) struct entrant entrant = { .loader_fd = -1 };

	return enter(steward, args, &entrant, log_out, err);
}

int steward_return(struct steward *steward, const json_t *args, const char *why, struct error *err)
{
	CLEANUP(entrant)
	struct entrant entrant = { .loader_fd = -1, .returns = true, .why = why };
	CLEANUP(text) char *log = NULL;
	CLEANUP(json) json_t *shown = enter(steward, args, &entrant, &log, err);

	return shown ? 0 : err->code;
}
