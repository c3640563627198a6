#include "server/inquiry/choice.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

#define MAX_ROWS 12

struct fleet {
	struct store_value values[MAX_ROWS * 4];
	struct store_rows rows;
};

static void add(struct fleet *fleet, const char *id, const char *name, const char *labels)
{
	struct store_value *at = fleet->values + 4 * fleet->rows.n_rows++;

	at[0] = store_text(id);
	at[1] = store_text(name);
	at[2] = store_text(name);
	at[3] = store_text(labels);
	fleet->rows.n_columns = 4;
	fleet->rows.values = fleet->values;
}

static void fill(struct fleet *fleet)
{
	*fleet = (struct fleet) { 0 };
	add(fleet, "a1", "db-1", "{\"env\":\"prod\",\"tier\":\"db\"}");
	add(fleet, "a2", "db-10", "{\"env\":\"prod\",\"tier\":\"web\"}");
	add(fleet, "a3", "web.example.org", "{\"env\":\"test\"}");
	add(fleet, "a4", "twin", "{}");
	add(fleet, "a5", "twin", "{}");
}

/* The ids that 'body' means, each followed by a blank; or the error's number. */
static const char *choose(const struct fleet *fleet, const char *body_text, bool thread_exists)
{
	static char text[256];
	CLEANUP(json) json_t *body = json_loads(body_text, 0, NULL);
	struct error err = { 0 };
	CLEANUP(json) json_t *ids = choice_make(body, &fleet->rows, thread_exists, &err);
	const json_t *id;
	size_t i, len = 0;

	if (!ids) {
		text_format(text, sizeof(text), "%d", err.code);
		return text;
	}
	text[0] = '\0';
	json_array_foreach(ids, i, id) len +=
		(size_t)snprintf(text + len, sizeof(text) - len, "%s ", json_string_value(id));
	return text;
}

static void check(const char *body, const char *expected)
{
	struct fleet fleet;

	fill(&fleet);
	CHECK_TEXT(choose(&fleet, body, false), expected);
}

TEST(a_host_is_found_by_id_and_by_name)
{
	check("{\"prompt\":\"x\",\"host\":\"a3\"}", "a3 ");
	check("{\"prompt\":\"x\",\"host\":\"db-1\"}", "a1 ");
	check("{\"prompt\":\"x\",\"agents\":[\"db-10\",\"a1\",\"db-1\"]}", "a2 a1 ");
	check("{\"prompt\":\"x\",\"host\":\"nobody\"}", "-2");
	check("{\"prompt\":\"x\",\"host\":\"twin\"}", "-17");
}

TEST(labels_find_all_that_have_them)
{
	check("{\"prompt\":\"x\",\"label\":\"env=prod\"}", "a1 a2 ");
	check("{\"prompt\":\"x\",\"labels\":{\"env\":\"prod\",\"tier\":\"db\"}}", "a1 ");
	check("{\"prompt\":\"x\",\"label\":\"env=none\"}", "-2");
}

TEST(a_prompt_names_hosts_as_words)
{
	check("{\"prompt\":\"why is DB-1 slow?\"}", "a1 ");
	check("{\"prompt\":\"compare db-1, db-10.\"}", "a1 a2 ");
	check("{\"prompt\":\"look at web.example.org.\"}", "a3 ");
	check("{\"prompt\":\"what of xdb-1?\"}", "a1 a2 a3 a4 a5 ");
}

TEST(without_a_name_a_thread_keeps_its_own)
{
	struct fleet fleet;

	fill(&fleet);
	CHECK_TEXT(choose(&fleet, "{\"prompt\":\"and now?\"}", true), "");
	CHECK_TEXT(choose(&fleet, "{\"prompt\":\"and now?\"}", false), "a1 a2 a3 a4 a5 ");
}

TEST(many_hosts_have_to_be_named)
{
	struct fleet fleet = { 0 };

	CHECK_TEXT(choose(&fleet, "{\"prompt\":\"x\"}", false), "-2");
	for (unsigned i = 0; i < INQUIRY_MAX_AGENTS + 1; i++)
		add(&fleet, "id", "same", "{\"a\":\"b\"}");
	CHECK_TEXT(choose(&fleet, "{\"prompt\":\"x\"}", false), "-7");
}
