#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "courier/call_internal.h"

#define HELD_MAX_BYTES (4 * COURIER_WINDOW_BYTES)
#define CREDIT_BYTES (COURIER_WINDOW_BYTES / 4)

static struct courier_call *call_new(struct courier *courier, size_t n_bytes, void *data)
{
	struct courier_call *call = calloc(1, sizeof(*call));

	if (!call)
		abort();
	*call = (struct courier_call) {
		.courier = courier,
		.id = ++courier->last_id,
		.data = data,
		.n_bytes = n_bytes,
	};
	buf_init(&call->held, HELD_MAX_BYTES);
	TAILQ_INSERT_TAIL(&courier->calls, call, link);
	courier->n_open++;
	courier->n_open_bytes += n_bytes;
	return call;
}

void call_free(struct courier_call *call)
{
	struct courier *courier = call->courier;

	TAILQ_REMOVE(&courier->calls, call, link);
	courier->n_open--;
	courier->n_open_bytes -= call->n_bytes;
	if (courier->current == call)
		courier->current = NULL;
	buf_finish(&call->held);
	free(call);
}

/* Told from the loop, never before the caller has its pointer. */
static void fail_later(struct courier_call *call, const struct error *err)
{
	call->why = *err;
	event_active(&call->courier->deliver, EV_TIMEOUT, 0);
}

static int check_room(const struct courier *courier, struct error *err)
{
	if (courier->n_open > COURIER_MAX_OPEN || courier->n_open_bytes > COURIER_MAX_OPEN_BYTES)
		return error_set(err, -EBUSY, "%u requests with %zu KiB are under way",
				 courier->n_open - 1, courier->n_open_bytes / KIB);
	return 0;
}

struct courier_call *courier_request(struct courier *courier, const struct courier_request *request,
				     const struct courier_handlers *handlers, void *data)
{
	struct courier_call *call = call_new(courier, request->n_body, data);
	const struct parcel_request parcel = {
		.request = *request,
		.proxy = courier->proxy,
		.no_proxy = courier->no_proxy,
	};
	struct error err = { 0 };
	struct buf message;

	call->handlers = handlers;
	if (parcel_check_request(request, &err) < 0 || check_room(courier, &err) < 0 ||
	    courier_wake(courier, &err) < 0) {
		fail_later(call, &err);
		return call;
	}
	parcel_make_room(&message, request->n_body);
	parcel_encode_request(&message, call->id, &parcel);
	courier_send(courier, &message);
	return call;
}

struct courier_call *courier_send_mail(struct courier *courier, const struct courier_mail *mail,
				       courier_mail_done *done, void *data)
{
	struct courier_call *call = call_new(courier, mail->n_message, data);
	struct error err = { 0 };
	struct buf message;

	call->mail_done = done;
	if (parcel_check_mail(mail, &err) < 0 || check_room(courier, &err) < 0 ||
	    courier_wake(courier, &err) < 0) {
		fail_later(call, &err);
		return call;
	}
	parcel_make_room(&message, mail->n_message);
	parcel_encode_mail(&message, call->id, mail);
	courier_send(courier, &message);
	return call;
}

void courier_cancel(struct courier_call *call)
{
	struct courier *courier = call->courier;
	struct buf message = { 0 };

	if (call->why.code == 0 && courier->stream) {
		buf_init(&message, KIB);
		parcel_encode_empty(&message, call->id, PARCEL_CANCEL);
		courier_send(courier, &message);
	}
	call_free(call);
	courier_rest(courier);
}

void courier_pause(struct courier_call *call)
{
	call->is_paused = true;
}

void courier_resume(struct courier_call *call)
{
	call->is_paused = false;
	event_active(&call->courier->deliver, EV_TIMEOUT, 0);
}

static void finish(struct courier_call *call, const struct parcel_end *end)
{
	struct courier_call copy = *call;
	const struct error *err = end->err.code ? &end->err : NULL;

	call_free(call);
	courier_rest(copy.courier);
	if (copy.handlers)
		copy.handlers->end(err, copy.data);
	else
		copy.mail_done(end->receipts, end->n_receipts, err, copy.data);
}

static int tell_head(struct courier_call *call, struct str body)
{
	struct parcel_head head;

	if (!call->handlers || parcel_decode_head(body, &head) < 0)
		return -EBADMSG;
	if (call->handlers->head)
		call->handlers->head(&head.head, call->data);
	return 0;
}

static void give_credit(struct courier_call *call)
{
	struct buf message;

	if (call->n_owed < CREDIT_BYTES || !call->courier->stream || call->why.code)
		return;
	buf_init(&message, KIB);
	parcel_encode_credit(&message, call->id, call->n_owed);
	call->n_owed = 0;
	courier_send(call->courier, &message);
}

