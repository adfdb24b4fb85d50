#pragma once
/// \file http_asker.hpp
/// \brief Asks a running service over HTTP, for a prewarm run.
///
/// Threads: as Asker; the answers are read on the client's thread. Limits: a batch has ten minutes.
#include <atomic>
#include <memory>

#include <cardstock/prewarm/asker.hpp>

#include "app/commands/context.hpp"
#include "app/commands/service.hpp"

namespace cardstock::app {

class HttpAsker final : public prewarm::Asker {
 public:
  /// Both outlive it.
  HttpAsker(CommandContext& context, const Service& service)
      : context_{context}, service_{service} {}

  void ask(Kind kind, const std::vector<prewarm::Item>& items, Done done) override;

 private:
  CommandContext& context_;
  const Service& service_;
  /// Whether the service ever did; shared with the calls.
  std::shared_ptr<std::atomic<bool>> answered_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace cardstock::app
