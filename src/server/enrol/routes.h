/* The tables of routes whose handlers lie in this folder. */
#pragma once

#include "server/api/route.h"

extern const struct route routes_register[];
extern const struct route routes_renewal[];
extern const struct route routes_device[];
extern const struct route routes_device_page[];
extern const struct route routes_actions[];
extern const struct route routes_install[];
