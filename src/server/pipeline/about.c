#include "server/pipeline/about.h"

#include <string.h>

#include "server/pipeline/alert_text.h"
#include "server/pipeline/service.h"

enum fit {
	FITS_NOT,
	FITS_HOST,
	FITS_MATCHERS,
};

static enum fit fit_of(const struct service *service, const json_t *alert)
{
	char hosts[ALERT_MAX_HOSTS][ALERT_FILLED_BYTES];
	unsigned n;

	if (service_is_meant(service, alert))
		return FITS_MATCHERS;
	n = alert_hosts(alert, hosts);
	for (unsigned i = 0; i < n; i++)
		if (service_is_on(service, hosts[i]))
			return FITS_HOST;
	return FITS_NOT;
}

static size_t rank_of(const char *criticality)
{
	static const char *const ranks[] = { "low", "medium", "high", "critical" };
	size_t i = ARRAY_LEN(ranks) - 1;

	while (i && strcmp(ranks[i], criticality) != 0)
		i--;
	return i;
}

json_t *about_find(const struct store_rows *services, const json_t *alert)
{
	enum fit best_fit = FITS_NOT;
	json_t *best = NULL;

	for (unsigned row = 0; row < services->n_rows; row++) {
		CLEANUP(json)
		json_t *document = json_loads(store_text_at(services, row, 0), 0, NULL);
		struct service service = { 0 };
		struct error err = { 0 };
		const char *criticality;
		enum fit fit;

		if (service_parse(document, &service, &err) < 0)
			continue;
		fit = fit_of(&service, alert);
		criticality = json_get_text(service.document, "criticality", "");
		if (fit > best_fit ||
		    (fit && fit == best_fit &&
		     rank_of(criticality) > rank_of(json_get_text(best, "criticality", "")))) {
			json_decref(best);
			best = json_pack("{s:s, s:s}", "service", service_name(&service),
					 "criticality", criticality);
			best_fit = fit;
		}
		service_finish(&service);
	}
	return best;
}
