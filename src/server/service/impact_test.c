#include "server/service/impact.h"

#include <string.h>

#include "base/test.h"

#define N_SERVICES 7

/* A chain and a ring: web -> shop -> db; report -> db; db -> disk -> db; other and till alone. */
static const char *const documents[N_SERVICES] = {
	"{\"name\":\"db\",\"criticality\":\"high\",\"runbook\":\"https://wiki/db\","
	"\"matchers\":[\"job=postgres\"],\"hosts\":[\"db1\"],\"ports\":[5432],\"depends_on\":["
	"\"disk\"]}",
	"{\"name\":\"disk\",\"depends_on\":[\"db\"]}",
	"{\"name\":\"other\",\"hosts\":[\"web1\"]}",
	"{\"name\":\"report\",\"criticality\":\"low\",\"depends_on\":[\"db\",\"nothing\"]}",
	"{\"name\":\"shop\",\"criticality\":\"critical\",\"hosts\":[\"web1\"],"
	"\"depends_on\":[\"db\"]}",
	"{\"name\":\"till\",\"matchers\":[\"process=till\"]}",
	"{\"name\":\"web\",\"depends_on\":[\"shop\"]}",
};

static json_t *make_all(const char *alerts_text, const struct store_rows *changes,
			const struct store_rows *flows)
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
	if (flows)
		rows[2] = *flows;
	CHECK(alerts);
	return impact_make(rows, alerts);
}

static json_t *make(const char *alerts_text, const struct store_rows *changes)
{
	return make_all(alerts_text, changes, NULL);
}

#define SEEN 1700000000000000000
#define FLOW_COLUMNS 9
#define MAX_FLOWS 4

/* As flow_sql gives it; the peer's host is none of ours where it is NULL. */
struct flow_row {
	const char *host, *direction, *peer, *process, *peer_host;
	int64_t port;
};

static json_t *make_with_flows(const char *alerts_text, const struct flow_row *flows, unsigned n)
{
	struct store_value values[MAX_FLOWS * FLOW_COLUMNS];
	const struct store_rows rows = { .n_rows = n, .n_columns = FLOW_COLUMNS, .values = values };

	for (unsigned i = 0; i < n; i++) {
		const struct store_value row[FLOW_COLUMNS] = {
			store_text(flows[i].host),
			store_text(flows[i].host),
			store_text(flows[i].direction),
			store_text(flows[i].peer),
			store_int(flows[i].port),
			store_text(flows[i].process),
			store_int(SEEN),
			store_text(flows[i].peer_host),
			store_text(flows[i].peer_host),
		};

		memcpy(&values[(size_t)i * FLOW_COLUMNS], row, sizeof(row));
	}
	return make_all(alerts_text, NULL, &rows);
}

static const json_t *find_affected(const json_t *impact, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(impact, "affects"), i,
			   one) if (strcmp(json_get_text(one, "name", ""), name) == 0) return one;
	return NULL;
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

TEST(who_was_seen_to_connect_is_affected_and_what_is_declared_stays_so)
{
	static const struct flow_row flows[] = {
		{ "db1", "in", "10.0.0.7", "postgres", "web1", 5432 },
		{ "db1", "in", "10.0.0.8", "postgres", "edge1", 5432 },
		{ "db1", "in", "192.0.2.9", "postgres", NULL, 5432 },
	};
	CLEANUP(json) json_t *impact = make_with_flows(DB_ALERT, flows, ARRAY_LEN(flows));
	const json_t *other = find_affected(impact, "other");
	const json_t *edge = find_affected(impact, "edge1");

	check_names(impact, "affects", "disk other report shop edge1 web");
	CHECK_TEXT(json_get_text(other, "by", ""), "observed");
	CHECK_TEXT(json_get_text(other, "seen", ""), "2023-11-14T22:13:20.000Z");
	CHECK_TEXT(json_get_text(edge, "kind", ""), "host");
	CHECK_TEXT(json_get_text(find_affected(impact, "shop"), "by", ""), "declared");
}

TEST(a_process_that_a_matcher_names_is_that_service_alone)
{
	static const struct flow_row flows[] = {
		{ "web1", "out", "10.0.0.5", "till", "db1", 5432 },
		{ "db1", "in", "10.0.0.7", "postgres", "web1", 5432 },
	};
	CLEANUP(json) json_t *impact = make_with_flows(DB_ALERT, flows, ARRAY_LEN(flows));

	check_names(impact, "affects", "disk report shop till web");
	CHECK_TEXT(json_get_text(find_affected(impact, "till"), "by", ""), "observed");
}

TEST(a_port_that_is_not_the_services_own_says_nothing_of_it)
{
	static const struct flow_row flows[] = { { "db1", "in", "10.0.0.8", "sshd", "edge1", 22 } };
	CLEANUP(json) json_t *impact = make_with_flows(DB_ALERT, flows, ARRAY_LEN(flows));

	check_names(impact, "affects", "disk report shop web");
}

TEST(connections_within_a_host_count)
{
	static const struct flow_row flows[] = {
		{ "db1", "out", "127.0.0.1", "till", NULL, 5432 },
		{ "db1", "in", "127.0.0.1", "postgres", NULL, 5432 },
	};
	CLEANUP(json) json_t *impact = make_with_flows(DB_ALERT, flows, ARRAY_LEN(flows));

	check_names(impact, "affects", "disk report shop till web");
}

TEST(a_host_of_no_service_has_clients_too)
{
	static const struct flow_row flows[] = {
		{ "cache1", "in", "10.0.0.8", "redis", "edge1", 6379 },
	};
	CLEANUP(json)
	json_t *impact = make_with_flows("[{\"alert\":{\"labels\":{\"host\":\"cache1\"}}}]", flows,
					 ARRAY_LEN(flows));

	check_names(impact, "services", "");
	check_names(impact, "affects", "edge1");
	CHECK_TEXT(json_get_text(find_affected(impact, "edge1"), "through", ""), "cache1");
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
