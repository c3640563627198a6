#include "server/pipeline/service.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"
#include "call/schema.h"
#include "server/api/route.h"

static int parse(const char *text, struct service *service, struct error *err)
{
	CLEANUP(json)
	json_t *schema = json_loads(
		SCHEMA_STRICT("\"name\"", "\"name\":" SCHEMA_NAME "," SERVICE_MEMBERS), 0, NULL);
	CLEANUP(json) json_t *document = json_loads(text, 0, NULL);
	int r;

	CHECK(schema && document);
	r = schema_check(schema, document, err);
	return r < 0 ? r : service_parse(document, service, err);
}

static bool is_meant(const char *text, const char *alert_text)
{
	CLEANUP(json) json_t *alert = json_loads(alert_text, 0, NULL);
	struct service service = { 0 };
	struct error err = { 0 };
	bool answer;

	CHECK_INT(parse(text, &service, &err), 0);
	answer = service_is_meant(&service, alert);
	service_finish(&service);
	return answer;
}

TEST(a_short_document_gets_the_defaults)
{
	struct service service = { 0 };
	struct error err = { 0 };

	CHECK_INT(parse("{\"name\":\"shop\"}", &service, &err), 0);
	CHECK_TEXT(service_name(&service), "shop");
	CHECK_TEXT(json_get_text(service.document, "criticality", ""), "medium");
	CHECK(json_is_array(json_object_get(service.document, "depends_on")));
	service_finish(&service);
}

TEST(an_error_names_the_member)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "{\"name\":\"Shop\"}", "/name: " },
		{ "{\"name\":\"a\",\"matchers\":[\"a=b\",\"a\"]}", "/matchers/1: " },
		{ "{\"name\":\"a\",\"depends_on\":[\"b\",\"a\"]}", "/depends_on/1: " },
		{ "{\"name\":\"a\",\"depends_on\":[\"b c\"]}", "/depends_on/0: " },
		{ "{\"name\":\"a\",\"criticality\":\"huge\"}", "/criticality" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct service service = { 0 };
		struct error err = { 0 };

		CHECK_INT(parse(rows[i].text, &service, &err), -EINVAL);
		CHECK(strstr(err.text, rows[i].words));
	}
}

#define ALERT "{\"name\":\"Slow\",\"labels\":{\"team\":\"shop\",\"namespace\":\"pay\"}}"

TEST(all_matchers_have_to_hold)
{
	CHECK(is_meant("{\"name\":\"a\",\"matchers\":[\"team=shop\",\"namespace=~pay|web\"]}",
		       ALERT));
	CHECK(!is_meant("{\"name\":\"a\",\"matchers\":[\"team=shop\",\"namespace=web\"]}", ALERT));
}

TEST(without_matchers_the_label_says_it)
{
	CHECK(is_meant("{\"name\":\"shop\"}", "{\"labels\":{\"service\":\"shop\"}}"));
	CHECK(!is_meant("{\"name\":\"shop\"}", "{\"labels\":{\"service\":\"shop2\"}}"));
	CHECK(!is_meant("{\"name\":\"shop\"}", ALERT));
}

TEST(a_host_is_known_by_its_short_name)
{
	struct service service = { 0 };
	struct error err = { 0 };

	CHECK_INT(parse("{\"name\":\"a\",\"hosts\":[\"web1\",\"db1.example.com\",\"10.0.0.1\"]}",
			&service, &err),
		  0);
	CHECK(service_is_on(&service, "web1") && service_is_on(&service, "web1.example.com"));
	CHECK(service_is_on(&service, "db1") && service_is_on(&service, "10.0.0.1"));
	CHECK(!service_is_on(&service, "web10") && !service_is_on(&service, "10"));
	CHECK(!service_is_on(&service, "db1.example.org"));
	service_finish(&service);
}
