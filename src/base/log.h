/*
 * One line on standard error per event, for the person who runs the process.
 * Floors 0 to 3 never log above debug: they return their failure.
 * error: a person must act. warn: we coped. info: state changed. debug: anything.
 */
#pragma once

#include "base/base.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

void log_set(const char *program, enum log_level ceiling);
/* From now on lines go there instead, without the program's name; NULL: as before. */
void log_set_writer(void (*write)(int level, const char *text, void *data), void *data);
void log_line(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
