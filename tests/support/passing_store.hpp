#pragma once
/// \file passing_store.hpp
/// \brief A store that passes everything on to another; tests override what they want to be
/// otherwise.
#include <utility>

#include <cardstock/store/record_store.hpp>

namespace cardstock::test {

class PassingStore : public store::RecordStore {
 public:
  explicit PassingStore(store::RecordStore& under) : under_{under} {}

  Result<std::optional<store::StoredRecord>> find(const store::Key& key) override {
    return under_.find(key);
  }
  void put(const store::Key& key, store::StoredRecord record, Committed committed = {}) override {
    under_.put(key, std::move(record), std::move(committed));
  }
  Status flush() override { return under_.flush(); }
  Result<std::int64_t> purge(const store::PurgeFilter& filter) override {
    return under_.purge(filter);
  }
  Status each(
      const std::function<bool(const store::Key&, const store::StoredRecord&)>& visit) override {
    return under_.each(visit);
  }
  Result<std::optional<store::TenantState>> tenant(const store::TenantId& id) override {
    return under_.tenant(id);
  }
  void put_tenant(const store::TenantId& id, const store::TenantState& state) override {
    under_.put_tenant(id, state);
  }
  store::StoreStats stats() override { return under_.stats(); }
  std::string state() override { return under_.state(); }
  std::uint64_t foreign_writes() const noexcept override { return under_.foreign_writes(); }

 private:
  store::RecordStore& under_;
};

}  // namespace cardstock::test
