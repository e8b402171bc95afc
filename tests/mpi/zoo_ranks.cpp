// The programs of the zoo, linked with this, are one whose processes train together where mpirun starts it (run.cmake).
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include <catch2/catch.hpp>

#include <cstdlib>
#include <optional>

#include <tenon/dist/mpi.hpp>

namespace {

class Ranks : public Catch::TestEventListenerBase {
public:
  using TestEventListenerBase::TestEventListenerBase;
  void testRunStarting(const Catch::TestRunInfo&) override {
    if (std::getenv("TENON_ZOO_RANKS"))
      // gradients of these small networks travel in pieces, too
      world_.emplace(tenon::DistributedOptions{.quiet = true, .piece_bytes = 64});
  }
  void testRunEnded(const Catch::TestRunStats&) override { world_.reset(); }

private:
  std::optional<tenon::Distributed> world_{};
};

}  // namespace

CATCH_REGISTER_LISTENER(Ranks)
