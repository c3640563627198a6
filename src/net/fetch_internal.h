/* What a status and a failure of libcurl are in our own codes, see fetch.h. */
#pragma once

#include <curl/curl.h>

#include "base/error.h"

int fetch_status_code(unsigned status);
int fetch_failure_code(CURLcode failure);
/* The status by which the proxy refused to open a tunnel. */
int fetch_blame_proxy(unsigned status, struct error *err);
