#include "criteria.hpp"

#include <algorithm>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>

#include "owner_rule.hpp"
#include "scales.hpp"
#include "text_cleaning.hpp"

namespace cardstock::card {
namespace {

enum class State { Met, NotMet, Unknown };

constexpr std::string_view name_of(State state) noexcept {
  switch (state) {
    case State::Met:
      return "met";
    case State::NotMet:
      return "not_met";
    case State::Unknown:
      return "unknown";
  }
  return {};
}

/// What keeps one owner's copy from a criterion: what is known to fail, and what is not known.
struct Reasons {
  std::vector<std::string> failed;
  std::vector<std::string> unknown;

  /// One condition that fails is enough, whatever the others would say.
  State state() const noexcept {
    if (!failed.empty()) return State::NotMet;
    return unknown.empty() ? State::Met : State::Unknown;
  }
};

/// A value that a copy may have, and what it says where there is none.
struct Stated {
  std::string_view what;
  std::optional<double> value;
  std::string_view off_scale;  ///< as sent; empty: nothing was
};

/// Nobody's confidence or rating is a fact, and not enough; a score or a count that the instance
/// did not send may be any.
enum class Unset { Fails, Unknown };

class Conditions {
 public:
  explicit Conditions(std::size_t max_text) : max_text_{max_text} {}

  void at_least(const std::optional<double>& least, const Stated& stated, Unset unset) {
    if (least && !(stated.value && *stated.value >= *least))
      missed(stated, "at least " + plain_number(*least) + " is needed", unset);
  }
  void at_most(const std::optional<double>& most, const Stated& stated, Unset unset) {
    if (most && !(stated.value && *stated.value <= *most))
      missed(stated, "at most " + plain_number(*most) + " is allowed", unset);
  }
  void fail(std::string reason) { reasons_.failed.push_back(std::move(reason)); }
  void unknown(std::string reason) { reasons_.unknown.push_back(std::move(reason)); }

  Reasons take() && { return std::move(reasons_); }

 private:
  void missed(const Stated& stated, const std::string& wanted, Unset unset) {
    std::string reason = std::string{stated.what} + " is ";
    if (stated.value) return fail(reason + plain_number(*stated.value) + ", " + wanted);
    if (!stated.off_scale.empty()) {
      reason += "\"" + clean_text(stated.off_scale, max_text_) + "\", which is not on its scale, ";
      unknown(reason + wanted);
    } else if (unset == Unset::Unknown) {
      unknown(reason + "not known, " + wanted);
    } else {
      fail(reason + "not set, " + wanted);
    }
  }

  std::size_t max_text_;
  Reasons reasons_;
};

template <class Number>
std::optional<double> decimal(const std::optional<Number>& number) {
  return number ? std::optional{static_cast<double>(*number)} : std::nullopt;
}

bool has_tag(const threatconnect::OwnerCopy& copy, std::string_view wanted) {
  return std::ranges::any_of(copy.tags, [wanted](const std::string& tag) {
    return equal_ignoring_case(trim(tag), wanted);
  });
}

Reasons reasons_of(const Criterion& criterion, const Candidate& candidate, std::size_t max_text) {
  const threatconnect::OwnerCopy& copy = *candidate.copy;
  const threatconnect::OffScale& sent = copy.off_scale;
  Conditions conditions{max_text};
  if (!copy.active) conditions.fail("the copy is inactive");
  conditions.at_least(criterion.min_confidence,
                      {"confidence", decimal(copy.confidence), sent.confidence}, Unset::Fails);
  conditions.at_least(criterion.min_rating, {"rating", copy.rating, sent.rating}, Unset::Fails);
  conditions.at_least(
      criterion.min_threat_assess,
      {"ThreatAssess score", decimal(candidate.threat_assess_score), sent.threat_assess_score},
      Unset::Unknown);
  conditions.at_most(
      criterion.max_false_positives,
      {"false positive count", decimal(candidate.false_positives), sent.false_positives},
      Unset::Unknown);
  const std::string_view tag = trim(criterion.tag);
  if (!tag.empty() && !has_tag(copy, tag)) {
    const std::string named = "the tag \"" + clean_text(tag, max_text) + "\" is ";
    if (copy.unread.tags == 0) {
      conditions.fail(named + "missing");
    } else {
      conditions.unknown(named + "not among the tags that were read");
    }
  }
  return std::move(conditions).take();
}

/// Why an owner that a criterion names has no copy here: only of one that was asked and read can it
/// be said that he holds none.
Reasons reasons_of_missing(const Evidence& evidence, std::string_view owner) {
  if (!OwnerFilter{evidence.owners}.allows(owner))
    return {.failed = {}, .unknown = {"is not shown by this service"}};
  switch (sight_of(evidence.owners, owner)) {
    case Sight::NotSeen:
      return {.failed = {}, .unknown = {"is not visible to these credentials"}};
    case Sight::Unknown:
      return {.failed = {},
              .unknown = {"has no copy that was read, and may not be visible to these "
                          "credentials"}};
    case Sight::Seen:
      break;
  }
  if (evidence.copies_unread > 0)
    return {.failed = {}, .unknown = {"is not among the owners that were read"}};
  return {.failed = {"does not hold this indicator"}, .unknown = {}};
}

std::string unread_text(std::int64_t copies) {
  return copies == 1 ? "1 more owner's copy was not read"
                     : std::to_string(copies) + " more owners' copies were not read";
}

/// One criterion, owner by owner.
class Account {
 public:
  /// `room`: bytes that owners may still take.
  explicit Account(std::size_t room) : room_{room} {}

