// SPDX-License-Identifier: Apache-2.0
// Mutex, MutexLock, Condition and SharedMutex: those of the standard library, with annotations that
// clang checks
// (-Wthread-safety; tests/house runs it). With other compilers the annotations are empty.
//
//   mutable Mutex mutex_;
//   Held held_ GUARDED_BY(mutex_);
//   void count() REQUIRES(mutex_);
//
// What a mutex guards is written at each member, and a member that is used without its mutex does
// not pass. Predicates of wait() say REQUIRES(mutex) themselves, because clang does not look from a
// function into its lambdas.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <stop_token>
#include <utility>

#if defined(__clang__)
#define BUCKY_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define BUCKY_THREAD_ANNOTATION(x)
#endif

// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html, under the names that LevelDB uses.
#define CAPABILITY(x) BUCKY_THREAD_ANNOTATION(capability(x))
#define SCOPED_CAPABILITY BUCKY_THREAD_ANNOTATION(scoped_lockable)
#define GUARDED_BY(x) BUCKY_THREAD_ANNOTATION(guarded_by(x))
#define REQUIRES(...) BUCKY_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) BUCKY_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...) BUCKY_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) BUCKY_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define ACQUIRE_SHARED(...) BUCKY_THREAD_ANNOTATION(acquire_shared_capability(__VA_ARGS__))
#define RELEASE_GENERIC(...) BUCKY_THREAD_ANNOTATION(release_generic_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS BUCKY_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace bucky {

class CAPABILITY("mutex") Mutex {
public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() ACQUIRE() { mutex_.lock(); }
    bool try_lock() TRY_ACQUIRE(true) { return mutex_.try_lock(); }
    void unlock() RELEASE() { mutex_.unlock(); }

private:
    friend class MutexLock;
    std::mutex mutex_;
};

/// Holds the mutex until it is destroyed, but for the time between unlock() and lock().
class SCOPED_CAPABILITY MutexLock {
public:
    explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : lock_(mutex.mutex_) {}
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;
    ~MutexLock() RELEASE() = default;

    void lock() ACQUIRE() { lock_.lock(); }
    void unlock() RELEASE() { lock_.unlock(); }

private:
    friend class Condition;
    std::unique_lock<std::mutex> lock_;
};

/// Each wait gives the mutex up while it waits, and holds it when it returns.
class Condition {
public:
    void notify_one() noexcept { condition_.notify_one(); }
    void notify_all() noexcept { condition_.notify_all(); }

    void wait(MutexLock& lock) { condition_.wait(lock.lock_); }

    template <typename Predicate>
    void wait(MutexLock& lock, Predicate predicate) NO_THREAD_SAFETY_ANALYSIS {
        condition_.wait(lock.lock_, std::move(predicate));
    }

    /// Returns what the predicate says in the end.
    template <typename Predicate>
    bool wait_for(MutexLock& lock, std::chrono::steady_clock::duration at_most,
                  Predicate predicate) NO_THREAD_SAFETY_ANALYSIS {
        return condition_.wait_for(lock.lock_, at_most, std::move(predicate));
    }

    template <typename Predicate>
    bool wait_until(MutexLock& lock, std::chrono::steady_clock::time_point until,
                    Predicate predicate) NO_THREAD_SAFETY_ANALYSIS {
        return condition_.wait_until(lock.lock_, until, std::move(predicate));
    }

private:
    std::condition_variable condition_;
};

/// One whose waits also end when a stop is requested.
class StoppableCondition {
public:
    void notify_one() noexcept { condition_.notify_one(); }
    void notify_all() noexcept { condition_.notify_all(); }

    template <typename Predicate>
    bool wait(MutexLock& lock, std::stop_token stop,
              Predicate predicate) NO_THREAD_SAFETY_ANALYSIS {
        return condition_.wait(lock, std::move(stop), std::move(predicate));
    }

    template <typename Predicate>
    bool wait_for(MutexLock& lock, std::stop_token stop,
                  std::chrono::steady_clock::duration at_most,
                  Predicate predicate) NO_THREAD_SAFETY_ANALYSIS {
        return condition_.wait_for(lock, std::move(stop), at_most, std::move(predicate));
    }

private:
    std::condition_variable_any condition_;
};

/// Held by one writer or by any number of readers.
class CAPABILITY("mutex") SharedMutex {
public:
    SharedMutex() = default;
    SharedMutex(const SharedMutex&) = delete;
    SharedMutex& operator=(const SharedMutex&) = delete;

private:
    friend class WriterLock;
    friend class ReaderLock;
    std::shared_mutex mutex_;
};

class SCOPED_CAPABILITY WriterLock {
public:
    explicit WriterLock(SharedMutex& mutex) ACQUIRE(mutex) : lock_(mutex.mutex_) {}
    WriterLock(const WriterLock&) = delete;
    WriterLock& operator=(const WriterLock&) = delete;
    ~WriterLock() RELEASE() = default;

private:
    std::lock_guard<std::shared_mutex> lock_;
};

class SCOPED_CAPABILITY ReaderLock {
public:
    explicit ReaderLock(SharedMutex& mutex) ACQUIRE_SHARED(mutex) : lock_(mutex.mutex_) {}
    ReaderLock(const ReaderLock&) = delete;
    ReaderLock& operator=(const ReaderLock&) = delete;
    ~ReaderLock() RELEASE_GENERIC() = default;

private:
    std::shared_lock<std::shared_mutex> lock_;
};

}  // namespace bucky
