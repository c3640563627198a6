#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "courier/process/dispatch_internal.h"
#include "courier/process/walls_internal.h"

#define MAX_CONNECTIONS 32L /* kept for the next request */
#define LONGEST_MS 60000
#define MESSAGES_AT_ONCE 64

/* The message that is being read: its size first, then all of it. */
struct inbox {
	uint32_t size;
	char *message; /* with its size in front */
	size_t n;      /* bytes of it that are there */
};

static struct transfer *find(struct dispatch *dispatch, uint64_t id)
{
	struct transfer *transfer = dispatch->transfers;

	while (transfer && transfer->id != id)
		transfer = transfer->next;
	return transfer;
}

static int take_credit(struct dispatch *dispatch, const struct parcel *parcel)
{
	struct transfer *transfer = find(dispatch, parcel->id);
	uint32_t bytes;
	int r = parcel_decode_credit(parcel->body, &bytes);

	if (r == 0 && transfer)
		transfer_credit(transfer, bytes);
	return r;
}

/* Owns 'message', which the parcel points into. -EBADMSG: the user talks nonsense. */
static int take_message(struct dispatch *dispatch, char *message, size_t size)
{
	struct parcel parcel;
	int r = parcel_decode(message, size, &parcel) == (ssize_t)size ? 0 : -EBADMSG;
	struct transfer *transfer = r == 0 ? find(dispatch, parcel.id) : NULL;

	if (r == 0 && (parcel.type == PARCEL_REQUEST || parcel.type == PARCEL_MAIL) && !transfer) {
		transfer_start(dispatch, &parcel, message, size);
		return 0;
	}
	if (r == 0 && parcel.type == PARCEL_CREDIT)
		r = take_credit(dispatch, &parcel);
	else if (r == 0 && parcel.type != PARCEL_CANCEL)
		r = -EBADMSG;
	else if (r == 0 && transfer)
		transfer_finish(transfer, NULL);
	explicit_bzero(message, size);
	free(message);
	return r;
}

/* 1 when 'size' bytes are there, 0 when not yet, -EPIPE at the end. */
static int read_some(int user, void *bytes, size_t size, size_t *n)
{
	while (*n < size) {
		ssize_t got = recv(user, (char *)bytes + *n, size - *n, MSG_DONTWAIT);

		if (got == 0)
			return -EPIPE;
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (got < 0)
			return -errno;
		*n += (size_t)got;
	}
	return 1;
}

/* The size is known before there is room for the rest: so there is one copy to wipe. */
static int read_message(int user, struct inbox *inbox)
{
	int r;

	if (!inbox->message) {
		r = read_some(user, &inbox->size, sizeof(inbox->size), &inbox->n);
		if (r <= 0)
			return r;
		if (inbox->size > PARCEL_MAX_BYTES)
			return -EBADMSG;
		inbox->message = malloc(sizeof(inbox->size) + inbox->size);
		if (!inbox->message)
			abort();
		memcpy(inbox->message, &inbox->size, sizeof(inbox->size));
	}
	return read_some(user, inbox->message, sizeof(inbox->size) + inbox->size, &inbox->n);
}

static int read_messages(struct dispatch *dispatch, int user, struct inbox *inbox)
{
	for (unsigned i = 0; i < MESSAGES_AT_ONCE; i++) {
		struct inbox whole;
		int r = read_message(user, inbox);

		if (r <= 0)
			return r;
		whole = *inbox;
		*inbox = (struct inbox) { 0 };
		r = take_message(dispatch, whole.message, whole.n);
		if (r < 0)
			return r;
	}
	return 0;
}

static int flush(struct dispatch *dispatch, int user)
{
	struct buf *out = &dispatch->out;

	while (dispatch->n_sent < out->len) {
		ssize_t n = send(user, out->data + dispatch->n_sent, out->len - dispatch->n_sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0)
			return -EPIPE;
		dispatch->n_sent += (size_t)n;
	}
	memmove(out->data ? out->data : "", out->data ? out->data + dispatch->n_sent : "",
		out->len - dispatch->n_sent);
	out->len -= dispatch->n_sent;
	dispatch->n_sent = 0;
	return 0;
}

static void collect(struct dispatch *dispatch)
{
	const CURLMsg *message;
	int n_left;

	while ((message = curl_multi_info_read(dispatch->multi, &n_left))) {
		struct transfer *transfer = NULL;
		CURLcode result = message->data.result;

		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		transfer_done(transfer, result);
	}
}

/* Ends what is late; how long nothing else will be. */
static int expire(struct dispatch *dispatch)
{
	uint64_t now_ns = clock_monotonic_ns(), first_ns = now_ns + LONGEST_MS * NS_PER_MS;
	struct transfer *next;

	for (struct transfer *at = dispatch->transfers; at; at = next) {
		struct error err = { 0 };
		const char *why;
		uint64_t due_ns = transfer_due_ns(at, now_ns, &why);

		next = at->next;
		if (due_ns > now_ns) {
			first_ns = due_ns < first_ns ? due_ns : first_ns;
			continue;
		}
		(void)error_set(&err, -ETIMEDOUT, "%s %s", at->host, why);
		transfer_finish(at, &err);
	}
	return (int)((first_ns - now_ns) / NS_PER_MS + 1);
}

static void resume(struct dispatch *dispatch)
{
	struct transfer *next;

	for (struct transfer *at = dispatch->transfers; at; at = next) {
		next = at->next;
		if (dispatch->out.len < DISPATCH_OUT_LOW_BYTES)
			transfer_resume(at);
	}
}

static void look_at_walls(struct dispatch *dispatch)
{
	if (dispatch->is_stale || !walls_are_stale())
		return;
	dispatch->is_stale = true;
	parcel_encode_empty(&dispatch->out, 0, PARCEL_STALE);
}

/* What there is to do without waiting, and for how long to wait then. */
static int turn(struct dispatch *dispatch, int user, int *wait_ms_out)
{
	int n_running, r;

	if (curl_multi_perform(dispatch->multi, &n_running) != CURLM_OK)
		abort();
	collect(dispatch);
	*wait_ms_out = expire(dispatch);
	look_at_walls(dispatch);
	r = flush(dispatch, user);
	resume(dispatch);
	return r;
}

static int serve(struct dispatch *dispatch, int user, struct inbox *inbox)
{
	int wait_ms, r = turn(dispatch, user, &wait_ms);

	while (r == 0) {
		struct curl_waitfd wait = { .fd = user, .events = CURL_WAIT_POLLIN };

		if (dispatch->out.len)
			wait.events |= CURL_WAIT_POLLOUT;
		if (curl_multi_poll(dispatch->multi, &wait, 1, wait_ms, NULL) != CURLM_OK)
			abort();
		r = read_messages(dispatch, user, inbox);
		if (r == 0)
			r = turn(dispatch, user, &wait_ms);
	}
	return r;
}

int dispatch_run(int user, struct error *err)
{
	struct dispatch dispatch = { .multi = curl_multi_init() };
	struct inbox inbox = { 0 };
	int r;

	if (!dispatch.multi ||
	    curl_multi_setopt(dispatch.multi, CURLMOPT_MAXCONNECTS, MAX_CONNECTIONS) != CURLM_OK)
		abort();
	buf_init(&dispatch.out, DISPATCH_OUT_MAX_BYTES);
	r = walls_raise(err);
	if (r < 0)
		return r;
	r = serve(&dispatch, user, &inbox);
	return r == -EPIPE ? 0 : error_set(err, r, "serve: %s", strerrordesc_np(-r));
}
