/*
 * Who sent a request to an integration, which {integration_id} names: proven by its secret. First
 * step of every handler that systems outside deliver to.
 */
#pragma once

#include "server/alert/secret.h"
#include "server/api/exchange.h"

struct sender {
	enum alert_kind kind;
	enum secret_verdict verdict;
	const char *signature; /* the field of the request, or NULL */
	json_t *settings;      /* a reference of its own, or NULL */
};

/* SECRET_PROVEN and SECRET_SIGNED are good; sender_refuse() answers all others. */
void sender_find(struct exchange *exchange, exchange_done *done);
/* Of what came back; fills caller.org as well. */
void sender_judge(struct exchange *exchange, const struct store_result *result,
		  struct sender *sender_out);
void sender_finish(struct sender *sender);
/* 401, or 429 for who tries too often. */
void sender_refuse(struct exchange *exchange, enum secret_verdict verdict);

/* A step that notes when the integration was heard last; 'room' lives until it is submitted. */
#define SENDER_TOUCH_PARAMS 4
struct store_step sender_touch_step(struct exchange *exchange,
				    struct store_value room[SENDER_TOUCH_PARAMS]);
