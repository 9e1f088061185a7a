// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sandbox/seccomp.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bucky {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kOtherAbi = 0x40000000;  ///< x32: the same calls under other numbers
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kOtherAbi = 0xFFFFFFFF;
#else
constexpr std::uint32_t kArchitecture = 0;  ///< matches none: no filter
constexpr std::uint32_t kOtherAbi = 0xFFFFFFFF;
#endif

constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kUnknown = SECCOMP_RET_ERRNO | ENOSYS;  ///< libc then uses the older call
constexpr std::uint32_t kWrites = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;

/// Refused whatever their arguments are.
constexpr long kNever[] = {
    // network and other processes' sockets
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    // other programs, other processes
    SYS_execve,
    SYS_execveat,
    SYS_kill,
    SYS_tkill,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_kcmp,
    // names in the file system
    SYS_unlinkat,
    SYS_renameat2,
    SYS_mkdirat,
    SYS_mknodat,
    SYS_linkat,
    SYS_symlinkat,
    SYS_fchmodat,
    SYS_fchownat,
    SYS_truncate,
    SYS_utimensat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_removexattr,
    // what only an administrator needs
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_setuid,
    SYS_setgid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_capset,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_sethostname,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_fsopen,
    SYS_move_mount,
    SYS_open_tree,
    // rarely used system calls that have had holes
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_inotify_init1,
    SYS_fanotify_init,
#ifdef SYS_open  // the old calls, which newer architectures do not have
    SYS_fork,
    SYS_vfork,
    SYS_unlink,
    SYS_rename,
    SYS_renameat,
    SYS_mkdir,
    SYS_rmdir,
    SYS_mknod,
    SYS_link,
    SYS_symlink,
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_creat,
#endif
};

struct Filter {
    std::vector<sock_filter> steps;

    void load(std::size_t offset) {
        steps.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
    }
    void answer(std::uint32_t what) { steps.push_back(BPF_STMT(BPF_RET | BPF_K, what)); }
    void if_call(long number, std::uint32_t what) {
        steps.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1));
        answer(what);
    }
    /// For system call `number`: `what` when argument `index` has one of `bits` set (`any`), or
    /// none.
    void if_bits(long number, std::size_t index, std::uint32_t bits, bool any, std::uint32_t what) {
        steps.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 4));
        load(offsetof(seccomp_data, args) + 8 * index);  // the low half: flags fit in it
        const auto passes = static_cast<std::uint8_t>(any ? 1 : 0);
        const auto refused = static_cast<std::uint8_t>(any ? 0 : 1);
        steps.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, refused, passes));
        answer(what);
        load(offsetof(seccomp_data, nr));
    }
};

Filter make_filter() {
    Filter filter;
    filter.load(offsetof(seccomp_data, arch));
    filter.steps.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
    filter.answer(SECCOMP_RET_KILL_PROCESS);
    filter.load(offsetof(seccomp_data, nr));
    filter.steps.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kOtherAbi, 0, 1));
    filter.answer(kUnknown);
    for (const long call : kNever) filter.if_call(call, kRefuse);
    filter.if_bits(SYS_openat, 2, kWrites, true, kRefuse);
#ifdef SYS_open
    filter.if_bits(SYS_open, 1, kWrites, true, kRefuse);
#endif
    filter.if_call(SYS_openat2, kUnknown);
    filter.if_bits(SYS_clone, 0, CLONE_THREAD, false, kRefuse);  // a thread, and no process
    filter.if_call(SYS_clone3, kUnknown);                        // its flags lie in memory
    filter.answer(SECCOMP_RET_ALLOW);
    return filter;
}

}  // namespace

bool has_seccomp_filters() {
    const std::uint32_t refuse = SECCOMP_RET_ERRNO;
    return kArchitecture != 0 && ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &refuse) == 0;
}

bool install_seccomp_filter() {
    if (kArchitecture == 0) return false;
    auto filter = make_filter();
    const sock_fprog program{static_cast<unsigned short>(filter.steps.size()), filter.steps.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) ==
           0;
}

}  // namespace bucky
