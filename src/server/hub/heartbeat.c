/* heartbeat, and what agents tell without being asked: metrics, findings, progress. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/merge.h"
#include "server/hub/relay_internal.h"

#define SEEN_EVERY_NS (60 * NS_PER_SEC)
#define METRICS_KEPT_NS (24 * 3600 * NS_PER_SEC)
#define METRICS_PRUNE_EVERY_NS (600 * NS_PER_SEC)
#define METRICS_MAX_BYTES (256 * KIB)
#define KIND_MAX_BYTES 64

static void save_seen(struct hub_link *link)
{
	struct hub_entry *entry = link->entry;
	struct hub_batch batch = { 0 };

	if (entry->last_seen_ns < entry->saved_seen_ns + SEEN_EVERY_NS)
		return;
	entry->saved_seen_ns = entry->last_seen_ns;
	BATCH_ADD(&batch, STORE_ANY, "UPDATE agents SET last_seen = $3 WHERE org = $1 AND id = $2",
		  store_text(entry->org), store_text(entry->agent),
		  store_int((int64_t)entry->last_seen_ns));
	hub_op_submit(hub_op_new(link->hub, entry->org, entry->agent, NULL), &batch);
}

static void save_anchor(struct hub_link *link, uint64_t seq, const char *head, const json_t *sealed)
{
	struct hub_entry *entry = link->entry;
	CLEANUP(text) char *text = json_canonical(sealed);
	struct hub_batch batch = { 0 };

	link->entry->anchor_seq = seq;
	text_format(link->entry->anchor_head, sizeof(link->entry->anchor_head), "%s", head);
	BATCH_ADD(&batch, STORE_ANY,
		  "INSERT INTO anchors (org, agent, seq, head, time, signature)"
		  " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (org, agent, seq) DO NOTHING",
		  store_text(entry->org), store_text(entry->agent), store_int((int64_t)seq),
		  store_text(head), store_int((int64_t)clock_wall_ns()), store_text(text));
	hub_op_submit(hub_op_new(link->hub, entry->org, entry->agent, NULL), &batch);
}

/* A log that only grows cannot have a lower number, nor another head for the same one. */
static void report_tampering(struct hub_link *link, uint64_t seq, const char *head)
{
	struct hub_news news = {
		.org = link->entry->org,
		.kind = "finding",
		.data = json_pack("{s:s, s:s, s:I, s:s, s:I, s:s}", "agent", link->entry->agent,
				  "finding", "audit-log-rewritten", "anchored_seq",
				  (json_int_t)link->entry->anchor_seq, "anchored_head",
				  link->entry->anchor_head, "seq", (json_int_t)seq, "head", head),
	};

	log_warn("agent %s: its audit log is not the one that was anchored", link->entry->agent);
	hub_publish(link->hub, &news, NULL, NULL);
}

static json_t *anchor(struct hub_link *link, const json_t *audit)
{
	const struct hub_config *config = &link->hub->config;
	int64_t seq = json_get_int(audit, "seq", -1);
	const char *head = json_get_text(audit, "head", "");
	json_t *sealed;

	if (!config->sign_anchor || seq <= 0 || !*head || strlen(head) >= HUB_ID_BYTES)
		return NULL;
	if ((uint64_t)seq < link->entry->anchor_seq ||
	    ((uint64_t)seq == link->entry->anchor_seq &&
	     strcmp(head, link->entry->anchor_head) != 0)) {
		report_tampering(link, (uint64_t)seq, head);
		return NULL;
	}
	if ((uint64_t)seq == link->entry->anchor_seq)
		return NULL;
	sealed = config->sign_anchor(link->entry->org, link->entry->agent, (uint64_t)seq, head,
				     config->data);
	if (sealed)
		save_anchor(link, (uint64_t)seq, head, sealed);
	return sealed;
}

void heartbeat_handle(struct hub_link *link, json_t *id, const json_t *params)
{
	char time[CLOCK_TEXT_BYTES];
	json_t *result = json_pack("{s:s}", "time", clock_format(clock_wall_ns(), time));
	json_t *sealed = anchor(link, json_object_get(params, "audit"));

	link->hub->counters.heartbeats++;
	if (sealed)
		json_put(result, "anchor", sealed);
	if (link->is_plain && !id) {
		json_put(result, "type", json_string("heartbeat_ack"));
		link_send(link, json_dumps(result, JSON_COMPACT));
		json_decref(result);
	} else {
		link_send(link, jsonrpc_format_result(id, result));
	}
	save_seen(link);
}

