#pragma once

#include <malloc.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

// What this was built from; empty where nobody said so.
#ifndef SEALIFT_COMMIT
#define SEALIFT_COMMIT ""
#endif
static inline const char *sealift_commit(void) { return SEALIFT_COMMIT; }

// prctl takes any number of arguments, which Swift can't call. 0: done.
static inline int sealift_hide_memory(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

// Not among the headers that Swift's Glibc module shows.
static inline void sealift_return_large_memory(int bytes) { mallopt(M_MMAP_THRESHOLD, bytes); }

// The following are declared by libc with _GNU_SOURCE only, which Swift's Glibc module does without.

// Writes all of the file system that a descriptor is on to the disk. 0: done.
static inline int sealift_syncfs(int descriptor) { return (int)syscall(SYS_syncfs, descriptor); }

// Starts to write a whole file to the disk, and doesn't wait. 0: done.
static inline int sealift_start_writeback(int descriptor) {
    return (int)syscall(SYS_sync_file_range, descriptor, 0L, 0L, 2 /* SYNC_FILE_RANGE_WRITE */);
}

// The number of a device, as mknod takes it.
static inline unsigned long sealift_device(unsigned major, unsigned minor) { return makedev(major, minor); }

// The process at the other end of a unix socket, when it was connected; 0: in a namespace that this one doesn't see.
static inline int sealift_peer(int socket) {
    struct { int pid; unsigned user, group; } peer = {0, 0, 0};
    socklen_t size = sizeof peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}
