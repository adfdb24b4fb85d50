#include "data.hpp"

#include <algorithm>

#include <cardstock/simulator/simulator.hpp>
#include <cardstock/util/text.hpp>

#include "raw_json.hpp"
#include "repeat.hpp"
#include "row.hpp"

namespace cardstock::simulator {
namespace {

struct PartRow {
  std::string_view name;
  Part part;
};

/// Source: ThreatConnect developer documentation, "Additional fields" of indicators.
constexpr std::array kPartNames{
    PartRow{"threatAssess", Part::ThreatAssess},
    PartRow{"falsePositives", Part::FalsePositives},
    PartRow{"observations", Part::Observations},
    PartRow{"attributes", Part::Attributes},
    PartRow{"associatedGroups", Part::AssociatedGroups},
    PartRow{"tags", Part::Tags},
    PartRow{"securityLabels", Part::SecurityLabels},
    PartRow{"sightings", Part::Sightings},
    PartRow{"userDetails", Part::UserDetails},
    PartRow{"associatedArtifacts", Part::Other},
    PartRow{"associatedCases", Part::Other},
    PartRow{"associatedIndicators", Part::Other},
    PartRow{"associationName", Part::Other},
    PartRow{"customAssociations", Part::Other},
    PartRow{"dnsResolution", Part::Other},
    PartRow{"enrichment", Part::Other},
    PartRow{"externalDates", Part::Other},
    PartRow{"fileActions", Part::Other},
    PartRow{"fileOccurrences", Part::Other},
    PartRow{"genericCustomIndicatorValues", Part::Other},
    PartRow{"geoLocation", Part::Other},
    PartRow{"investigationLinks", Part::Other},
    PartRow{"trackedUsers", Part::Other},
    PartRow{"whoIs", Part::Other},
};

std::unexpected<Error> malformed(std::string what) {
  return fail(ErrorCode::MalformedRequest, std::move(what));
}

std::string text_member(std::span<const Member> from, std::string_view key) {
  const std::string* raw = find(from, key);
  return raw == nullptr ? std::string{} : text_of(*raw).value_or(std::string{});
}

class InstanceReader {
 public:
  Result<std::shared_ptr<const Instance>> run(std::string_view json) {
    if (json.size() > kMaxData) return malformed("the data is larger than the simulator holds");
    if (auto checked = check_json(json); !checked) return std::unexpected(checked.error());
    auto top = members(json);
    if (!top) return std::unexpected(top.error());
    top_ = *std::move(top);
    for (const auto step : {&InstanceReader::read_owners, &InstanceReader::read_credentials,
                            &InstanceReader::read_copies}) {
      if (auto read = (this->*step)(); !read) return std::unexpected(read.error());
    }
    index();
    return instance_;
  }

 private:
  Status each(std::string_view key, const UseElement& use) {
    const std::string* array = find(top_, key);
    if (array == nullptr) return {};
    return each_element(*array, 'n', budget_, use);
  }

  Status read_owners() {
    return each("owners", [&](std::string_view element, std::int64_t number) -> Status {
      const auto given = members(element);
      if (!given) return std::unexpected(given.error());
      Owner owner{0, text_member(*given, "name"), text_member(*given, "type")};
      const std::string* id = find(*given, "id");
      const auto first = id == nullptr ? std::nullopt : integer_of(*id);
      if (owner.name.empty() || !first) return malformed("an owner needs id and name");
      owner.id = *first + number;
      if (owner.type != "Organization" && owner.type != "Community" && owner.type != "Source") {
        return malformed("the type of an owner is Organization, Community or Source: " +
                         owner.name);
      }
      if (instance_->owner_named(owner.name))
        return malformed("two owners have one name: " + owner.name);
      instance_->owners.push_back(std::move(owner));
      return {};
    });
  }

  Status read_credentials() {
    return each("credentials", [&](std::string_view element, std::int64_t) -> Status {
      const auto given = members(element);
      if (!given) return std::unexpected(given.error());
      Credential credential;
      credential.name = text_member(*given, "name");
      credential.api_id = text_member(*given, "api_id");
      const bool is_token = credential.api_id.empty();
      std::string secret = text_member(*given, is_token ? "token" : "secret");
      credential.secret = Secret{secret};
      wipe(secret);
      if (credential.secret.empty())
        return malformed("a credential needs api_id and secret, or token");
      if (credential.name.empty()) credential.name = credential.api_id;
      if (credential.name.empty()) return malformed("a credential with a token needs a name");
      const std::string organization = text_member(*given, "organization");
      const auto own = instance_->owner_named(organization);
      if (!own)
        return malformed("the organization of a credential is no owner: " + credential.name);
      credential.organization = *own;
      if (auto read = read_visibility(*given, credential); !read) return read;
      instance_->credentials.push_back(std::move(credential));
      return {};
    });
  }

  /// `"owners": "*"` is everything; else the names, beside the organization, which its members
  /// always see.
  Status read_visibility(std::span<const Member> given, Credential& credential) {
    const std::string* owners = find(given, "owners");
    const bool sees_all = owners != nullptr && text_of(*owners) == "*";
    credential.visible.assign(instance_->owners.size(), sees_all);
    credential.visible[credential.organization] = true;
    if (owners == nullptr || sees_all) return {};
    const auto names = elements(*owners);
    if (!names) return std::unexpected(names.error());
    for (const std::string& raw : *names) {
      const auto at = instance_->owner_named(text_of(raw).value_or(std::string{}));
      if (!at) return malformed("a credential sees an owner that is not there: " + credential.name);
      credential.visible[*at] = true;
    }
    return {};
  }

  Status read_copies() {
    std::string portal = text_member(top_, "portal");
    if (portal.empty()) portal = "https://threatconnect.example";
    RowContext context{*instance_, std::move(portal), budget_};
    return each("indicators", [&](std::string_view element, std::int64_t number) -> Status {
      if (instance_->copies.size() == kMaxCopies)
        return malformed("more indicators than the simulator holds");
      const auto given = members(element);
      if (!given) return std::unexpected(given.error());
      auto copy = read_copy(*given, number, context);
      if (!copy) return std::unexpected(copy.error());
      instance_->copies.push_back(*std::move(copy));
      return {};
    });
  }

  void index() {
    for (std::size_t at = 0; at < instance_->copies.size(); ++at) {
      for (const Datum& datum : instance_->copies[at].data) {
        if (!is_value(datum.parameter)) continue;
        auto& copies = instance_->by_value[to_lower(std::get<std::string>(datum.value))];
        if (copies.empty() || copies.back() != at) copies.push_back(at);
      }
    }
  }

  std::shared_ptr<Instance> instance_ = std::make_shared<Instance>();
  std::vector<Member> top_;
  Budget budget_{kMaxItems, kMaxRendered};
};

}  // namespace

std::optional<Part> part_named(std::string_view field) noexcept {
  const std::string_view first = field.substr(0, field.find('.'));
  const auto* row = std::ranges::find_if(
      kPartNames, [&](const PartRow& one) { return equal_ignoring_case(one.name, first); });
  if (row == kPartNames.end()) return std::nullopt;
  return row->part;
}

std::optional<std::size_t> Instance::owner_named(std::string_view name) const noexcept {
  const auto at = std::ranges::find(owners, name, &Owner::name);
  if (at == owners.end()) return std::nullopt;
  return static_cast<std::size_t>(at - owners.begin());
}

Result<std::shared_ptr<const Instance>> read_instance(std::string_view json) {
  return InstanceReader{}.run(json);
}

}  // namespace cardstock::simulator
