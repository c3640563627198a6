/* All inquiries of a server: the runs, who watches, and the starter. */
#pragma once

#include "server/inquiry/appeal_internal.h"
#include "server/inquiry/leg_internal.h"
#include "server/inquiry/person.h"
#include "server/inquiry/tally.h"

struct inquiries {
	struct inquiry_config config;
	char owner[INQUIRY_ID_BYTES];
	struct starter starter;
	struct event *starter_gone;
	struct run *runs, **last_run; /* in the order in which they may start */
	struct inquiry_watch *watches;
	struct order *orders;    /* to other servers */
	struct event *elsewhere; /* looks at what they do */
	uint64_t elsewhere_ticket;
	struct creation *creations; /* on their way into the store */
	struct giving *givings;     /* answers, too */
	struct tools_question *tools_questions;
	uint64_t next_number;
	int64_t last_created;
	uint64_t resume_ticket;
	bool is_stopped, has_resumed, must_resume;
	struct inquiry_counters {
		uint64_t running, waiting, watchers, investigators;
		uint64_t resumed, calls, replayed;
	} counters;
	struct tally tally;
	struct day day;
	struct redactor *redactor; /* or NULL */
};

/* For what crosses to and from MCP servers of others. */
struct redactor;
struct redactor *inquiries_redactor(struct inquiries *inquiries);

/* create.c: of a request that is not in the store, among no others; and the time of its row. */
struct run *run_of_request(struct inquiries *inquiries, const struct inquiry_request *request);
int64_t inquiries_next_created(struct inquiries *inquiries);
void creations_drop(struct inquiries *inquiries);
/* appeal_give.c: whoever answered still hears of it. */
void givings_drop(struct inquiries *inquiries);
/* leg.c: the hub may still answer; nobody hears it then. */
void tools_questions_drop(struct inquiries *inquiries);

/* watch.c: an event of a run is in the store; and it has ended. */
void watches_tell(struct inquiries *inquiries, const struct run *run,
		  const struct inquiry_event *event);
void watches_end(struct inquiries *inquiries, const char *org, const char *investigation);
void watches_drop(struct inquiries *inquiries);
bool watches_any_elsewhere(const struct inquiries *inquiries);
void watches_look(struct inquiries *inquiries, const struct store_rows *rows);

/* elsewhere.c */
void elsewhere_open(struct inquiries *inquiries);
void elsewhere_stop(struct inquiries *inquiries);
/* order.c: each is answered once, by orders_stop() at the latest. */
enum order_kind {
	ORDER_INTERRUPT,
	ORDER_ANSWER,
	ORDER_GIVE, /* to one appeal: 'answers' is {"appeal", "text"}; its row has it already */
};
/* Of a thread that runs on another server. */
void order_send(struct inquiries *inquiries, enum order_kind kind, const struct inquiry_word *word);
void orders_look(struct inquiries *inquiries);
void orders_stop(struct inquiries *inquiries);
/* What others sent for our runs. */
void orders_take(struct inquiries *inquiries, const struct store_rows *rows);
extern const char orders_open_sql[];

/* A request as it is kept in the row's columns. */
json_t *request_pack(const struct inquiry_request *request);

/* model.c */
const char *run_engine(const struct run *run);
bool run_has_model(const struct run *run);
struct spent run_spent(const struct run *run);
void run_tally_tokens(const struct run *run);
/* "engine" of the report: who spoke, of each host if there are several. A new reference. */
json_t *run_engine_report(const struct run *run);
