/* What a status and a failure of libcurl are in our own codes, and how a stream is read. */
#pragma once

#include <curl/curl.h>

#include "net/fetch.h"

int fetch_status_code(unsigned status);
int fetch_failure_code(CURLcode failure);
/* The status by which the proxy refused to open a tunnel. */
int fetch_blame_proxy(unsigned status, struct error *err);

void fetch_add_header(struct curl_slist **headers, const char *line);

/* An answer that is handed on as it comes. */
struct fetch_stream {
	int (*bytes)(const char *bytes, size_t len, void *data, struct error *err);
	void *data;
	uint64_t heard_ns;
	struct error stopped; /* why it was ended here */
};

void fetch_stream_begin(struct fetch_stream *stream, const struct fetch_request *request,
			CURL *easy);
/* Whether what comes now is the stream, and no answer that says what is wrong. */
bool fetch_stream_takes(const struct fetch_stream *stream, CURL *easy);
/* For CURLOPT_WRITEFUNCTION. */
size_t fetch_stream_take(struct fetch_stream *stream, const char *bytes, size_t len);
/* A copy of these headers, and Last-Event-ID. */
struct curl_slist *fetch_stream_headers(const struct curl_slist *headers,
					const char *last_event_id);
