/* The parts of the bus: its connection (bus.c), what waits (bus_queue.c), its settings and
 * signals. */
#pragma once

#include "agent/bus.h"

/* bus_queue.c */
void bus_hand_over(struct bus *bus);
/* The server has what it was asked about. */
void bus_confirm(struct bus *bus);
/* Nothing is handed over any more: the next connection gets all that waits. */
void bus_take_back(struct bus *bus);
void bus_forget_all(struct bus *bus);

/* bus_signal.c: from the orchestrator, or from whoever may publish there. */
void bus_take_signal(struct bus *bus, struct str payload);
void bus_forget_signals(struct bus *bus);
