/// \file transport_allocation_test.cpp
/// \brief A program of its own, because it counts every operator new of the process.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "connection.hpp"

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

using namespace cardstock;
using namespace cardstock::http;

TEST_CASE("transport: a request on a kept connection costs no allocation") {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
  const std::string body(2048, 'x');
  const Handler handler = [&body](const Request& request, Responder& responder) {
    if (request.header("x-none").empty())
      responder.send({200, "text/plain", "X-A: b\r\n"}, {body, request.path});
  };
  const TransportLimits limits;
  WorkerContext context{handler, limits, nullptr};
  Connection connection{{ends[0], 1}, {"127.0.0.1", true, {}}, context};
  const std::string_view request =
      "GET /some/path?with=query HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nCookie: a=b\r\n\r\n";
  std::array<char, 8192> answer{};
  const auto serve_one = [&] {
    if (::send(ends[1], request.data(), request.size(), 0) != static_cast<ssize_t>(request.size()))
      return false;
    if (connection.on_event(context, Connection::Readable::Some, false) != Connection::Next::Wait)
      return false;
    const ssize_t got = ::recv(ends[1], answer.data(), answer.size(), 0);
    return got > 2048 &&
           std::string_view{answer.data(), static_cast<std::size_t>(got)}.ends_with("x/some/path");
  };
  REQUIRE(serve_one());  // buffers grow once
  const std::uint64_t before = allocations.load();
  bool all = true;
  for (int i = 0; i < 1000; ++i) all = serve_one() && all;
  const std::uint64_t after = allocations.load();
  REQUIRE(all);
  REQUIRE(after - before == 0);
  REQUIRE(allocations.load() > 0);
  ::close(ends[0]);
  ::close(ends[1]);
}
