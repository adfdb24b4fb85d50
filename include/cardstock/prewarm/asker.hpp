#pragma once
/// \file asker.hpp
/// \brief Whom a prewarm run asks: the service over HTTP, or the cache in this very process.
///
/// Threads: ask() from one; `done` from any. Blocking: none. Errors: in the answer.
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <cardstock/prewarm/list.hpp>
#include <cardstock/util/result.hpp>

namespace cardstock::prewarm {

class Asker {
 public:
  enum class Kind {
    Look,  ///< into the cache only
    Ask,   ///< in the lowest lane; answered when what was fetched is committed
  };
  /// What is said of one indicator, in the words of the envelope (docs/api.md).
  struct Word {
    std::string outcome;
    std::string message;
    std::string cache;  ///< `cache.status`; empty: no row was shown
    std::string stale_reason;
  };
  enum class Trouble {
    None,         ///< `words` has one for each indicator
    Passing,      ///< ask again after `retry_after`
    Unreachable,  ///< nobody is there, and nobody ever was
    Refused,      ///< as a whole: every other batch would be
    Failed,       ///< this batch
  };
  struct Answer {
    Trouble trouble = Trouble::None;
    std::vector<Word> words;
    Error error{ErrorCode::Internal, {}, {}};  ///< of a trouble
    std::chrono::seconds retry_after{5};
  };
  using Done = std::move_only_function<void(Answer)>;

  virtual ~Asker() = default;
  /// `done` is called once, perhaps within ask(), which does not look at `items` after that.
  virtual void ask(Kind kind, const std::vector<Item>& items, Done done) = 0;
};

}  // namespace cardstock::prewarm
