/* The tools of constable-job: libc, jansson and PCRE2 are all they need. */
#include "tools/catalogue.h"

extern const struct tool tool_apply_program;
extern const struct tool tool_collect_context;
extern const struct tool tool_control_service;
extern const struct tool tool_execute_shell_command;
extern const struct tool tool_find_deleted_files;
extern const struct tool tool_find_log_errors;
extern const struct tool tool_get_apache_health;
extern const struct tool tool_get_command_history;
extern const struct tool tool_get_conntrack;
extern const struct tool tool_get_cpu;
extern const struct tool tool_get_disk_io;
extern const struct tool tool_get_disk_usage;
extern const struct tool tool_get_hardware_errors;
extern const struct tool tool_get_kernel;
extern const struct tool tool_get_limits;
extern const struct tool tool_get_load;
extern const struct tool tool_get_memory;
extern const struct tool tool_get_network;
extern const struct tool tool_get_nginx_health;
extern const struct tool tool_get_pressure;
extern const struct tool tool_get_process;
extern const struct tool tool_get_process_list;
extern const struct tool tool_get_process_tree;
extern const struct tool tool_get_system_metrics;
extern const struct tool tool_get_system_overview;
extern const struct tool tool_get_time_sync;
extern const struct tool tool_list_block_devices;
extern const struct tool tool_list_cases;
extern const struct tool tool_list_containers;
extern const struct tool tool_list_directory;
extern const struct tool tool_list_filesystems;
extern const struct tool tool_list_logins;
extern const struct tool tool_list_mounts;
extern const struct tool tool_list_packages;
extern const struct tool tool_list_processes;
extern const struct tool tool_list_programs;
extern const struct tool tool_list_recent_changes;
extern const struct tool tool_list_sockets;
extern const struct tool tool_list_threads;
extern const struct tool tool_list_users;
extern const struct tool tool_read_case;
extern const struct tool tool_read_file;
extern const struct tool tool_read_kernel_log;
extern const struct tool tool_release_program;
extern const struct tool tool_remove_program;
extern const struct tool tool_rollback_program;
extern const struct tool tool_run_diagnostic;
extern const struct tool tool_run_script;
extern const struct tool tool_set_program_params;
extern const struct tool tool_signal_process;
extern const struct tool tool_write_file;

const struct tool *const tools_of_this_job[] = {
	&tool_apply_program,
	&tool_collect_context,
	&tool_control_service,
	&tool_execute_shell_command,
	&tool_find_deleted_files,
	&tool_find_log_errors,
	&tool_get_apache_health,
	&tool_get_command_history,
	&tool_get_conntrack,
	&tool_get_cpu,
	&tool_get_disk_io,
	&tool_get_disk_usage,
	&tool_get_hardware_errors,
	&tool_get_kernel,
	&tool_get_limits,
	&tool_get_load,
	&tool_get_memory,
	&tool_get_network,
	&tool_get_nginx_health,
	&tool_get_pressure,
	&tool_get_process,
	&tool_get_process_list,
	&tool_get_process_tree,
	&tool_get_system_metrics,
	&tool_get_system_overview,
	&tool_get_time_sync,
	&tool_list_block_devices,
	&tool_list_cases,
	&tool_list_containers,
	&tool_list_directory,
	&tool_list_filesystems,
	&tool_list_logins,
	&tool_list_mounts,
	&tool_list_packages,
	&tool_list_processes,
	&tool_list_programs,
	&tool_list_recent_changes,
	&tool_list_sockets,
	&tool_list_threads,
	&tool_list_users,
	&tool_read_case,
	&tool_read_file,
	&tool_read_kernel_log,
	&tool_release_program,
	&tool_remove_program,
	&tool_rollback_program,
	&tool_run_diagnostic,
	/* of skills */
	&tool_run_script,
	&tool_set_program_params,
	&tool_signal_process,
	&tool_write_file,
	NULL,
};
