/*
 * What the hub asks of enrolment: renewal over the link, and hosts that come to /agent/ws
 * with an API key and a customer id ("used once, then mTLS").
 */
#pragma once

#include "server/hub/hub.h"

/* For struct hub_config; 'data' is the struct api. */
void link_enrol_renew(struct hub_question *question, void *data);
void link_enrol_login(struct hub_question *question, void *data);
