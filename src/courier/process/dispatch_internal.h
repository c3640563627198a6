/*
 * The work of constable-courier: one loop over the user's socket and all transfers.
 *
 * A transfer is one request or mail under way. It owns the message that it came in, which is
 * wiped with it, and says everything to the user through 'out'.
 */
#pragma once

#include <curl/curl.h>

#include "courier/parcel.h"
#include "courier/process/egress.h"

#define DISPATCH_MAX_TRANSFERS COURIER_MAX_OPEN
#define DISPATCH_OUT_HIGH_BYTES (2 * MIB) /* said and not read: who receives has to wait */
#define DISPATCH_OUT_LOW_BYTES (512 * KIB)
#define DISPATCH_OUT_MAX_BYTES (128 * MIB)
#define TRANSFER_SOCKETS 8

struct transfer;

struct dispatch {
	CURLM *multi;
	struct buf out;
	size_t n_sent; /* of 'out' */
	struct transfer *transfers;
	unsigned n_open;
	bool is_stale;
};

/* What a mail has besides. */
struct mailing {
	size_t at;     /* in the message */
	char before;   /* the byte before */
	bool owes_lf;  /* a CR went out for a lone CR or LF */
	int recipient; /* who is asked about now, or -1 */
	unsigned n_asked;
	struct parcel_end end;
	char texts[COURIER_MAX_RECIPIENTS][204];
	char last[204]; /* what the server said last */
	int sockets[TRANSFER_SOCKETS];
};

struct transfer {
	struct dispatch *dispatch;
	struct transfer *next;
	uint64_t id;
	char *message;
	size_t n_message;
	CURL *easy;
	CURLU *url;
	struct curl_slist *lines; /* headers, or recipients */
	struct parcel_request request;
	struct parcel_mail mail;
	struct mailing *mailing; /* NULL: a request */
	struct courier_policy policy;
	struct courier_limits limits;
	enum egress_way way;
	char host[256];
	struct error refused; /* what we ourselves ended it for */
	unsigned n_tried;     /* addresses */
	char failure[CURL_ERROR_SIZE];
	uint64_t started_ns, moved_ns;
	curl_off_t n_moved;
	uint64_t window, n_received;
	size_t n_header_bytes;
	bool has_answered, has_said_head, is_paused;
};

/* Until the user closes its end: 0, or a negative errno. */
int dispatch_run(int user, struct error *err) MUST_CHECK;

/* One that begins: what has no room or no sense is answered at once. Owns 'message'. */
void transfer_start(struct dispatch *dispatch, const struct parcel *parcel, char *message,
		    size_t n_message);

/* Says its end, if 'err' is not NULL, and forgets it. */
void transfer_finish(struct transfer *transfer, const struct error *err);
void transfer_done(struct transfer *transfer, CURLcode result);
void transfer_credit(struct transfer *transfer, uint32_t bytes);
void transfer_resume(struct transfer *transfer);

/* Looks whether bytes moved; the instant at which it will be late, with why. */
uint64_t transfer_due_ns(struct transfer *transfer, uint64_t now_ns, const char **why_out);

/* Options of one kind; 0, or -EINVAL or -EACCES. */
int request_prepare(struct transfer *transfer, struct error *err) MUST_CHECK;
int mailing_prepare(struct transfer *transfer, struct error *err) MUST_CHECK;

/* Its sockets: libcurl is told nothing more by the server, so it waits for nothing. */
void mailing_note_socket(struct mailing *mailing, int fd);
void mailing_hang_up(const struct mailing *mailing);

/* For requests: the answer's head, if it is not said yet. */
void request_say_head(struct transfer *transfer);

/* For options whose refusal means that libcurl was built without them. */
void transfer_set(const struct transfer *transfer, CURLoption option, const void *value);
void transfer_set_number(const struct transfer *transfer, CURLoption option, long value);
void transfer_add_line(struct transfer *transfer, const char *line);

/* A failure of libcurl as a code and a sentence. */
int failure_judge(const struct transfer *transfer, CURLcode result, struct error *err);

/* Printable ASCII; what is not becomes '?'. */
void failure_clean(const char *text, size_t len, char *clean_out, size_t size);