static int tell_chunk(struct courier_call *call, struct str body)
{
	struct courier *courier = call->courier;

	if (!call->handlers || body.len > PARCEL_CHUNK_MAX_BYTES)
		return -EBADMSG;
	if (call->handlers->body)
		call->handlers->body(body.data, body.len, call->data);
	if (courier->current != call)
		return 0;
	call->n_owed += (uint32_t)body.len;
	give_credit(call);
	return 0;
}

static int tell_end(struct courier_call *call, struct str body)
{
	static struct parcel_end end; /* large; handlers do not come back here */

	if (parcel_decode_end(body, &end) < 0)
		return -EBADMSG;
	if (!call->handlers && !end.err.code && !end.n_receipts)
		return -EBADMSG;
	finish(call, &end);
	return 0;
}

/* The call may be gone afterwards. */
static int tell(struct courier_call *call, const struct parcel *parcel)
{
	struct courier *courier = call->courier;
	int r = -EBADMSG;

	courier->current = call;
	if (parcel->type == PARCEL_HEAD)
		r = tell_head(call, parcel->body);
	else if (parcel->type == PARCEL_CHUNK)
		r = tell_chunk(call, parcel->body);
	else if (parcel->type == PARCEL_END)
		r = tell_end(call, parcel->body);
	return r;
}

static struct courier_call *find(struct courier *courier, uint64_t id)
{
	struct courier_call *call;

	TAILQ_FOREACH(call, &courier->calls, link)
	if (call->id == id)
		return call;
	return NULL;
}

static int hold(struct courier_call *call, const struct parcel *parcel)
{
	uint32_t size = (uint32_t)(sizeof(uint8_t) + sizeof(parcel->id) + parcel->body.len);
	uint8_t type = (uint8_t)parcel->type;

	buf_add(&call->held, &size, sizeof(size));
	buf_add(&call->held, &type, sizeof(type));
	buf_add(&call->held, &parcel->id, sizeof(parcel->id));
	buf_add(&call->held, parcel->body.data, parcel->body.len);
	return call->held.dropped ? -EBADMSG : 0; /* more than its credit */
}

int call_take(struct courier *courier, const struct parcel *parcel)
{
	struct courier_call *call = find(courier, parcel->id);

	if (parcel->type < PARCEL_HEAD)
		return -EBADMSG;
	if (!call || call->why.code) /* cancelled a moment ago, or told otherwise */
		return 0;
	if (call->is_paused || call->held.len)
		return hold(call, parcel);
	return tell(call, parcel);
}

/* One that holds its own end has had it. */
static bool has_end(const struct courier_call *call)
{
	const char *at = buf_text(&call->held), *end = at + call->held.len;
	struct parcel parcel;
	ssize_t n;

	while ((n = parcel_decode(at, (size_t)(end - at), &parcel)) > 0) {
		if (parcel.type == PARCEL_END)
			return true;
		at += n;
	}
	return false;
}

void call_fail_all(struct courier *courier, const struct error *err)
{
	struct courier_call *call;

	TAILQ_FOREACH(call, &courier->calls, link)
	if (!call->why.code && !has_end(call))
		fail_later(call, err);
}

/* Tells one thing. False if there is none, or the call is gone. */
static bool deliver_one(struct courier *courier, struct courier_call *call)
{
	static struct parcel_end failed;
	struct buf held = call->held;
	struct parcel parcel;
	ssize_t n = parcel_decode(buf_text(&held), held.len, &parcel);

	courier->current = call;
	if (call->is_paused)
		return false;
	if (n > 0) {
		/* The message is ours while the call may go away. */
		buf_init(&call->held, HELD_MAX_BYTES);
		buf_add(&call->held, held.data + n, held.len - (size_t)n);
		if (tell(call, &parcel) < 0)
			(void)error_set(&call->why, -EIO, "constable-courier talked nonsense");
		buf_finish(&held);
	} else if (call->why.code) {
		failed = (struct parcel_end) { .err = call->why };
		finish(call, &failed);
	}
	return courier->current == call && n > 0;
}

void call_deliver(struct courier *courier)
{
	uint64_t last_id = courier->last_id, id = 0;
	struct courier_call *call;

	/* By ids, in the order of starting: any handler may end any call. */
	do {
		TAILQ_FOREACH(call, &courier->calls, link)
		if (call->id > id)
			break;
		if (!call || call->id > last_id)
			return;
		id = call->id;
		while (deliver_one(courier, call))
			;
	} while (true);
}
