#include "criteria.hpp"

#include <algorithm>

#include <cardstock/util/json_writer.hpp>
#include <cardstock/util/text.hpp>

#include "scales.hpp"
#include "text_cleaning.hpp"

namespace cardstock::card {
namespace {

using Faults = std::vector<std::string>;

/// `value` unset: not known, which is never enough.
void need_at_least(Faults& faults,
                   const std::optional<double>& least,
                   const std::optional<double>& value,
                   std::string_view what) {
  if (!least || (value && *value >= *least)) return;
  faults.push_back(std::string{what} + " is " + (value ? plain_number(*value) : "not set") +
                   ", at least " + plain_number(*least) + " is needed");
}

/// Values outside their scale are left out of the card, so they count for nothing here.
std::optional<double> rating_of(const threatconnect::OwnerCopy& copy) {
  return copy.rating && !rating_text(*copy.rating).empty() ? copy.rating : std::nullopt;
}
std::optional<double> confidence_of(const threatconnect::OwnerCopy& copy) {
  if (!copy.confidence || confidence_text(*copy.confidence).empty()) return std::nullopt;
  return static_cast<double>(*copy.confidence);
}
std::optional<double> score_of(const Candidate& candidate) {
  const auto& score = candidate.threat_assess_score;
  if (!score || score_text(*score).empty()) return std::nullopt;
  return static_cast<double>(*score);
}

void need_few_false_positives(Faults& faults,
                              const std::optional<double>& most,
                              const std::optional<std::int64_t>& count) {
  if (!most) return;
  const bool known = count && *count >= 0;
  if (known && static_cast<double>(*count) <= *most) return;
  faults.push_back("false positive count is " +
                   (known ? std::to_string(*count) : std::string{"not known"}) + ", at most " +
                   plain_number(*most) + " is allowed");
}

bool has_tag(const threatconnect::OwnerCopy& copy, std::string_view wanted) {
  return std::ranges::any_of(copy.tags, [wanted](const std::string& tag) {
    return equal_ignoring_case(trim(tag), wanted);
  });
}

/// Everything that keeps this copy from the criterion; empty: it is met.
Faults faults_of(const Criterion& criterion, const Candidate& candidate, std::size_t max_text) {
  const threatconnect::OwnerCopy& copy = *candidate.copy;
  Faults faults;
  if (!copy.active) faults.emplace_back("the copy is inactive");
  need_at_least(faults, criterion.min_confidence, confidence_of(copy), "confidence");
  need_at_least(faults, criterion.min_rating, rating_of(copy), "rating");
  need_at_least(faults, criterion.min_threat_assess, score_of(candidate), "ThreatAssess score");
  need_few_false_positives(faults, criterion.max_false_positives, candidate.false_positives);
  const std::string_view tag = trim(criterion.tag);
  if (!tag.empty() && !has_tag(copy, tag))
    faults.push_back("the tag \"" + clean_line(tag, max_text) + "\" is missing");
  return faults;
}

class Judge {
 public:
  Judge(std::span<const Candidate> candidates, std::size_t max_text)
      : candidates_{candidates}, max_text_{max_text} {}

  /// `number`: its place in the configuration, from 1.
  void ask(const Criterion& criterion, std::size_t number) {
    ++verdicts_.asked;
    std::string name = clean_line(criterion.name, max_text_);
    if (name.empty()) name = "Criterion " + std::to_string(number);
    const std::string_view owner = trim(criterion.owner);
    std::string owners;
    JsonWriter json{owners};
    bool met = false;
    std::size_t asked = 0;
    std::size_t untold = 0;
    for (const Candidate& candidate : candidates_) {
      if (!owner.empty() && trim(candidate.copy->owner) != owner) continue;
      ++asked;
      const Faults faults = faults_of(criterion, candidate, max_text_);
      met = met || faults.empty();
      if (verdicts_.explained.size() + owners.size() >= kMaxExplanationBytes) {
        ++untold;
      } else {
        tell(json, clean_line(candidate.copy->owner, max_text_), faults);
      }
    }
    if (asked == 0) tell(json, clean_line(owner, max_text_), {"does not hold this indicator"});
    if (met) verdicts_.met.push_back(name);
    JsonWriter whole{verdicts_.explained};
    if (verdicts_.asked > 1) verdicts_.explained += ',';
    whole.begin_object().field("name", name).field("met", met);
    whole.key("owners").raw("[" + owners + "]");
    if (untold != 0) whole.field("more", std::uint64_t{untold});
    whole.end_object();
  }

  Verdicts take() && { return std::move(verdicts_); }

 private:
  static void tell(JsonWriter& json, std::string_view owner, const Faults& faults) {
    json.begin_object().field("owner", owner).field("met", faults.empty());
    if (!faults.empty()) {
      json.key("failed").begin_array();
      for (const std::string& fault : faults) json.value(fault);
      json.end_array();
    }
    json.end_object();
  }

  std::span<const Candidate> candidates_;
  std::size_t max_text_;
  Verdicts verdicts_;
};

bool is_for(const Criterion& criterion, std::optional<EntityType> type) {
  return criterion.types.empty() ||
         (type && std::ranges::find(criterion.types, *type) != criterion.types.end());
}

}  // namespace

Verdicts judge(std::span<const Criterion> criteria,
               std::optional<EntityType> type,
               std::span<const Candidate> candidates,
               std::size_t max_text) {
  Judge judge{candidates, max_text};
  for (std::size_t i = 0; i < criteria.size(); ++i)
    if (is_for(criteria[i], type)) judge.ask(criteria[i], i + 1);
  return std::move(judge).take();
}

}  // namespace cardstock::card
