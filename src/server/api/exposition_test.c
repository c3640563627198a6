#include "server/api/exposition.h"

#include "base/test.h"

TEST(values_lie_among_those_of_their_kind)
{
	CLEANUP(json)
	json_t *json = exposition_json("# TYPE constable_calls_total counter\n"
				       "constable_calls_total{how=\"by hand\"} 3\n"
				       "# TYPE constable_links gauge\n"
				       "constable_links 7\n"
				       "# TYPE constable_wait_seconds histogram\n"
				       "constable_wait_seconds_bucket{le=\"0.5\"} 1\n"
				       "constable_wait_seconds_sum 0.25\n");
	const json_t *counters = json_object_get(json, "counters");

	CHECK_INT(json_get_int(counters, "calls_total{how=\"by hand\"}", 0), 3);
	CHECK_INT(json_get_int(counters, "wait_seconds_bucket{le=\"0.5\"}", 0), 1);
	CHECK(json_get_number(counters, "wait_seconds_sum", 0) == 0.25);
	CHECK_INT(json_get_int(json_object_get(json, "gauges"), "links", 0), 7);
	CHECK_INT(json_object_size(counters), 3);
}

TEST(a_page_without_lines_is_empty)
{
	CLEANUP(json) json_t *json = exposition_json("");

	CHECK_INT(json_object_size(json_object_get(json, "counters")), 0);
	CHECK_INT(json_object_size(json_object_get(json, "gauges")), 0);
}
