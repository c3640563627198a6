/* The parts of the bus: its connection (bus.c), its settings and signals. */
#pragma once

#include "agent/bus.h"

/* bus_signal.c: from the orchestrator, or from whoever may publish there. */
void bus_take_signal(struct bus *bus, struct str payload);
