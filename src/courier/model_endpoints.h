/*
 * The models that are configured, with their addresses and keys: models.yaml.
 *
 *	models:
 *	  - name: claude                       # what --engine and pipelines say
 *	    provider: anthropic                # openai ollama vllm llamacpp tensorzero
 *	    url: https://api.anthropic.com     # without the path; http:// is for the own network
 *	    model: claude-opus-4-6             # what the provider calls it; else the name
 *	    key_file: /etc/constable/claude.key   # 0600; or
 *	    key_variable: ANTHROPIC_API_KEY       # of the environment
 *	    context_tokens: 200000
 *	    max_output_tokens: 8000
 *	    thinking: adaptive                 # or off
 *	    images: true                       # whether it sees; of anthropic and openai: true
 *	    price: {input: 5, output: 25, cached: 0.5, written: 6.25}  # dollars per million tokens
 * The order is the one in which they stand in for each other. Keys stay here: what an
 * investigator is told has none.
 */
#pragma once

#include "base/json.h"

#define MODEL_ENDPOINTS_MAX 8
#define MODEL_KEY_MAX_BYTES (8 * KIB)

struct model_endpoint {
	const char *name, *provider, *url; /* of 'document' */
	char *key;                         /* NULL: none is sent; wiped at the end */
};

struct model_endpoints {
	struct model_endpoint items[MODEL_ENDPOINTS_MAX];
	size_t n;
	json_t *models; /* "models" of a start message: without addresses and keys */

	/* private */
	json_t *document;
};

/* A file that is not there has no models. What is wrong is named with file, line and key. */
int model_endpoints_load(struct model_endpoints *endpoints, const char *path,
			 struct error *err) MUST_CHECK;
void model_endpoints_finish(struct model_endpoints *endpoints);
void model_endpoints_cleanup(struct model_endpoints *endpoints);

/* NULL if none has that name. */
const struct model_endpoint *model_endpoints_find(const struct model_endpoints *endpoints,
						  const char *name);
