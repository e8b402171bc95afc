// A checkpoint's numbers, made whole again as to its checksum, for a run to go on from.
#include <deque>
#include <filesystem>
#include <utility>

#include <tenon/io/safetensors.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/optim/sgd.hpp>
#include <tenon/train/callbacks/early_stopping.hpp>
#include <tenon/train/callbacks/model_checkpoint.hpp>
#include <tenon/train/fit.hpp>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

using Net = Sequential<Dense<2, 3>, ReLU, Dense<1>>;

TENON_FUZZ(resume) {
  const SafeTensors file = SafeTensors::parse(input.bytes, "fuzz");
  static const std::string path = (std::filesystem::temp_directory_path() /
                                   ("tenon-fuzz-" + std::to_string(::getpid()) + ".safetensors"))
                                      .string();
  struct Gone {
    ~Gone() { ::unlink(path.c_str()); }
  } const gone;
  {
    Archive a;
    for (const auto& [key, value] : file.metadata())
      if (key != "format" && key != "checksum") a.same_text(key, value);
    std::deque<std::vector<float>> singles;
    std::deque<std::vector<double>> doubles;
    for (const TensorInfo& t : file.tensors()) {
      if (t.dtype == DType::f32) {
        file.copy_to(t, singles.emplace_back(t.size()));
        a.tensor(t.name, t.shape, singles.back());
      } else if (t.dtype == DType::f64) {
        file.copy_to(t, doubles.emplace_back(t.size()));
        a.tensor(t.name, t.shape, doubles.back());
      }
    }
    a.save(path);
  }
  Model<Net> model{1};
  const Model<Net> before = model;
  const Dataset<float> data({2}, std::vector<float>(16, 0.5F), Targets<float>{std::vector<float>(8, 1.0F), 1});
  EarlyStopping stopping{.monitor = Monitor::loss, .patience = 5, .restore_best_weights = true};
  try {
    fit(model, data,
        Fit{.loss = MeanSquaredError{},
            .optimizer = SGD{},
            .epochs = 2,
            .batch_size = 4,
            .progress = Progress::Mode::quiet,
            .callbacks = callbacks(stopping, ModelCheckpoint{.path = path, .every_epochs = 0, .resume = true})});
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with("fit: expected")) throw;  // it went on, from numbers that are none
    const auto a = std::as_const(model).parameters().span(), b = before.parameters().span();
    demand(std::equal(a.begin(), a.end(), b.begin()), "a checkpoint that is refused changes nothing");
    throw;
  }
}
