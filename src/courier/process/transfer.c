#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "courier/process/dispatch_internal.h"
#include "courier/process/walls_internal.h"

#define CONNECT_NS (10 * NS_PER_SEC)
#define FIRST_BYTE_NS (60 * NS_PER_SEC)
#define IDLE_NS (60 * NS_PER_SEC)
#define TOTAL_NS (600 * NS_PER_SEC)
#define MOST_NS (24 * 3600 * NS_PER_SEC)
#define MAX_BYTES (16 * MIB)

void transfer_set(const struct transfer *transfer, CURLoption option, const void *value)
{
	if (curl_easy_setopt(transfer->easy, option, value) != CURLE_OK)
		abort();
}

void transfer_set_number(const struct transfer *transfer, CURLoption option, long value)
{
	if (curl_easy_setopt(transfer->easy, option, value) != CURLE_OK)
		abort();
}

void transfer_add_line(struct transfer *transfer, const char *line)
{
	struct curl_slist *longer = curl_slist_append(transfer->lines, line);

	if (!longer)
		abort();
	transfer->lines = longer;
}

static int check_address(struct transfer *transfer, const struct address *address)
{
	struct error err = { 0 };
	int r = egress_check_address(&transfer->policy, transfer->way, address, &err);

	if (r < 0)
		(void)error_set(&transfer->refused, err.code, "%s: %.400s", transfer->host,
				err.text);
	return r;
}

/* Each address that libcurl is about to connect to, after the name was resolved. */
static curl_socket_t handle_socket(void *data, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct transfer *transfer = data;
	struct address address;
	int fd;

	if (purpose != CURLSOCKTYPE_IPCXN || !address_of(&to->addr, &address) ||
	    check_address(transfer, &address) < 0)
		return CURL_SOCKET_BAD;
	fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	if (fd >= 0 && transfer->mailing)
		mailing_note_socket(transfer->mailing, fd);
	transfer->n_tried++;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* And the one that it does use, since a connection may be one that another transfer made. */
static int handle_request(void *data, char *address_text, char *own UNUSED, int port UNUSED,
			  int own_port UNUSED)
{
	struct transfer *transfer = data;
	struct address address;

	if (!address_parse(address_text, &address) || check_address(transfer, &address) < 0)
		return CURL_PREREQFUNC_ABORT;
	return CURL_PREREQFUNC_OK;
}

static void set_defaults(struct courier_limits *limits)
{
	const struct {
		uint64_t *value, otherwise;
	} times[] = {
		{ &limits->connect_ns, CONNECT_NS },
		{ &limits->first_byte_ns, FIRST_BYTE_NS },
		{ &limits->idle_ns, IDLE_NS },
		{ &limits->total_ns, TOTAL_NS },
	};

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		if (!*times[i].value)
			*times[i].value = times[i].otherwise;
		if (*times[i].value > MOST_NS)
			*times[i].value = MOST_NS;
	}
	if (!limits->max_bytes)
		limits->max_bytes = MAX_BYTES;
}

/* Only those: Debian's libcurl would add the system's folder to a given list. */
static void set_trust(struct transfer *transfer, const char *ca_pem)
{
	struct curl_blob blob = { (void *)(uintptr_t)ca_pem, ca_pem ? strlen(ca_pem) : 0,
				  CURL_BLOB_NOCOPY };

	transfer_set_number(transfer, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	if (!ca_pem && walls_ca_file())
		transfer_set(transfer, CURLOPT_CAINFO, walls_ca_file());
	if (!ca_pem)
		return;
	transfer_set(transfer, CURLOPT_CAPATH, NULL);
	transfer_set(transfer, CURLOPT_CAINFO_BLOB, &blob);
}

/* Each takes its own part of the text. */
static void set_client(struct transfer *transfer, const char *client_pem)
{
	struct curl_blob blob = { (void *)(uintptr_t)client_pem,
				  client_pem ? strlen(client_pem) : 0, CURL_BLOB_NOCOPY };

	if (!client_pem)
		return;
	transfer_set(transfer, CURLOPT_SSLCERT_BLOB, &blob);
	transfer_set(transfer, CURLOPT_SSLKEY_BLOB, &blob);
}

static void set_common(struct transfer *transfer, const char *ca_pem)
{
	set_defaults(&transfer->limits);
	set_trust(transfer, ca_pem);
	transfer_set(transfer, CURLOPT_PRIVATE, transfer);
	transfer_set(transfer, CURLOPT_ERRORBUFFER, transfer->failure);
	transfer_set_number(transfer, CURLOPT_NOSIGNAL, 1);
	/* A name server that does not answer holds up nobody who gives up. */
	transfer_set_number(transfer, CURLOPT_QUICK_EXIT, 1);
	transfer_set_number(transfer, CURLOPT_CONNECTTIMEOUT_MS,
			    (long)(transfer->limits.connect_ns / NS_PER_MS + 1));
	transfer_set(transfer, CURLOPT_OPENSOCKETFUNCTION, (const void *)handle_socket);
	transfer_set(transfer, CURLOPT_OPENSOCKETDATA, transfer);
	transfer_set(transfer, CURLOPT_PREREQFUNCTION, (const void *)handle_request);
	transfer_set(transfer, CURLOPT_PREREQDATA, transfer);
}

static struct transfer *transfer_new(struct dispatch *dispatch, uint64_t id)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer)
		abort();
	*transfer = (struct transfer) {
		.dispatch = dispatch,
		.id = id,
		.easy = curl_easy_init(),
		.url = curl_url(),
		.window = COURIER_WINDOW_BYTES,
		.started_ns = clock_monotonic_ns(),
		.next = dispatch->transfers,
	};
	if (!transfer->easy || !transfer->url)
		abort();
	transfer->moved_ns = transfer->started_ns;
	dispatch->transfers = transfer;
	dispatch->n_open++;
	return transfer;
}