  /// `lead`: how a sentence for everybody's eyes begins, before the first reason.
  void tell(const std::string& owner, const Reasons& reasons, std::string_view lead) {
    const State state = reasons.state();
    met_ = met_ || state == State::Met;
    if (state == State::Unknown && first_unknown_.empty())
      first_unknown_ = std::string{lead} + reasons.unknown.front();
    if (owners_.size() >= room_) {
      ++untold_;
      return;
    }
    json_.begin_object().field("owner", owner).field("state", name_of(state));
    list("failed", reasons.failed);
    list("unknown", reasons.unknown);
    json_.end_object();
  }

  /// Any owner would do, and some were not read.
  void unread(std::int64_t copies) {
    unread_ = copies;
    if (copies > 0 && first_unknown_.empty()) first_unknown_ = unread_text(copies);
  }

  State state() const noexcept {
    if (met_) return State::Met;
    return first_unknown_.empty() ? State::NotMet : State::Unknown;
  }
  const std::string& first_unknown() const noexcept { return first_unknown_; }

  void write(JsonWriter& json, const std::string& name) const {
    json.begin_object().field("name", name).field("state", name_of(state()));
    json.key("owners").raw("[" + owners_ + "]");
    if (unread_ > 0) json.field("unread", unread_);
    if (untold_ != 0) json.field("more", std::uint64_t{untold_});
    json.end_object();
  }

 private:
  void list(std::string_view key, const std::vector<std::string>& reasons) {
    if (reasons.empty()) return;
    json_.key(key).begin_array();
    for (const std::string& reason : reasons) json_.value(reason);
    json_.end_array();
  }

  std::size_t room_;
  std::string owners_;
  JsonWriter json_{owners_};
  bool met_ = false;
  std::string first_unknown_;
  std::int64_t unread_ = 0;
  std::size_t untold_ = 0;
};

constexpr std::string_view kSomeOwner = "the owner that it names ";

class Judge {
 public:
  Judge(const Evidence& evidence, std::size_t max_text)
      : evidence_{evidence}, max_text_{max_text} {}

  /// `number`: its place in the configuration, from 1.
  void ask(const Criterion& criterion, std::size_t number) {
    std::string name = clean_text(criterion.name, max_text_);
    if (name.empty()) name = "Criterion " + std::to_string(number);
    const std::size_t used = verdicts_.explained.size();
    Account account{kMaxExplanationBytes - std::min(used, kMaxExplanationBytes)};
    const std::string_view owner = trim(criterion.owner);
    bool held = false;
    for (const Candidate& candidate : evidence_.candidates) {
      if (!owner.empty() && trim(candidate.copy->owner) != owner) continue;
      held = true;
      const std::string label = owner_label(candidate.copy->owner, max_text_);
      account.tell(label, reasons_of(criterion, candidate, max_text_), label + ": ");
    }
    if (owner.empty()) {
      account.unread(evidence_.copies_unread);
    } else if (!held) {
      // Whom these credentials may not see the card does not name; the explanation is its
      // operator's.
      const std::string label = owner_label(owner, max_text_);
      const bool seen = OwnerFilter{evidence_.owners}.allows(owner) &&
                        sight_of(evidence_.owners, owner) == Sight::Seen;
      account.tell(label, reasons_of_missing(evidence_, owner),
                   seen ? label + " " : std::string{kSomeOwner});
    }
    JsonWriter json{verdicts_.explained};
    if (verdicts_.asked > 0) verdicts_.explained += ',';
    account.write(json, name);
    ++verdicts_.asked;
    if (account.state() == State::Met) verdicts_.met.push_back(name);
    if (account.state() == State::Unknown) note(name, account.first_unknown());
  }

  Verdicts take() && {
    if (verdicts_.unknown > kMaxNotes)
      verdicts_.notes.push_back(std::to_string(verdicts_.unknown - kMaxNotes) +
                                " more criteria could not be evaluated.");
    return std::move(verdicts_);
  }

 private:
  void note(const std::string& name, const std::string& why) {
    if (verdicts_.unknown++ < kMaxNotes)
      verdicts_.notes.push_back("Criterion \"" + name + "\" could not be evaluated: " + why + ".");
  }

  const Evidence& evidence_;
  std::size_t max_text_;
  Verdicts verdicts_;
};

bool is_for(const Criterion& criterion, std::optional<EntityType> type) {
  return criterion.types.empty() ||
         (type && std::ranges::find(criterion.types, *type) != criterion.types.end());
}

}  // namespace

std::string_view words_of_state(std::string_view state) noexcept {
  if (state == name_of(State::Met)) return "met";
  return state == name_of(State::NotMet) ? "not met" : "could not be evaluated";
}

Verdicts judge(std::span<const Criterion> criteria,
               std::optional<EntityType> type,
               const Evidence& evidence,
               std::size_t max_text) {
  Judge judge{evidence, max_text};
  for (std::size_t i = 0; i < criteria.size(); ++i)
    if (is_for(criteria[i], type)) judge.ask(criteria[i], i + 1);
  return std::move(judge).take();
}

}  // namespace cardstock::card
