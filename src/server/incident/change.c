#include "server/incident/incident.h"

const char *incident_change_name(enum incident_change change)
{
	static const char *const names[] = { "opened", "joined", "reopened", "resolved", "merged" };

	return names[change];
}