static void handle_saved(struct hub_op *op, const struct store_result *result UNUSED,
			 const struct error *err UNUSED)
{
	struct hub_link *link = hub_find_link(op->hub, op->org, op->agent, op->link);

	if (link)
		link_release(link);
}

static void save_metrics(struct hub_link *link, const json_t *data)
{
	struct hub_entry *entry = link->entry;
	CLEANUP(text) char *text = json_canonical(data);
	struct hub_op *op = hub_op_new(link->hub, entry->org, entry->agent, NULL);
	uint64_t now_ns = clock_wall_ns();
	struct hub_batch batch = { 0 };

	op->link = link->number;
	op->done = handle_saved;
	BATCH_ADD(&batch, STORE_ANY,
		  "INSERT INTO metrics (org, agent, time, data) VALUES ($1, $2, $3, $4)"
		  " ON CONFLICT (org, agent, time) DO NOTHING",
		  store_text(entry->org), store_text(entry->agent), store_int((int64_t)now_ns),
		  store_text(text));
	if (now_ns > entry->pruned_metrics_ns + METRICS_PRUNE_EVERY_NS) {
		entry->pruned_metrics_ns = now_ns;
		BATCH_ADD(&batch, STORE_ANY,
			  "DELETE FROM metrics WHERE org = $1 AND agent = $2 AND time < $3",
			  store_text(entry->org), store_text(entry->agent),
			  store_int((int64_t)(now_ns - METRICS_KEPT_NS)));
	}
	link_hold(link);
	hub_op_submit(op, &batch);
}

/*
 * The wire carries differences (JSON merge patches), the store whole sets: each row
 * can be read, and deleted, for itself.
 */
static void take_metrics(struct hub_link *link, const json_t *params)
{
	const json_t *data = json_object_get(params, "data");
	CLEANUP(text) char *text = NULL;

	link->hub->counters.metrics++;
	if (!link->metrics || json_get_bool(params, "full", false)) {
		json_decref(link->metrics);
		link->metrics = json_object();
	}
	json_merge(link->metrics, data);
	text = json_canonical(link->metrics);
	if (strlen(text) <= METRICS_MAX_BYTES) {
		save_metrics(link, link->metrics);
		return;
	}
	link->hub->counters.messages_bad++;
	json_decref(link->metrics);
	link->metrics = NULL;
}

void telemetry_handle(struct hub_link *link, const json_t *params)
{
	const char *kind = json_get_text(params, "kind", "");
	const json_t *data = json_object_get(params, "data");
	struct hub_news news = { .org = link->entry->org, .kind = "finding" };

	if (!json_is_object(data) || strlen(kind) >= KIND_MAX_BYTES) {
		link->hub->counters.messages_bad++;
		return;
	}
	if (strcmp(kind, "metrics") == 0) {
		if (link->hub->config.metrics_s)
			take_metrics(link, params);
		return;
	}
	news.data = json_pack("{s:s, s:s, s:O}", "agent", link->entry->agent, "finding", kind,
			      "data", data);
	hub_publish(link->hub, &news, NULL, NULL);
}

void progress_handle(struct hub_link *link, const json_t *params)
{
	const char *call = json_string_value(json_object_get(params, "progressToken"));
	CLEANUP(json) json_t *data = NULL;
	CLEANUP(text) char *text = NULL;
	struct hub_event event = { .kind = "progress", .time_ns = clock_wall_ns() };

	if (!call || !flight_find(link->entry, call))
		return;
	data = json_pack("{s:s, s:s, s:s, s:s}", "id", call, "agent", link->entry->agent, "stream",
			 json_get_text(params, "constable/stream", "note"), "text",
			 json_get_text(params, "message", ""));
	text = json_canonical(data);
	event.data = text;
	if (strlen(text) > EVENTS_DATA_MAX_BYTES)
		return;
	events_tell(link->hub, link->entry->org, &event);
	progress_relay(link->hub, link->entry->org, text);
}
