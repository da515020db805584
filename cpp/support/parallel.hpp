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
  // a clock of its own for either kind: questions without news must not use up the turns of those that tell the
  // progress
  thread_local Clock::time_point last_polls[2] = {Clock::now(), Clock::now()};
  Clock::time_point& last_poll = last_polls[fraction >= 0.0 ? 1 : 0];
  const Clock::time_point now = Clock::now();
  if (now - last_poll < kPollInterval) return false;
  last_poll = now;
  const PollHook hook = poll_hook.load(std::memory_order_relaxed);
  return hook != nullptr && hook(fraction);
}

// The loops that a thread is inside of, innermost first.
struct LoopContext {
  const std::atomic<bool>& stop;
  bool polls;  // this thread called the outermost loop: only there does Python deliver signals
  const LoopContext* outer;
};
inline thread_local const LoopContext* current_loop = nullptr;

class LoopScope {
 public:
  LoopScope(const std::atomic<bool>& stop, int thread)
      : context_{stop, thread == 0 && (current_loop == nullptr || current_loop->polls), current_loop} {
    current_loop = &context_;
  }
  ~LoopScope() { current_loop = context_.outer; }
  LoopScope(const LoopScope&) = delete;
  LoopScope& operator=(const LoopScope&) = delete;

 private:
  LoopContext context_;
};

inline void throw_if_stopped(double fraction) {
  for (const LoopContext* loop = current_loop; loop != nullptr; loop = loop->outer)
    if (loop->stop.load(std::memory_order_relaxed)) throw Stopped{};
  if ((current_loop == nullptr || current_loop->polls) && poll(fraction)) throw Stopped{};
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

// Lets a long stretch of a kernel be stopped, inside a loop's body or outside. Call it at least every 50 ms of work.
inline void stop_if_asked() { detail::throw_if_stopped(-1.0); }

// Calls body(block, thread) once for every block in [0, n_blocks), on up to n_threads threads, blocks handed out in
// order. `thread` < n_threads numbers the calling thread's scratch. One block should last less than 50 ms, or call
// stop_if_asked(): Ctrl-C waits for it. Exceptions of a body end the loop and come out of it; a stop request comes out
// as Stopped. The calling thread polls until the last block is done.
template <class Body>
void parallel_for(std::size_t n_blocks, int n_threads, Body&& body, ProgressRange progress = {}) {
  std::atomic<std::size_t> next_block{0};
  std::atomic<int> n_working{0};
  std::atomic<bool> stop{false};
  std::exception_ptr failure;
  std::mutex failure_mutex;

  auto fraction_after = [&](std::size_t block) {
    const double share = static_cast<double>(block) / static_cast<double>(n_blocks);
    return progress.from < 0 ? -1.0 : progress.from + share * (progress.to - progress.from);
  };
  auto run_blocks = [&](int thread) {
    const detail::LoopScope scope(stop, thread);
    for (std::size_t block; (block = next_block.fetch_add(1)) < n_blocks;) {
      body(block, thread);
      detail::throw_if_stopped(fraction_after(block + 1));
    }
    while (thread == 0 && n_working.load() > 1) {
      detail::throw_if_stopped(fraction_after(n_blocks));
      std::this_thread::yield();
    }
  };
  auto work = [&](int thread) {
    n_working.fetch_add(1);  // before a block is taken: thread 0 sees whoever took one
    try {
      run_blocks(thread);
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      stop.store(true);
    }
    n_working.fetch_sub(1);
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
