#include "test_resolver.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <string_view>

#include <cardstock/util/mutex.hpp>

namespace {

cardstock::Mutex mutex;
cardstock::Condition changed;
std::size_t held CARDSTOCK_GUARDED_BY(mutex) = 0;
bool holding CARDSTOCK_GUARDED_BY(mutex) = true;

void hold() {
  const cardstock::LockGuard lock{mutex};
  ++held;
  changed.notify_all();
  while (holding) changed.wait(mutex);
  --held;
  changed.notify_all();
}

using Lookup = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

}  // namespace

namespace cardstock::test {

void wait_for_held_lookups(std::size_t count) {
  const LockGuard lock{mutex};
  while (held < count) changed.wait(mutex);
}

void release_held_lookups() {
  const LockGuard lock{mutex};
  holding = false;
  changed.notify_all();
  while (held != 0) changed.wait(mutex);
  holding = true;
}

}  // namespace cardstock::test

/// Takes the place of the C library's for the whole program, libcurl included.
extern "C" int getaddrinfo(const char* name,
                           const char* service,
                           const addrinfo* hints,
                           addrinfo** result) {
  static const auto real = reinterpret_cast<Lookup>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const std::string_view host = name == nullptr ? std::string_view{} : name;
  if (host == "inside.test") return real("127.0.0.1", service, hints, result);
  if (host == "held.test") hold();
  if (host.ends_with(".test")) return EAI_NONAME;
  return real(name, service, hints, result);
}
