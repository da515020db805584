// Parallel loops over blocks, and the way a long loop is told to stop. The only file that spells "#pragma omp".
//
// Blocks depend on the input alone, never on the number of threads; whoever combines results of blocks does it in
// block order. Together that makes every result the same bits for any number of threads.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace hartley {

// Thrown out of a parallel loop when the poll hook asked for it (Ctrl-C, or an error raised by a progress callback).
struct Stopped {};

// Asked on the calling thread between blocks, at most every kPollInterval: true means stop. The argument is the
// fraction of the reported work done, or a negative number where nothing is reported. Set once by the binding layer.
using PollHook = bool (*)(double fraction);
inline std::atomic<PollHook> poll_hook{nullptr};

// The part of the whole work that one loop reports on: it moves the progress from `from` to `to`.
struct ProgressRange {
  double from = -1.0, to = -1.0;
};

namespace detail {

inline constexpr std::chrono::milliseconds kPollInterval{10};

// GNU OpenMP's team does not survive fork(): a child that enters a parallel region waits for threads that are not
// there. After a fork this process therefore starts plain threads for each loop (tens of microseconds, no hang).
inline std::atomic<bool> process_was_forked{false};
inline const bool fork_handler_is_registered =
    pthread_atfork(nullptr, nullptr, [] { process_was_forked.store(true); }) == 0;

inline bool poll(double fraction) {
  using Clock = std::chrono::steady_clock;
  thread_local Clock::time_point last_poll = Clock::now();
  const Clock::time_point now = Clock::now();
  if (now - last_poll < kPollInterval) return false;
  last_poll = now;
  const PollHook hook = poll_hook.load(std::memory_order_relaxed);
  return hook != nullptr && hook(fraction);
}

template <class Work>
void run_team_of_plain_threads(int n_threads, Work& work) {
  std::vector<std::thread> team;
  team.reserve(static_cast<std::size_t>(n_threads));
  try {
    for (int thread = 1; thread < n_threads; ++thread) team.emplace_back([&work, thread] { work(thread); });
  } catch (const std::system_error&) {
    // no more threads to be had: those that started share the blocks
  }
  work(0);
  for (std::thread& member : team) member.join();
}

template <class Work>
void run_team(int n_threads, Work& work) {
#if defined(_OPENMP)
  if (!process_was_forked.load(std::memory_order_relaxed)) {
#pragma omp parallel num_threads(n_threads)
    work(omp_get_thread_num());
    return;
  }
#endif
  run_team_of_plain_threads(n_threads, work);
}

}  // namespace detail

// Lets a serial stretch of a kernel be stopped, too. Call it at least every 50 ms of work.
inline void stop_if_asked() {
  if (detail::poll(-1.0)) throw Stopped{};
}

// Calls body(block, thread) once for every block in [0, n_blocks), on up to n_threads threads, blocks handed out in
// order. `thread` < n_threads numbers the calling thread's scratch. One block should last less than 50 ms: Ctrl-C waits
// for it. Exceptions of a body end the loop and come out of it; a stop request comes out as Stopped.
template <class Body>
void parallel_for(std::size_t n_blocks, int n_threads, Body&& body, ProgressRange progress = {}) {
  std::atomic<std::size_t> next_block{0};
  std::atomic<bool> stop{false};
  std::exception_ptr failure;
  std::mutex failure_mutex;

  auto work = [&](int thread) {
    try {
      while (!stop.load(std::memory_order_relaxed)) {
        const std::size_t block = next_block.fetch_add(1, std::memory_order_relaxed);
        if (block >= n_blocks) return;
        body(block, thread);
        if (thread != 0) continue;
        const double share = static_cast<double>(block + 1) / static_cast<double>(n_blocks);
        const double fraction = progress.from < 0 ? -1.0 : progress.from + share * (progress.to - progress.from);
        if (detail::poll(fraction)) throw Stopped{};
      }
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      stop.store(true);
    }
  };

  const int team_size = static_cast<int>(std::min(n_blocks, static_cast<std::size_t>(n_threads)));
  if (team_size <= 1)
    work(0);
  else
    detail::run_team(team_size, work);
  if (failure) std::rethrow_exception(failure);
}

// How many blocks of at most `grain` items cover n items.
constexpr std::size_t count_blocks(std::size_t n, std::size_t grain) { return (n + grain - 1) / grain; }

}  // namespace hartley
