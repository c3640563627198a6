/* What becomes of a program, on disk; and what goes where there is too much. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "identity/file.h"
#include "kernel/program/life/journal.h"

#define GROWTH_BYTES (256 * KIB) /* of those that live, until the next one comes */

/* As json_canonical() writes it, and a comma. */
static size_t size_of(const json_t *json)
{
	return json_dumpb(json, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) + 1;
}

/* It may come back in the place of one that has not ended. */
static bool is_needed(const json_t *programs, const json_t *program)
{
	int64_t id = json_get_int(program, "id", 0);
	const json_t *other;
	size_t i;

	json_array_foreach(programs, i, other)
	{
		if (json_get_int(other, "replaces", 0) == id &&
		    !program_state_has_ended(journal_state(other)))
			return true;
	}
	return false;
}

/* Of those that ended the first that may go, or -1; and how many ended. */
static ssize_t find_oldest(const json_t *programs, size_t *n_ended_out)
{
	const json_t *program;
	ssize_t first = -1;
	size_t i;

	*n_ended_out = 0;
	json_array_foreach(programs, i, program)
	{
		if (!program_state_has_ended(journal_state(program)))
			continue;
		++*n_ended_out;
		if (first < 0 && !is_needed(programs, program))
			first = (ssize_t)i;
	}
	return first;
}

static size_t remove_at(json_t *list, size_t number)
{
	size_t size = size_of(json_array_get(list, number));

	(void)json_array_remove(list, number);
	return size;
}

static void make_room(const struct journal *journal)
{
	size_t size = journal->n_bytes, n_ended;
	json_t *programs = journal_programs(journal);
	ssize_t oldest;

	while ((oldest = find_oldest(programs, &n_ended)) >= 0 &&
	       (n_ended >= JOURNAL_MAX_ENDED || size > FILE_MAX_BYTES - GROWTH_BYTES))
		size -= remove_at(programs, (size_t)oldest);
}

/* The document's text. If it is too large, something goes of what does not change any more; what
 * must not be let in again goes last, and nothing where all of it would not do. */
static char *fit(const struct journal *journal)
{
	json_t *lists[] = { journal_rollbacks(journal), journal_quarantine(journal) };
	char *text = json_canonical(journal->document);
	size_t size = strlen(text);

	if (size <= FILE_MAX_BYTES || size > FILE_MAX_BYTES + size_of(lists[0]) + size_of(lists[1]))
		return text;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		while (size > FILE_MAX_BYTES && json_array_size(lists[i]))
			size -= remove_at(lists[i], 0);
	free(text);
	return json_canonical(journal->document);
}

static int save(struct journal *journal, bool lasts, struct error *err)
{
	int64_t n_writings = json_get_int(journal->document, "n_writings", 0);
	CLEANUP(text) char *text = NULL;
	size_t n_bytes;
	int r;

	/* The first is synced in any case: by journal.json it is known that there is a journal. */
	lasts = lasts || !n_writings;
	json_put(journal->document, "n_writings", json_integer(n_writings + 1));
	text = fit(journal);
	journal->n_bytes = n_bytes = strlen(text);
	if (n_bytes > FILE_MAX_BYTES)
		r = error_set(err, -E2BIG, "it has more than %zu bytes", FILE_MAX_BYTES);
	else if (lasts)
		r = file_save_private(journal->path, text, n_bytes, err);
	else
		r = file_save_fleeting(journal->intents, text, n_bytes, err);
	if (r == 0 && lasts)
		(void)unlink(journal->intents);
	/* What could not be synced stays behind, whatever intents are written after it. */
	journal->is_behind = r < 0 || (journal->is_behind && !lasts);
	return r < 0 ? error_wrap(err, "write the journal of programs") : 0;
}

int journal_save(struct journal *journal, struct error *err)
{
	return save(journal, true, err);
}

int journal_note(struct journal *journal, struct error *err)
{
	return save(journal, false, err);
}

int journal_intend(struct journal *journal, json_t *program, enum program_state state,
		   struct error *err)
{
	json_put(program, "intent", json_string(program_state_name(state)));
	return journal_note(journal, err);
}

json_t *journal_why(const char *why)
{
	return json_text(why, strnlen(why, JOURNAL_WHY_MAX_BYTES));
}

void journal_set(json_t *program, enum program_state state, const char *why)
{
	char when[CLOCK_TEXT_BYTES];

	json_put(program, "state", json_string(program_state_name(state)));
	json_put(program, "changed", json_string(clock_format(clock_wall_ns(), when)));
	/* When it came, whatever becomes of it. */
	if (program_state_is_attached(state) && !json_object_get(program, "loaded"))
		json_put(program, "loaded", json_string(when));
	(void)json_object_del(program, "intent");
	if (why)
		json_put(program, "why", journal_why(why));
}

int journal_reach(struct journal *journal, json_t *program, enum program_state state,
		  const char *why, struct error *err)
{
	journal_set(program, state, why);
	return journal_save(journal, err);
}

int journal_add(struct journal *journal, json_t *program, struct error *err)
{
	int64_t id = json_get_int(journal->document, "next_id", 1);
	json_t *programs = journal_programs(journal);

	json_put(journal->document, "next_id", json_integer(id + 1));
	json_put(program, "id", json_integer(id));
	journal_set(program, PROGRAM_VERIFIED, NULL);
	/* Only here, where nobody still tells of one that just ended. */
	make_room(journal);
	json_push(programs, program);
	if (journal_intend(journal, program, PROGRAM_LOADED, err) == 0)
		return 0;
	journal->n_bytes -= remove_at(programs, json_array_size(programs) - 1);
	return err->code;
}
