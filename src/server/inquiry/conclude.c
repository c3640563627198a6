/* How a run ends: one report of all its hosts, or why there is none. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/step.h"
#include "investigation/joint.h"
#include "investigation/report.h"
#include "server/inquiry/inquiries_internal.h"
#include "server/inquiry/remedy.h"

#define TEXT_BYTES (16 * KIB)
#define MAX_CLAIMS 5

static const char thread_sql[] =
	"UPDATE threads SET updated = $3, n_evidence = CASE WHEN n_evidence < $4 THEN $4 ELSE "
	"n_evidence END WHERE org = $1 AND id = $2";
static const char open_sql[] =
	"UPDATE evidence SET answered = $3, code = $4, error = 'no answer before the end' "
	"WHERE org = $1 AND investigation = $2 AND code IS NULL";
static const char withdraw_sql[] =
	"UPDATE appeals SET state = 'withdrawn', closed = $3 WHERE org = $1 AND investigation = "
	"$2 AND state = 'open'";
static const char ended_sql[] =
	"UPDATE investigations SET state = $3, finished = $4, error = $5, verdict = $6, "
	"cause_id = $7, confidence_permille = $8, root_cause = $9, report = $10, bundle = $11, "
	"n_calls = $12, tokens_in = $13, tokens_out = $14, cost_micros = $15 WHERE org = $1 AND id "
	"= $2 AND finished IS NULL";

struct ending {
	const char *state; /* done, failed, interrupted */
	const char *error;
	const json_t *report;
	const char *report_text, *bundle_text;
	struct run *offer; /* of its remedy, or NULL */
};

static void write_thread(struct run *run)
{
	uint64_t last = run->last_evidence;

	for (unsigned i = 0; i < run->n_legs; i++)
		if (run->legs[i].n_asked && run->legs[i].last > last)
			last = run->legs[i].last;
	SCROLL_WRITE(&run->scroll, 0, thread_sql, store_text(run->org), store_text(run->thread),
		     store_int((int64_t)clock_wall_ns()), store_int((int64_t)last));
}

/* The event that ends it, the thread's count and the row in one batch: all of it, or none. */
static void write_end(struct run *run, const char *type, json_t *data, const struct ending *ending)
{
	const json_t *report = ending->report;
	double confidence = json_get_number(report, "confidence", 0);
	struct spent spent = run_spent(run);

	if (run->state == RUN_WAITING)
		run_leave_queue(run);
	run->state = RUN_ENDING;
	tally_add(&run->inquiries->tally, run->inquiries->config.models,
		  &(struct tally_end) {
			  .engine = run_engine(run),
			  .outcome = json_get_text(report, "verdict", ending->state),
			  .cost_micros = spent.cost_micros,
			  .started_ns = run->started_ns,
		  });
	run_tally_tokens(run);
	scroll_hold(&run->scroll);
	run_tell(run, type, data);
	write_thread(run);
	SCROLL_WRITE(&run->scroll, 0, open_sql, store_text(run->org), store_text(run->id),
		     store_int((int64_t)clock_wall_ns()), store_int(-ECANCELED));
	SCROLL_WRITE(&run->scroll, 0, withdraw_sql, store_text(run->org), store_text(run->id),
		     store_int((int64_t)clock_wall_ns()));
	if (ending->offer)
		remedy_write(run, ending->offer);
	if (run_is_remedy(run))
		remedy_write_end(run, report, ending->error ? ending->error : ending->state);
	SCROLL_WRITE(&run->scroll, RUN_TAG_LAST, ended_sql, store_text(run->org),
		     store_text(run->id), store_text(ending->state),
		     store_int((int64_t)clock_wall_ns()), store_text(ending->error),
		     store_text(json_get_text(report, "verdict", NULL)),
		     store_text(json_get_text(report, "cause_id", NULL)),
		     report ? store_int((int64_t)(confidence * 1000 + 0.5)) : store_null(),
		     store_text(json_get_text(report, "root_cause", NULL)),
		     store_text(ending->report_text), store_text(ending->bundle_text),
		     store_int(run->n_calls), store_int(spent.tokens_in),
		     store_int(spent.tokens_out), store_int(spent.cost_micros));
	scroll_release(&run->scroll);
}

static void add_unknown(json_t *report, const char *what, const char *why, const char *host)
{
	json_t *unknowns = json_object_get(report, "unknowns");
	json_t *unknown = json_pack("{s:o, s:o, s:s}", "what", json_text(what, strlen(what)), "why",
				    json_text(why, strlen(why)), "evidence", "");

	if (host)
		json_put(unknown, "host", json_text(host, strlen(host)));
	json_push(unknowns, unknown);
}

/* What could not be asked: hosts that were not there, and parts of the request. */
static void add_unknowns(const struct run *run, json_t *report)
{
	const json_t *note;
	size_t i;

	if (!json_is_array(json_object_get(report, "unknowns")))
		json_put(report, "unknowns", json_array());
	for (unsigned k = 0; k < run->n_legs; k++) {
		const struct leg *leg = &run->legs[k];

		if (leg->why.code)
			add_unknown(report, leg->host, leg->why.text, leg->host);
	}
	json_array_foreach(json_object_get(run->request, "notes"), i, note) add_unknown(
		report, json_get_text(note, "what", ""), json_get_text(note, "why", ""), NULL);
}

static void add_claims(struct buf *text, const json_t *report)
{
	const json_t *hypothesis = json_array_get(json_object_get(report, "hypotheses"), 0);
	const json_t *claim;
	size_t i;

	json_array_foreach(json_object_get(hypothesis, "for"), i, claim)
	{
		if (i == MAX_CLAIMS)
			break;
		buf_add_format(text, "- %s (%s)\n", json_get_text(claim, "says", ""),
			       json_get_text(claim, "evidence", ""));
	}
}

