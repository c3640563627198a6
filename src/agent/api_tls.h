/* The local API's certificate, and the CAs that vouch for its clients. */
#pragma once

#include "agent/api.h"

/* As the settings say; nothing where they name no certificate. Sets 'reach' of the site. */
int api_tls_start(struct api *api, struct error *err) MUST_CHECK;
void api_tls_finish(struct api *api);
