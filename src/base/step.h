/*
 * Steps of a call, so that a test can kill a process between any two of them.
 *
 * A step has a name, that of its process first: "gate-kept". step_release.c, which every product
 * executable links, does nothing; step_test.c, which only the executables of tests link,
 * ends the process at the step that its environment names.
 */
#pragma once

/* 'step' is constant. */
void step_reached(const char *step);
