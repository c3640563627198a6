#include "call/sandbox/calls_internal.h"

#include <linux/audit.h>
#include <sys/syscall.h>

const uint32_t calls_audit_arch = AUDIT_ARCH_X86_64;

const int calls_base_of_arch[] = {
	SYS_open,         SYS_stat,       SYS_lstat,   SYS_access,   SYS_readlink,
	SYS_getdents,     SYS_pipe,       SYS_dup2,    SYS_poll,     SYS_select,
	SYS_epoll_create, SYS_epoll_wait, SYS_eventfd, SYS_signalfd, SYS_inotify_init,
	SYS_fork,         SYS_vfork,      SYS_getpgrp, SYS_alarm,    SYS_pause,
	SYS_time,         SYS_arch_prctl, -1,
};

const int calls_metadata_of_arch[] = {
	SYS_creat,   SYS_chmod, SYS_rename, SYS_mkdir,  SYS_rmdir,     SYS_unlink,
	SYS_symlink, SYS_link,  SYS_utime,  SYS_utimes, SYS_futimesat, -1,
};

const int calls_hostile_of_arch[] = {
	SYS_iopl,  SYS_ioperm,        SYS_modify_ldt,   SYS_kexec_file_load, SYS_uselib, SYS_ustat,
	SYS_sysfs, SYS_create_module, SYS_query_module, SYS_get_kernel_syms, -1,
};

const int calls_acquire_of_arch[] = {
	SYS_open, SYS_stat,  SYS_lstat,        SYS_access, SYS_readlink,
	SYS_fork, SYS_vfork, SYS_inotify_init, -1,
};

const int calls_client_of_arch[] = {
	SYS_stat, SYS_lstat, SYS_access, SYS_readlink, -1,
};

const int calls_fork_of_arch[] = { SYS_fork, SYS_vfork, -1 };

const int calls_open_of_arch = SYS_open;
