/* The one whose place an artifact takes: its links may be given to the new one, and back. */
#include "base/log.h"
#include "kernel/program/life/entrant_internal.h"

static uint64_t id_of(const json_t *program)
{
	return (uint64_t)json_get_int(program, "id", 0);
}

static uint64_t lease_of(const json_t *program)
{
	return (uint64_t)json_get_int(program, "lease_ns", 0);
}

/* And the programs to which those go back if this fails. */
static void list_links(struct entrant *entrant)
{
	uint64_t id = id_of(entrant->before);
	const json_t *programs = json_object_get(entrant->before, "programs");

	for (uint32_t i = 0; entrant->n_old < LOAD_MAX_LINKS; i++) {
		const struct guardian_item *link =
			guardian_find(entrant->held, entrant->n_held, id, GUARDIAN_LINK, i);
		const struct guardian_item *program =
			link ? guardian_find(entrant->held, entrant->n_held, id, GUARDIAN_PROGRAM,
					     link->record.owner)
			     : NULL;
		const json_t *described;

		if (!program)
			return;
		described = json_array_get(programs, link->record.owner);
		entrant->old[entrant->n_old++] = (struct load_old) {
			.type = json_get_text(described, "type", ""),
			.target = json_get_text(described, "target", ""),
			.link = link->fd,
			.program = program->fd,
		};
	}
}

int before_list(struct steward *steward, struct entrant *entrant, struct error *err)
{
	if (!entrant->before)
		return 0;
	if (!entrant->held &&
	    guardian_list(&steward->guardian, &entrant->held, &entrant->n_held, err) < 0)
		return err->code;
	list_links(entrant);
	json_put(entrant->program, "replaces", json_integer((json_int_t)id_of(entrant->before)));
	return 0;
}

int before_bound(struct steward *steward, const struct entrant *entrant, struct error *err)
{
	const json_t *program = entrant->program;
	uint64_t ttl_ns = (uint64_t)json_get_int(program, "ttl_s", 1) * NS_PER_SEC;
	uint64_t end_ns =
		steward_is_on_trial(program) ? lease_of(program) : guardian_now_ns() + ttl_ns;
	bool is_updated = false;

	for (size_t i = 0; i < entrant->n_old; i++) {
		const struct program_type *type = program_type_find(entrant->old[i].type);

		is_updated |= type && type->replaces;
	}
	if (!is_updated || end_ns >= lease_of(entrant->before))
		return 0;
	return guardian_renew(&steward->guardian, id_of(entrant->before), end_ns, err);
}

void before_restore(struct steward *steward, struct entrant *entrant)
{
	struct error ignored = { 0 };

	if (entrant->loader > 0)
		loader_end(entrant->loader);
	entrant->loader = 0;
	for (size_t i = 0; i < entrant->n_old; i++)
		(void)link_update(entrant->old[i].link, entrant->old[i].program);
	/* A guardian that is gone holds nothing. */
	if (entrant->before && steward->guardian.fd >= 0 &&
	    guardian_renew(&steward->guardian, id_of(entrant->before), lease_of(entrant->before),
			   &ignored) < 0)
		log_warn("%s", ignored.text);
}

int before_release(struct steward *steward, const struct entrant *entrant, struct error *err)
{
	return entrant->before ? guardian_release(&steward->guardian, id_of(entrant->before), err)
			       : 0;
}
