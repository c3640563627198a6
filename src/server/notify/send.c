/* Putting a delivery into the outbox, and removing what ended long ago. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "identity/token.h"
#include "server/notify/outbox_internal.h"
#include "server/notify/send.h"

static const char room_sql[] =
	"SELECT CAST(1 AS BIGINT) FROM (SELECT count(*) AS n FROM deliveries WHERE org = $1 "
	"AND state = 'waiting') w WHERE w.n >= $2";
static const char message_sql[] =
	"INSERT INTO deliveries (org, id, destination, incident, seq, event, part, state, created, "
	"due, document) SELECT $1, $2, t.id, $4, CAST($5 AS BIGINT), $6, CASE WHEN $6 = 'appeal' "
	"THEN 'appeal' ELSE 'message' END, 'waiting', CAST($7 AS BIGINT), CAST($7 AS BIGINT), $8 "
	"FROM destinations t WHERE t.org = $1 AND t.id = $3 AND t.removed IS NULL";
/* A report is more than fits a message: what follows it is a delivery of its own. */
static const char follow_up_sql[] =
	"INSERT INTO deliveries (org, id, destination, incident, seq, event, part, state, created, "
	"due, document) SELECT $1, $2, t.id, $4, CAST($5 AS BIGINT), $6, t.follow_up, 'waiting', "
	"CAST($7 AS BIGINT), CAST($7 AS BIGINT), $8 "
	"FROM destinations t WHERE t.org = $1 AND t.id = $3 AND t.follow_up IS NOT NULL";
static const char forget_sql[] = "DELETE FROM deliveries WHERE finished < $1";
static const char forget_references_sql[] = "DELETE FROM delivery_references WHERE updated < $1";

/* It grows also when the clock steps back, and when two come within a tick. */
static int64_t next_seq(struct outbox *outbox)
{
	int64_t now = outbox_now(outbox);

	outbox->last_seq = now > outbox->last_seq ? now : outbox->last_seq + 1;
	return outbox->last_seq;
}

static void make_id(char id[OUTBOX_ID_BYTES])
{
	char nonce[NONCE_TEXT_BYTES];

	text_format(id, OUTBOX_ID_BYTES, "dlv_%.24s", nonce_make(nonce));
}

static void fill(struct outbox *outbox, const struct outbox_message *message,
		 struct store_value params[8])
{
	params[0] = store_text(message->org);
	params[2] = store_text(message->destination);
	params[3] = store_text(message->incident);
	params[4] = store_int(next_seq(outbox));
	params[5] = store_text(message->event);
	params[6] = store_int(outbox_now(outbox));
}

int send_init(struct send *send, struct outbox *outbox, const struct outbox_message *message,
	      struct error *err)
{
	bool is_report = strcmp(message->event, "report") == 0;

	*send = (struct send) { .document = json_dumps(message->document, JSON_COMPACT) };
	if (!send->document || strlen(send->document) > OUTBOX_DOCUMENT_MAX_BYTES)
		return error_set(err, -E2BIG, "the document is larger than %zu MiB",
				 OUTBOX_DOCUMENT_MAX_BYTES / MIB);
	if (!*message->incident || strlen(message->incident) >= OUTBOX_INCIDENT_BYTES ||
	    strlen(message->event) > 31)
		return error_set(err, -EINVAL, "the name of the incident or event is too long");
	make_id(send->id);
	make_id(send->follow_up_id);
	send->room[0] = store_text(message->org);
	send->room[1] = store_int(OUTBOX_MAX_WAITING);
	for (unsigned i = 0; i < (is_report ? 2 : 1); i++) {
		fill(outbox, message, send->params[i]);
		send->params[i][1] = store_text(i ? send->follow_up_id : send->id);
		send->params[i][7] = store_text(send->document);
	}
	send->steps[send->n++] = (struct store_step) { room_sql, send->room, 2, STORE_NONE };
	send->steps[send->n++] =
		(struct store_step) { message_sql, send->params[0], 8, STORE_SOME };
	if (is_report)
		send->steps[send->n++] =
			(struct store_step) { follow_up_sql, send->params[1], 8, STORE_ANY };
	return 0;
}

void send_explain(const struct error *err, struct error *why)
{
	*why = *err;
	if (err->code == -ENOENT)
		(void)error_set(why, -ENOENT, "there is no such destination");
	else if (err->code == -EEXIST)
		(void)error_set(why, -EBUSY, "%d deliveries wait already", OUTBOX_MAX_WAITING);
}

void send_finish(struct send *send)
{
	free(send->document);
	send->document = NULL;
}

void send_cleanup(struct send *send)
{
	send_finish(send);
}

/* One that was asked for by outbox_send(). */
struct sending {
	struct outbox *outbox;
	outbox_sent *done;
	void *data;
	struct event *soon; /* tells what was wrong before the store was asked */
	struct error err;
	char id[OUTBOX_ID_BYTES];
};

static void finish(struct sending *sending, const struct error *err)
{
	struct error why = { 0 };

	if (err)
		send_explain(err, &why);
	sending->done(err ? NULL : sending->id, err ? &why : NULL, sending->data);
	if (!err)
		outbox_look(sending->outbox);
	if (sending->soon)
		event_free(sending->soon);
	free(sending);
}

static void handle_stored(const struct store_result *result UNUSED, const struct error *err,
			  void *data)
{
	finish(data, err);
}

static void handle_soon(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct sending *sending = data;

	finish(sending, &sending->err);
}

static void tell_soon(struct sending *sending)
{
	const struct timeval now = { 0 };

	sending->soon = event_new(sending->outbox->config.base, -1, 0, handle_soon, sending);
	if (!sending->soon)
		abort();
	(void)event_add(sending->soon, &now);
}

void outbox_send(struct outbox *outbox, const struct outbox_message *message, outbox_sent *done,
		 void *data)
{
	CLEANUP(send) struct send send = { 0 };
	struct sending *sending = calloc(1, sizeof(*sending));

	if (!sending)
		abort();
	*sending = (struct sending) { .outbox = outbox, .done = done, .data = data };
	if (send_init(&send, outbox, message, &sending->err) < 0) {
		tell_soon(sending);
		return;
	}
	text_format(sending->id, sizeof(sending->id), "%s", send.id);
	(void)store_submit(outbox->config.store,
			   &(struct store_batch) {
				   .org = message->org,
				   .steps = send.steps,
				   .n_steps = send.n,
			   },
			   handle_stored, sending);
}

void outbox_upkeep_steps(uint64_t now_ns, struct store_value params_out[OUTBOX_UPKEEP_STEPS],
			 struct store_step steps_out[OUTBOX_UPKEEP_STEPS])
{
	params_out[0] = store_int((int64_t)(now_ns - OUTBOX_KEPT_NS));
	params_out[1] = store_int((int64_t)(now_ns - OUTBOX_REFERENCE_NS));
	steps_out[0] = (struct store_step) { forget_sql, &params_out[0], 1, STORE_ANY };
	steps_out[1] = (struct store_step) { forget_references_sql, &params_out[1], 1, STORE_ANY };
}
