#include <sys/resource.h>

#include <csignal>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <tenon/dist/thread_ranks.hpp>

#include "support/faults.hpp"
#include "unit/train/callbacks/rig.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using namespace tenon;
using namespace tenon::test;

namespace {

/// Goes on from a file as often as a test wants, before the first epoch.
template <class F>
struct Resuming {
  F work;
  void on_train_begin(auto& run) {
    work(run);
    run.stop();
  }
};
template <class F>
Resuming(F) -> Resuming<F>;

}  // namespace

TEST_CASE("whichever allocation fails, resuming does all or nothing") {
  const Folder folder;
  const std::string path = folder / "run.safetensors";
  Model<Net> trained{1};
  EarlyStopping first{.patience = 9, .restore_best_weights = true};
  EMA average{trained, 0.9};
  fit(trained, data().train, settings(2, ModelCheckpoint{.path = path}, first, average));
  Model<Net> model{7};
  const Model<Net> before = model;
  EarlyStopping second{.patience = 9, .restore_best_weights = true};
  EMA other{model, 0.9};
  bool nothing = true, everything = false;
  long allocations = 0;
  const auto work = [&](auto& run) {
    allocations = test::fail_each(
        test::Fault::allocation, [] {}, [&] { run.resume(path); },
        [&](const std::exception_ptr& thrown) {
          if (thrown)
            nothing = nothing && test::is_error(thrown) && same_bits(model, before) && second.best_weights.empty() &&
                      std::isnan(second.best) && other.updates == 0 && run.history().empty() && run.step() == 0 &&
                      run.epoch() == 1;
          else
            everything = same_bits(model, trained) && second.best_weights == first.best_weights &&
                         second.best == first.best && same_bits(other.model, average.model) &&
                         run.history().epochs.size() == 2 && run.step() == 20 && run.epoch() == 3;
        });
  };
  fit(model, data().train, settings(2, ModelCheckpoint{folder / "unused"}, second, other, Resuming{work}));
  CHECK(allocations > 100);
  CHECK(nothing);
  CHECK(everything);
}

TEST_CASE("whichever allocation fails, weights are loaded or the model stays as it was") {
  const Folder folder;
  const std::string path = folder / "weights.safetensors";
  const Model<Net> saved{1}, before{7};
  saved.save(path);
  const auto each = [&](auto load) {
    Model<Net> model;
    bool right = true;
    const long allocations = test::fail_each(
        test::Fault::allocation, [&] { model = before; }, [&] { load(model); },
        [&](const std::exception_ptr& thrown) {
          right = right && (thrown ? test::is_error(thrown) && same_bits(model, before) : same_bits(model, saved));
        });
    CHECK(allocations > 20);
    return right;
  };
  CHECK(each([&](Model<Net>& model) { model.load(path); }));
  CHECK(each([&](Model<Net>& model) { model.load(path, {.partial = true}); }));
}

TEST_CASE("a checkpoint that cannot be written leaves the one before and a model that can be used") {
  const Folder folder;
  const ModelCheckpoint checkpoint{.path = folder / "run.safetensors", .every_steps = 1, .resume = true};
  Model<Net> whole{1}, model{1}, other{2};
  fit(whole, data().train, settings(2, Calls{}));
  for (const auto fault : {test::Fault::write, test::Fault::fsync, test::Fault::rename}) {
    std::filesystem::remove(checkpoint.path);
    model = Model<Net>{1};
    const std::string message = message_of([&] {
      const test::Failing failing(fault, fault == test::Fault::write ? 100 : 12);  // amid the run
      fit(model, data().train, settings(2, checkpoint));
    });
    CHECK_THAT(message, StartsWith(checkpoint.path + ": expected to write the file, but"));
    CHECK(std::isfinite(evaluate(model, data().test, CrossEntropy{}).loss));
    fit(other, data().train, settings(2, checkpoint));
    CHECK(same_bits(other, whole));
  }
}