static int prepare(struct transfer *transfer, const struct parcel *parcel, struct error *err)
{
	int r;

	if (transfer->dispatch->n_open > DISPATCH_MAX_TRANSFERS)
		return error_set(err, -EBUSY, "%u transfers are under way",
				 transfer->dispatch->n_open - 1);
	r = parcel->type == PARCEL_MAIL ? parcel_decode_mail(parcel->body, &transfer->mail)
					: parcel_decode_request(parcel->body, &transfer->request);
	if (r < 0)
		return error_set(err, r, "the request is not understood");
	if (parcel->type == PARCEL_MAIL) {
		transfer->policy = transfer->mail.mail.policy;
		transfer->limits = transfer->mail.mail.limits;
		set_common(transfer, transfer->mail.mail.ca_pem);
		return mailing_prepare(transfer, err);
	}
	transfer->policy = transfer->request.request.policy;
	transfer->limits = transfer->request.request.limits;
	set_common(transfer, transfer->request.request.ca_pem);
	set_client(transfer, transfer->request.request.client_pem);
	return request_prepare(transfer, err);
}

void transfer_start(struct dispatch *dispatch, const struct parcel *parcel, char *message,
		    size_t n_message)
{
	struct transfer *transfer = transfer_new(dispatch, parcel->id);
	struct error err = { 0 };

	transfer->message = message;
	transfer->n_message = n_message;
	if (prepare(transfer, parcel, &err) < 0) {
		transfer_finish(transfer, &err);
		return;
	}
	if (curl_multi_add_handle(dispatch->multi, transfer->easy) != CURLM_OK)
		abort();
}

static void wipe_lines(struct curl_slist *lines)
{
	for (struct curl_slist *at = lines; at; at = at->next)
		explicit_bzero(at->data, strlen(at->data));
	curl_slist_free_all(lines);
}

static void transfer_free(struct transfer *transfer)
{
	struct transfer **at = &transfer->dispatch->transfers;

	while (*at != transfer)
		at = &(*at)->next;
	*at = transfer->next;
	transfer->dispatch->n_open--;
	if (transfer->mailing)
		mailing_hang_up(transfer->mailing);
	(void)curl_multi_remove_handle(transfer->dispatch->multi, transfer->easy);
	curl_easy_cleanup(transfer->easy);
	curl_url_cleanup(transfer->url);
	wipe_lines(transfer->lines);
	free(transfer->mailing);
	explicit_bzero(transfer->message, transfer->n_message);
	free(transfer->message);
	free(transfer);
}

void transfer_finish(struct transfer *transfer, const struct error *err)
{
	struct parcel_end end = { 0 };

	if (err) {
		if (transfer->mailing)
			end = transfer->mailing->end;
		end.err = *err;
		parcel_encode_end(&transfer->dispatch->out, transfer->id, &end);
	}
	transfer_free(transfer);
}

void transfer_done(struct transfer *transfer, CURLcode result)
{
	struct error err = { 0 };

	if (result == CURLE_OK && !transfer->mailing)
		request_say_head(transfer);
	if (result != CURLE_OK)
		(void)failure_judge(transfer, result, &err);
	transfer_finish(transfer, &err);
}

void transfer_resume(struct transfer *transfer)
{
	if (!transfer->is_paused || transfer->window < CURL_MAX_WRITE_SIZE)
		return;
	transfer->is_paused = false;
	transfer->moved_ns = clock_monotonic_ns();
	(void)curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}

void transfer_credit(struct transfer *transfer, uint32_t bytes)
{
	transfer->window += bytes;
	if (transfer->window > COURIER_WINDOW_BYTES)
		transfer->window = COURIER_WINDOW_BYTES;
	transfer_resume(transfer);
}

static void look_at_progress(struct transfer *transfer, uint64_t now_ns)
{
	curl_off_t up = 0, down = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &up);
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
	up += down + (curl_off_t)transfer->n_header_bytes;
	if (up == transfer->n_moved && !transfer->is_paused)
		return;
	transfer->n_moved = up;
	transfer->moved_ns = now_ns;
}

uint64_t transfer_due_ns(struct transfer *transfer, uint64_t now_ns, const char **why_out)
{
	const struct courier_limits *limits = &transfer->limits;
	uint64_t due_ns = transfer->started_ns + limits->total_ns;

	look_at_progress(transfer, now_ns);
	*why_out = "was not done in time";
	if (!transfer->has_answered && transfer->started_ns + limits->first_byte_ns < due_ns) {
		due_ns = transfer->started_ns + limits->first_byte_ns;
		*why_out = "did not answer in time";
	}
	if (!transfer->is_paused && transfer->moved_ns + limits->idle_ns < due_ns) {
		due_ns = transfer->moved_ns + limits->idle_ns;
		*why_out = "said nothing for too long";
	}
	return due_ns;
}
