#include "server/service/impact.h"

#include "base/test.h"

#define N_SERVICES 6

/* A chain and a ring: web -> shop -> db; report -> db; db -> disk -> db; other alone. */
static const char *const documents[N_SERVICES] = {
	"{\"name\":\"db\",\"criticality\":\"high\",\"runbook\":\"https://wiki/db\","
	"\"matchers\":[\"job=postgres\"],\"hosts\":[\"db1\"],\"depends_on\":[\"disk\"]}",
	"{\"name\":\"disk\",\"depends_on\":[\"db\"]}",
	"{\"name\":\"other\",\"hosts\":[\"web1\"]}",
	"{\"name\":\"report\",\"criticality\":\"low\",\"depends_on\":[\"db\",\"nothing\"]}",
	"{\"name\":\"shop\",\"criticality\":\"critical\",\"hosts\":[\"web1\"],"
	"\"depends_on\":[\"db\"]}",
	"{\"name\":\"web\",\"depends_on\":[\"shop\"]}",
};

static json_t *make(const char *alerts_text, const struct store_rows *changes)
{
	struct store_value values[N_SERVICES];
	CLEANUP(json) json_t *alerts = json_loads(alerts_text, 0, NULL);
	struct store_rows rows[IMPACT_STEPS] = {
		{ .n_rows = N_SERVICES, .n_columns = 1, .values = values }
	};

	for (size_t i = 0; i < N_SERVICES; i++)
		values[i] = store_text(documents[i]);
	if (changes)
		rows[1] = *changes;
	CHECK(alerts);
	return impact_make(rows, alerts);
}

static void check_names(const json_t *impact, const char *list, const char *expected)
{
	char text[256] = "";
	const json_t *one;
	size_t i, len = 0;

	json_array_foreach(json_object_get(impact, list), i, one)
	{
		text_format(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
			    json_get_text(one, "name", json_get_text(one, "id", "?")));
		len = strlen(text);
	}
	CHECK_TEXT(text, expected);
}

#define DB_ALERT                                                                        \
	"[{\"alert\":{\"name\":\"Down\",\"labels\":{\"job\":\"postgres\",\"instance\":" \
	"\"web1:9187\"}}}]"

TEST(who_depends_on_it_is_affected_also_through_others)
{
	CLEANUP(json) json_t *impact = make(DB_ALERT, NULL);
	const json_t *db = json_array_get(json_object_get(impact, "services"), 0);
	const json_t *web = json_array_get(json_object_get(impact, "affects"), 3);

	check_names(impact, "services", "db");
	check_names(impact, "affects", "disk report shop web");
	CHECK_TEXT(json_get_text(db, "criticality", ""), "high");
	CHECK_TEXT(json_get_text(db, "runbook", ""), "https://wiki/db");
	CHECK_TEXT(json_get_text(db, "by", ""), "matchers");
	CHECK_TEXT(json_get_text(web, "through", ""), "shop");
	CHECK_INT(json_get_int(web, "depth", 0), 2);
}

TEST(an_alert_of_no_service_is_about_those_of_its_host)
{
	CLEANUP(json)
	json_t *impact =
		make("[{\"alert\":{\"labels\":{\"instance\":\"web1.example.com:80\"}}}]", NULL);

	check_names(impact, "services", "other shop");
	check_names(impact, "affects", "web");
}

TEST(nothing_is_said_of_what_is_not_in_the_catalogue)
{
	CLEANUP(json) json_t *impact = make("[{\"alert\":{\"labels\":{}}},{}]", NULL);

	check_names(impact, "services", "");
	check_names(impact, "affects", "");
	check_names(impact, "changes", "");
}

TEST(changes_are_of_these_services_and_of_what_they_need)
{
	static const char *const services[] = { "web", "shop", "db", "disk", "other" };
	struct store_value values[5 * 9];
	const struct store_rows changes = { .n_rows = 5, .n_columns = 9, .values = values };
	CLEANUP(json) json_t *impact = NULL;

	for (unsigned i = 0; i < 5; i++) {
		struct store_value *row = &values[i * 9];

		row[0] = store_text(services[i]);
		row[1] = row[2] = store_int(1);
		row[3] = store_text("key/1");
		row[4] = store_text(services[i]);
		row[5] = store_text("deployment");
		row[6] = row[7] = row[8] = store_null();
	}
	impact = make("[{\"alert\":{\"labels\":{\"service\":\"shop\"}}}]", &changes);
	check_names(impact, "services", "shop");
	check_names(impact, "changes", "shop db disk");
}
