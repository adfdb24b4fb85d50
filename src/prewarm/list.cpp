#include <cardstock/prewarm/list.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <istream>
#include <utility>

namespace cardstock::prewarm {
namespace {

constexpr std::string_view kGiven = "-";
constexpr std::size_t kPieceBytes = std::size_t{16} * 1024;

/// nullopt: one of them is no regular file, so that nobody knows how much it will hold.
std::optional<std::uint64_t> bytes_of(const List::Settings& settings) {
  std::uint64_t all = 0;
  for (const std::string& path : settings.files) {
    std::error_code error;
    if (path == kGiven && settings.stream_bytes) {
      all += *settings.stream_bytes;
      continue;
    }
    if (path == kGiven || !std::filesystem::is_regular_file(path, error)) return std::nullopt;
    all += std::filesystem::file_size(path, error);
    if (error) return std::nullopt;
  }
  return all;
}

}  // namespace

List::List(Settings settings, std::istream& in, Random& random)
    : settings_{std::move(settings)}, given_{in}, seen_{random} {
  if (settings_.files.empty()) settings_.files.emplace_back(kGiven);
  for (const std::string& path : settings_.files)
    names_.push_back(path == kGiven ? settings_.stream_name : path);
  all_bytes_ = bytes_of(settings_);
}

Status List::check() const {
  for (const std::string& path : settings_.files) {
    std::error_code ignored;
    if (path == kGiven) continue;
    const bool opens = std::ifstream{path, std::ios::binary}.is_open();
    if (!opens || std::filesystem::is_directory(path, ignored))
      return fail(ErrorCode::InvalidConfig, path + " cannot be opened");
  }
  return {};
}

Result<std::vector<Item>> List::next(std::size_t most, const ListParser::KeepGoing& keep_going) {
  while (waiting_.size() < most && !ended_ && (!keep_going || keep_going())) {
    if (const auto status = read_piece(keep_going); !status) {
      error_ = Error{.code = ErrorCode::MalformedRequest,
                     .public_detail = names_[list_] + ": " + status.error().public_detail,
                     .cause = {}};
      ended_ = true;
    }
  }
  if (waiting_.empty() && error_) return std::unexpected(*std::exchange(error_, std::nullopt));
  const auto count = static_cast<std::ptrdiff_t>(std::min(most, waiting_.size()));
  std::vector<Item> items{std::make_move_iterator(waiting_.begin()),
                          std::make_move_iterator(waiting_.begin() + count)};
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  return items;
}

std::optional<double> List::share() const {
  if (!all_bytes_) return std::nullopt;
  if (*all_bytes_ == 0) return 1.0;
  return std::min(1.0, static_cast<double>(bytes_) / static_cast<double>(*all_bytes_));
}

Status List::open_next() {
  const std::string& path = settings_.files[list_];
  if (path == kGiven) {
    stream_ = &given_;
  } else {
    file_ = std::ifstream{path, std::ios::binary};
    if (!file_) return fail(ErrorCode::MalformedRequest, "it cannot be opened any more");
    stream_ = &file_;
  }
  parser_ = std::make_unique<ListParser>(
      settings_.column, [this](const ListEntry& entry) { take(entry); },
      [this](std::size_t line, std::string_view why) {
        ++entries_;
        refuse(list_, line, why);
      });
  return {};
}

Status List::read_piece(const ListParser::KeepGoing& keep_going) {
  if (stream_ == nullptr) {
    if (list_ == settings_.files.size()) {
      ended_ = true;
      return {};
    }
    if (auto status = open_next(); !status) return status;
  }
  std::array<char, kPieceBytes> piece{};
  stream_->read(piece.data(), piece.size());
  const auto got = static_cast<std::size_t>(stream_->gcount());
  bytes_ += got;
  if (auto status = parser_->feed({piece.data(), got}, keep_going); !status) return status;
  if (*stream_) return {};
  if (stream_->bad()) return fail(ErrorCode::MalformedRequest, "it cannot be read to its end");
  if (auto status = parser_->finish(); !status) return status;
  stream_ = nullptr;
  ++list_;
  return {};
}

void List::refuse(std::size_t list, std::size_t line, std::string_view why) {
  ++refused_;
  if (kept_.size() < kMaxKept) kept_.push_back({names_.at(list), line, std::string{why}});
}

Result<Indicator> List::indicator_of(std::string_view name, std::string_view type) const {
  if (settings_.type) return Indicator::parse(*settings_.type, name);
  if (type.empty()) return Indicator::recognise(name);
  const auto known = entity_type(type);
  if (!known) return fail(ErrorCode::UnsupportedType, "its type is not one that can be asked");
  return Indicator::parse(*known, name);
}

void List::take(const ListEntry& entry) {
  ++entries_;
  const auto indicator = indicator_of(entry.name, entry.type);
  if (!indicator) return refuse(list_, entry.line, indicator.error().public_detail);
  if (!seen_.insert(std::string{name_of(indicator->type())} + ":" + indicator->canonical())) {
    ++duplicates_;
    return;
  }
  ++indicators_;
  waiting_.push_back({indicator->entity(), std::string{entry.name}, list_, entry.line});
}

}  // namespace cardstock::prewarm
