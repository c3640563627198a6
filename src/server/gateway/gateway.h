/*
 * The fleet as one server of MCP (surface/mcp/http.h): the tools of an org's hosts, investigations,
 * incidents and reports, for each of its API keys.
 *
 * What a client asks becomes questions to the API from within (server/api/within.h), in the name of
 * its key: role, quota, queue, policy, approvals and audit are the same as by any other way. A tool
 * of hosts is called on those that 'host' or 'label' choose; each host is done, failed,
 * unreachable or waiting for an approval, and a result says which are missing.
 *
 * Sessions belong to a key; no other key has them, whatever its role. Limits: below, and of each
 * key those of surface/mcp.
 */
#pragma once

#include "server/api/exchange.h"

#define GATEWAY_MAX_CLIENTS 512        /* keys that have been here lately */
#define GATEWAY_MAX_CLIENTS_OF_ORG 128 /* so that no org keeps the others out */
#define GATEWAY_MAX_SESSIONS 32        /* of a key */
#define GATEWAY_MAX_CALLS 64           /* of a key at a time */
#define GATEWAY_MAX_RESULT (8 * MIB)   /* of all hosts together */
#define GATEWAY_FRESH_NS (30 * NS_PER_SEC)

struct gateway;

/* 'skills': the folder of those that we ship; -EBADMSG and the like where one is wrong. */
struct gateway *gateway_new(struct api *api, const char *skills, struct error *err);
/* Cancels what runs; before hub and listeners are freed. */
void gateway_free(struct gateway *gateway);

/* This key is revoked: its sessions and calls end. */
void gateway_forget(struct gateway *gateway, const char *org, const char *key);
/* Who asks has shown that he may; answers now or later. */
void gateway_serve(struct gateway *gateway, struct http_request *request,
		   const struct caller *caller);
