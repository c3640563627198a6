#include "server/inquiry/documented_record.h"

#include <string.h>

#include "base/test.h"

#define REPORT                                                                                  \
	"{\"verdict\":\"cause-found\",\"root_cause\":\"The disk is full.\",\"confidence\":0.9," \
	"\"remedies\":[{\"statement\":\"Delete old logs.\"},{\"statement\":\"Grow it.\"}]}"

/* A row in the order of DOCUMENTED_COLUMNS. */
struct scene {
	struct store_value values[14];
	struct store_rows rows;
};

static void set(struct scene *scene, const char *state, const char *request, const char *report)
{
	const struct store_value values[] = {
		store_text("i_1"),
		store_text("k_1/ana"),
		store_text("[\"agent_1\"]"),
		store_text("thread-1"),
		store_text("Why is it full?"),
		store_text(state),
		store_int(1000000000),
		store_null(),
		report ? store_int(3000000000) : store_null(),
		store_text("builtin"),
		store_int(3),
		store_int(4),
		store_text(request),
		store_text(report),
	};

	memcpy(scene->values, values, sizeof(values));
	scene->rows = (struct store_rows) { .n_rows = 1, .n_columns = 14, .values = scene->values };
}

static void check(const json_t *json, const char *name, const char *text)
{
	CHECK_TEXT(json_get_text(json, name, "(none)"), text);
}

TEST(states_are_told_in_the_documented_words)
{
	static const char *const words[][2] = { { "queued", "pending" },
						{ "running", "in_progress" },
						{ "done", "completed" },
						{ "failed", "failed" },
						{ "interrupted", "failed" } };
	struct scene scene;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		CLEANUP(json) json_t *record = NULL;

		set(&scene, words[i][0], "{}", NULL);
		record = documented_record(&scene.rows, 0);
		check(record, "status", words[i][1]);
	}
}

TEST(a_record_has_what_is_known)
{
	CLEANUP(json) json_t *record = NULL;
	struct scene scene;

	set(&scene, "done", "{\"said\":{\"priority\":\"high\"}}", REPORT);
	record = documented_record(&scene.rows, 0);
	check(record, "id", "i_1");
	check(record, "user_id", "k_1");
	check(record, "agent_id", "agent_1");
	check(record, "episode_id", "thread-1");
	check(record, "priority", "high");
	check(record, "resolution_plan", "The disk is full.\n\n1. Delete old logs.\n2. Grow it.");
	check(record, "updated_at", json_get_text(record, "completed_at", ""));
	check(json_object_get(record, "metadata"), "initiated_by", "user");
	CHECK_INT(json_get_int(record, "inference_count", -1), 1);
}

TEST(an_agent_that_asks_about_itself_is_named)
{
	CLEANUP(json) json_t *record = NULL;
	struct scene scene;

	set(&scene, "queued", "{}", NULL);
	scene.values[1] = store_text("agent_1/web");
	record = documented_record(&scene.rows, 0);
	check(json_object_get(record, "metadata"), "initiated_by", "agent");
	CHECK(json_is_null(json_object_get(record, "completed_at")));
	CHECK_INT(json_get_int(record, "inference_count", -1), 0);
}

TEST(what_a_client_says_counts_and_the_rest_stays)
{
	CLEANUP(json) json_t *said = json_pack("{s:s}", "resolution_plan", "Buy a disk.");
	CLEANUP(json) json_t *record = NULL;
	CLEANUP(text) char *request = NULL;
	struct scene scene;

	set(&scene, "running", "{\"since_s\":900,\"said\":{\"priority\":\"low\"}}", NULL);
	request = documented_say(&scene.rows, 0, said);
	CHECK(strstr(request, "\"since_s\":900"));
	set(&scene, "running", request, NULL);
	record = documented_record(&scene.rows, 0);
	check(record, "priority", "low");
	check(record, "resolution_plan", "Buy a disk.");
	check(record, "status", "completed");
}

TEST(a_completion_holds_the_report_as_a_resolution)
{
	CLEANUP(json) json_t *completion = NULL;
	CLEANUP(json) json_t *resolution = NULL;
	const json_t *message;
	struct scene scene;

	set(&scene, "failed", "{}", NULL);
	CHECK(!documented_completion(&scene.rows, 0));
	set(&scene, "done", "{}", REPORT);
	completion = documented_completion(&scene.rows, 0);
	check(completion, "object", "chat.completion");
	message = json_object_get(json_array_get(json_object_get(completion, "choices"), 0),
				  "message");
	resolution = json_loads(json_get_text(message, "content", ""), 0, NULL);
	check(resolution, "response_type", "resolution");
	check(resolution, "root_cause", "The disk is full.");
	check(resolution, "confidence", "High");
	CHECK_INT(json_get_int(json_object_get(completion, "usage"), "total_tokens", 0), 7);
}

TEST(a_long_plan_is_cut_between_characters)
{
	char report[8000] = "{\"root_cause\":\"";
	CLEANUP(json) json_t *record = NULL;
	struct scene scene;
	size_t len = strlen(report);

	while (len < 7000) {
		memcpy(report + len, "\xc3\xa9", 2);
		len += 2;
	}
	memcpy(report + len, "\"}", 3);
	set(&scene, "done", "{}", report);
	record = documented_record(&scene.rows, 0);
	CHECK_INT(json_string_length(json_object_get(record, "resolution_plan")), 5000);
}

TEST(characters_are_counted)
{
	CHECK_INT(documented_length(""), 0);
	CHECK_INT(documented_length("h\xc3\xa9llo"), 5);
}
