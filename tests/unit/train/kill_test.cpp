// Training that is killed at random moments and started again ends with the weights of a run that was left in
// peace.
#include <tenon/tenon.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <random>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

using namespace tenon;

namespace {

using Net = Sequential<Dense<64, 16>, ReLU, Dropout<0.2>, Dense<10>, Softmax>;

constexpr std::size_t kills = 50;

History train(Model<Net>& model, const Dataset<float>& data, const ModelCheckpoint& checkpoint) {
  return fit(model, data,
             Fit{.optimizer = Adam{.lr = 3e-3},
                 .epochs = 15,
                 .batch_size = 32,
                 .seed = 4,
                 .progress = Progress::Mode::quiet,
                 .callbacks = callbacks(checkpoint)});
}

}  // namespace

TEST_CASE("fifty times killed, and every time the checkpoint can be read") {
  const std::string folder = (std::filesystem::temp_directory_path() / ("tenon-kill-" + std::to_string(::getpid())))
                                 .string();
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/run.safetensors", finished = folder + "/finished.safetensors";
  const Dataset<float> data = digits().take(200);
  const ModelCheckpoint checkpoint{.path = path, .every_steps = 1, .resume = true};

  Model<Net> whole{1};
  const auto start = std::chrono::steady_clock::now();
  train(whole, data, {.path = path, .every_steps = 1});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::filesystem::remove(path);

  std::mt19937 random(1);
  std::uniform_real_distribution<double> moment(0, seconds / 3);
  std::size_t killed = 0, runs = 0, same = 0, readable = 0, checked = 0;
  while (killed < kills && runs < 40 * kills) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      Model<Net> model{1};
      train(model, data, checkpoint);
      model.save(finished);
      ::_exit(0);
    }
    ++runs;
    std::this_thread::sleep_for(std::chrono::duration<double>(moment(random)));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) ++killed;
    if (std::filesystem::exists(path)) {
      ++checked;
      try {
        const Archive archive(path);
        ++readable;
      } catch (const Error& error) {
        UNSCOPED_INFO(error.what());
      }
    }
    if (WIFEXITED(status)) {  // it was through before the signal came
      Model<Net> model{2};
      model.load(finished);
      const auto a = model.parameters().span(), b = whole.parameters().span();
      same += std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
      std::filesystem::remove(path);
      std::filesystem::remove(finished);
      CHECK(same > 0);
    }
  }
  Model<Net> last{3};
  train(last, data, checkpoint);
  const auto a = last.parameters().span(), b = whole.parameters().span();
  CHECK(std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
  CHECK(killed == kills);
  CHECK(checked > kills / 2);
  CHECK(readable == checked);
  CHECK(same == runs - killed);
  // what the killed ones were writing is gone with the next checkpoint
  CHECK(std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()) == 1);
  std::filesystem::remove_all(folder);
}
