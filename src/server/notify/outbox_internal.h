/* What the files of the outbox share: the outbox, and one delivery under way. */
#pragma once

#include <sys/queue.h>

#include "courier/courier.h"
#include "courier/mail.h"
#include "server/notify/kind.h"
#include "server/notify/meter.h"
#include "server/notify/notify.h"

/* A delivery that this server has in hand, from its claim to its recorded outcome. */
struct flight {
	struct outbox *outbox;
	TAILQ_ENTRY(flight) link;
	struct attempt attempt;
	const struct kind *kind;
	int64_t tries;
	struct courier_call *call; /* or NULL */
	uint64_t ticket;           /* at the store; 0: none */
	struct event *again;       /* while the outcome could not be recorded */
	struct letter_mail mail;

	/* The outcome. */
	enum verdict verdict;
	uint64_t asked_ns; /* Retry-After */
	bool may_have_arrived;
	unsigned n_requests;
	uint64_t begun_ns; /* monotonic; 0: nothing was sent */
};

TAILQ_HEAD(flight_list, flight);

struct outbox {
	struct outbox_config config;
	struct outbox_counters counters;
	struct meter meter;
	struct flight_list flights;
	unsigned n_flights;
	struct event *timer;
	uint64_t ticket; /* of a look at the store; 0: none */
	bool is_started;
	bool must_look; /* something changed while a look was under way */
	int64_t last_seq;
};

int64_t outbox_now(const struct outbox *outbox);

/* claim.c: takes it in hand if nobody has, and sends it. */
void outbox_claim(struct outbox *outbox, const char *org, const char *id);

/* carry.c: requests until there is a verdict. */
void flight_carry(struct flight *flight);

/* outcome.c: writes the verdict down, however long that takes, and ends the flight. */
void flight_record(struct flight *flight);
void flight_discard(struct flight *flight);
