/* What a status and a failure of libcurl are in our own codes, see fetch.h. */
#pragma once

#include <curl/curl.h>

int fetch_status_code(unsigned status);
int fetch_failure_code(CURLcode failure);