TEST_CASE("an event file that cannot be written has whole records only, and a model that can be used") {
  Model<Net> model{1};
  const Folder folder;
  const auto files = [&] {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "runs")) all.push_back(entry.path().string());
    return all;
  };
  const auto records_of = [](const std::string& path) {
    const std::string bytes = contents(path);
    std::size_t records = 0, at = 0;
    for (; at < bytes.size(); ++records) at += 16 + static_cast<unsigned char>(bytes[at]);
    REQUIRE(at == bytes.size());
    return records;
  };
  const auto run = [&] {
    fit(model, data().train, settings(2, TensorBoard{.directory = folder / "runs", .every_steps = 4}));
  };
  std::string message = message_of([&] {
    const test::Failing failing(test::Fault::write, 0);
    run();
  });
  CHECK_THAT(message,
             Contains("events.out.tfevents.") && Contains("expected to write an event file, but writing stopped: "));
  CHECK(files().empty());
  message = message_of([&] {
    const test::Failing failing(test::Fault::write, 5);
    run();
  });
  CHECK_THAT(message, Contains("expected to write an event file, but writing stopped: "));
  REQUIRE(files().size() == 1);
  CHECK(records_of(files()[0]) == 5);
  CHECK(std::isfinite(evaluate(model, data().test, CrossEntropy{}).loss));

  // a record that is cut in two is taken back, and the next one stands where it would have
  const std::string target = folder / "cut";
  EventFile log(target);
  log.scalar("loss", 1, 1);
  const std::string before = contents(log.path());
  {
    rlimit limit{}, whole{};
    ::getrlimit(RLIMIT_FSIZE, &whole);
    limit = {before.size() + 5, whole.rlim_max};
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    message = message_of([&] { log.scalar("loss", 2, 2); });
    ::setrlimit(RLIMIT_FSIZE, &whole);
    std::signal(SIGXFSZ, handler);
  }
  CHECK_THAT(message, Contains("expected to write an event file, but writing stopped: "));
  CHECK(contents(log.path()) == before);
  log.scalar("loss", 3, 3);
  CHECK(records_of(log.path()) == 3);
}

TEST_CASE("threads that cannot start are an Error, and the model can be trained afterwards") {
  Model<Net> model{1};
  const auto how = Fit{.epochs = 1, .batch_size = 32, .progress = quiet};
  using Images = Sequential<Input<1, 8, 8>, Flatten, Dense<10>, Softmax>;
  const auto images = augmented<Augment<RandomTranslation<1>>>(typed<Shape<1, 8, 8>, Classes<10>>(data().train), 3);
  Model<Images> pictures{1};
#ifndef TENON_SANITIZED
  set_num_threads(4);
  for (const long n : {0L, 2L}) {
    std::string message;
    {
      const test::Failing failing(test::Fault::thread, n);
      message = message_of([&] { fit(model, data().train, how); });
    }
    CHECK_THAT(message,
               Contains("expected to run on 4 threads, but the system gives no more than " + std::to_string(n + 1)));
  }
  CHECK(fit(model, data().train, how).epochs.size() == 1);
  set_num_threads(1);
  for (const long n : {0L, 2L}) {
    std::string message;
    {
      const test::Failing failing(test::Fault::thread, n);
      message = message_of([&] { fit(pictures, images, how); });
    }
    CHECK_THAT(message, Contains("expected 3 threads to augment samples, but the system gives no more than " +
                                 std::to_string(n)));
  }
  {
    const test::Failing failing(test::Fault::thread, 1);  // one rank has begun, and waits for the others
    CHECK_THAT(message_of([] { run_ranks(3, [](Communicator& ranks) { ranks.barrier(); }); }),
               Contains("run_ranks: expected 3 threads, but the system gives no more than 2"));
  }
  CHECK_NOTHROW(run_ranks(3, [](Communicator& ranks) { ranks.barrier(); }));
#endif
  CHECK(fit(pictures, images, how).epochs.size() == 1);
}
