/* What the messages of an incident and those of appeals share. */
#pragma once

#include "report/report.h"
#include "server/notify/kind.h"

const char *slack_text(const json_t *object, const char *key);
bool slack_is_timestamp(const char *text);
/* The channel of the incident's message, or else of the config. */
const char *slack_channel(const struct attempt *attempt);

/* Fills a request of a method of Slack's. */
void slack_method(const struct attempt *attempt, struct letter *letter, const char *method);
/*
 * Adds the channel, and the metadata that a message is found again by: of the incident, and of
 * this delivery unless that is NULL. Takes the reference.
 */
void slack_body(const struct attempt *attempt, struct letter *letter, json_t *body,
		const char *delivery);

/* Asks for the messages of the channel, or those of the thread of 'ts'. */
enum verdict slack_look(struct attempt *attempt, struct letter *letter, const char *ts);
/* The time of the message in the answer whose metadata has 'key' as 'own', or NULL. */
const char *slack_find(const json_t *answer, const char *key, const char *own);
/* What the incident's message is called there from now on. */
void slack_remember(struct attempt *attempt, const char *channel, const char *ts);

bool slack_is_passing(const char *error);
/* Whether it says that a message cannot be changed (any more). */
bool slack_is_lost(const char *error);
/* Slack said no: why, and what that means. */
enum verdict slack_refused(struct attempt *attempt, const char *error);

/* slack_appeal.c: of an attempt that is one. */
enum verdict slack_ask_appeal(struct attempt *attempt, struct letter *letter);
enum verdict slack_hear_appeal(struct attempt *attempt, const json_t *answer);
