/* What an nginx configuration names: is it there, and may the worker use it? */
#pragma once

#include "host/listener.h"
#include "tools/web/nginx_conf.h"
#include "tools/web/web_path.h"

/* Findings about roots, aliases, certificates, password files and log folders. */
json_t *nginx_paths_check(const struct host *host, const struct nginx_conf *conf,
			  const struct account *worker, const struct account *master);

/* [{address, file, line, ok, why?}] of proxy_pass and its kind and of upstream servers. */
json_t *nginx_upstreams_check(const struct host *host, const struct nginx_conf *conf,
			      const struct account *worker, const struct listeners *listeners);
