/* What an org's investigations used within 24 hours, and what they may (use.h). */
#include "base/clock.h"
#include "server/api/exchange.h"
#include "server/inquiry/inquiry.h"
#include "server/inquiry/routes.h"

static const char usage_sql[] =
	"SELECT CAST(COALESCE(SUM(calls), 0) AS BIGINT), CAST(COALESCE(SUM(time_ms), 0) AS "
	"BIGINT), CAST(COALESCE(SUM(tokens), 0) AS BIGINT), CAST(COALESCE(SUM(cost_micros), 0) AS "
	"BIGINT) FROM investigation_use WHERE org = $1 AND counted >= $2";

static json_t *row_of(const struct inquiries *inquiries, enum use_kind kind, uint64_t used)
{
	uint64_t most = inquiry_org_day(inquiries)->of[kind];
	const char *spent = most && used >= most ? use_sentence(USE_OF_ORG, kind)
						 : inquiry_all_spent(inquiries, kind);

	return json_pack("{s:I, s:o, s:o}", "used", (json_int_t)used, "limit",
			 most ? json_integer((json_int_t)most) : json_null(), "spent",
			 spent ? json_string(spent) : json_null());
}

static void handle_usage(struct exchange *exchange, const struct store_result *result)
{
	static const char *const names[USE_KINDS] = {
		[USE_CALLS] = "calls",
		[USE_TIME] = "time_ms",
		[USE_TOKENS] = "tokens",
		[USE_COST] = "cost_micros",
	};
	char since[CLOCK_TEXT_BYTES];
	json_t *answer =
		json_pack("{s:s}", "since", clock_format(clock_wall_ns() - INQUIRY_DAY_NS, since));

	for (unsigned i = 0; i < USE_KINDS; i++)
		json_put(answer, names[i],
			 row_of(exchange->api->inquiries, i,
				(uint64_t)store_int_at(result->steps, 0, i)));
	exchange_answer(exchange, answer);
}

static void get_usage(struct exchange *exchange)
{
	exchange_submit(
		exchange,
		&(struct store_step)STEP(usage_sql, STORE_SOME, exchange_org(exchange),
					 store_int((int64_t)(clock_wall_ns() - INQUIRY_DAY_NS))),
		1, handle_usage);
}

#define USAGE                                                                 \
	SCHEMA_GIVES("\"used\",\"limit\",\"spent\"",                          \
		     "\"used\":" SCHEMA_COUNT ",\"limit\":" SCHEMA_NULL_COUNT \
		     ",\"spent\":" SCHEMA_NULL_TEXT)

const struct route routes_usage[] = {
	{ .method = "GET",
	  .operation = "get_usage",
	  .pattern = "/api/v1/usage",
	  .summary =
		  "What the org's investigations used within 24 hours, and may; 'spent' says what "
		  "is used up, by the org or by all of the server.",
	  .least = ROLE_VIEWER,
	  .response =
		  SCHEMA_GIVES("\"since\",\"calls\",\"time_ms\",\"tokens\",\"cost_micros\"",
			       "\"since\":" SCHEMA_TEXT ",\"calls\":" USAGE ",\"time_ms\":" USAGE
			       ",\"tokens\":" USAGE ",\"cost_micros\":" USAGE),
	  .handle = get_usage },
	{ 0 },
};