/* The answer in words, for who shows nothing else. */
static json_t *text_of(const json_t *report)
{
	CLEANUP(buf) struct buf text = { 0 };
	const json_t *remedy, *unknowns = json_object_get(report, "unknowns");
	size_t i;

	buf_init(&text, TEXT_BYTES);
	buf_add_format(&text, "%s\n\nVerdict: %s, confidence %.0f %%\n",
		       json_get_text(report, "root_cause", ""),
		       json_get_text(report, "verdict", ""),
		       json_get_number(report, "confidence", 0) * 100);
	if (strcmp(json_get_text(report, "verdict", ""), "cause-found") == 0)
		add_claims(&text, report);
	json_array_foreach(json_object_get(report, "remedies"), i, remedy)
		buf_add_format(&text, "Remedy: %s\n", json_get_text(remedy, "statement", ""));
	if (json_array_size(unknowns))
		buf_add_format(&text, "%zu things could not be read.\n", json_array_size(unknowns));
	return json_text(text.data, text.len);
}

/* A case may be too large for its frame: then its report stands alone. */
static json_t *finished_of(const struct leg *leg)
{
	json_t *finished = leg->bundle
				   ? json_copy(leg->bundle)
				   : json_pack("{s:s, s:i}", "host", leg->host, "last_earlier", 1);

	json_put(finished, "report", json_incref(leg->report));
	return finished;
}

/* A new reference; NULL where no host has one, or with 'err' where they cannot be joined. */
static json_t *joint_report(const struct run *run, struct error *err)
{
	CLEANUP(json) json_t *cases = json_array();
	CLEANUP(json) json_t *joint = NULL;

	for (unsigned i = 0; i < run->n_legs; i++)
		if (run->legs[i].report)
			json_push(cases, finished_of(&run->legs[i]));
	if (json_array_size(cases) == 0)
		return NULL;
	if (json_array_size(cases) == 1)
		return json_deep_copy(json_object_get(json_array_get(cases, 0), "report"));
	joint = joint_case(cases, err);
	return joint ? json_incref(json_object_get(joint, "report")) : NULL;
}

/* One host's case, which can be replayed, or those of several in a list. */
static char *bundle_of(const struct run *run)
{
	CLEANUP(json) json_t *cases = json_array();
	CLEANUP(json) json_t *list = NULL;

	for (unsigned i = 0; i < run->n_legs; i++)
		if (run->legs[i].bundle)
			json_push(cases, json_incref(run->legs[i].bundle));
	if (json_array_size(cases) == 0)
		return NULL;
	if (run->n_legs == 1)
		return json_canonical(json_array_get(cases, 0));
	list = json_pack("{s:O}", "cases", cases);
	return json_canonical(list);
}

static json_t *whole_report(const struct run *run, struct error *err)
{
	uint64_t now_ns = clock_wall_ns();
	uint64_t fired_ns = (uint64_t)json_get_int(run->request, "fired_at_ns", 0);
	json_t *report = joint_report(run, err);

	if (!report)
		return NULL;
	add_unknowns(run, report);
	run_add_circumstances(run, report);
	json_put(report, "engine", run_engine_report(run));
	if (fired_ns && fired_ns < now_ns)
		json_put(report, "fired_seconds_ago",
			 json_integer((json_int_t)((now_ns - fired_ns) / NS_PER_SEC)));
	json_put(report, "elapsed_ms",
		 json_integer(now_ns > run->started_ns
				      ? (json_int_t)((now_ns - run->started_ns) / NS_PER_MS)
				      : 0));
	return report;
}

void run_conclude(struct run *run)
{
	CLEANUP(json) json_t *report = NULL;
	CLEANUP(text) char *text = NULL;
	CLEANUP(text) char *bundle = NULL;
	struct error err = { 0 };
	struct run *offer;
	json_t *data;

	if (run->state == RUN_ENDING)
		return;
	report = whole_report(run, &err);
	if (!report) {
		run_fail(run, err.code ? err.text : run->legs[0].why.text);
		return;
	}
	step_reached("inquiry-concluding");
	for (unsigned i = 0; i < run->n_legs; i++)
		record_refusals_of_report(&run->legs[i]);
	offer = remedy_offer(run, report);
	run_halt(run);
	text = report_format(report);
	bundle = bundle_of(run);
	data = json_pack("{s:o, s:b, s:s, s:s, s:O}", "text", text_of(report), "success", 1,
			 "subtype", "success", "investigation_id", run->id, "report", report);
	write_end(run, "result", data,
		  &(struct ending) { .state = "done",
				     .report = report,
				     .report_text = text,
				     .bundle_text = bundle,
				     .offer = offer });
}

void run_fail(struct run *run, const char *sentence)
{
	char why[ERROR_TEXT_BYTES];

	if (run->state == RUN_ENDING)
		return;
	text_format(why, sizeof(why), "%s", sentence);
	run_halt(run);
	write_end(run, "error",
		  json_pack("{s:o, s:b, s:s}", "message", json_text(why, strlen(why)),
			    "recoverable", 0, "investigation_id", run->id),
		  &(struct ending) { .state = "failed", .error = why });
}

void run_end_interrupted(struct run *run)
{
	if (run->state == RUN_ENDING)
		return;
	run_halt(run);
	run_think(run, "Interrupted: no call runs on, what was read stays in the thread.");
	write_end(run, "result",
		  json_pack("{s:s, s:b, s:s, s:s}", "text", "The investigation was interrupted.",
			    "success", 1, "subtype", "interrupted", "investigation_id", run->id),
		  &(struct ending) { .state = "interrupted" });
}
