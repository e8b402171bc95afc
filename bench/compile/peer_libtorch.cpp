// The program of mnist.cpp in libtorch.
#include <torch/torch.h>

#include <cstdio>

using torch::data::datasets::MNIST;

torch::Tensor loss(torch::nn::Sequential& net, const torch::data::Example<>& batch) {
  return torch::nll_loss(net->forward(batch.data.flatten(1)), batch.target);
}

int main() {
  torch::nn::Sequential net(torch::nn::Linear(784, 128), torch::nn::ReLU(), torch::nn::Dropout(0.5),
                            torch::nn::Linear(128, 10), torch::nn::LogSoftmax(1));
  torch::optim::Adam optimizer(net->parameters(), torch::optim::AdamOptions(1e-3));
  const torch::data::transforms::Stack<> stack;
  auto train = torch::data::make_data_loader<torch::data::samplers::RandomSampler>(MNIST(".").map(stack), 64);
  auto test = torch::data::make_data_loader(MNIST(".", MNIST::Mode::kTest).map(stack), 256);

  for (int epoch = 1; epoch <= 5; ++epoch) {
    net->train();
    double losses = 0;
    for (auto& batch : *train) {
      optimizer.zero_grad();
      torch::Tensor value = loss(net, batch);
      value.backward();
      optimizer.step();
      losses += value.item<double>();
    }
    net->eval();
    torch::NoGradGuard no_grad;
    long right = 0, seen = 0;
    for (auto& batch : *test) {
      right += net->forward(batch.data.flatten(1)).argmax(1).eq(batch.target).sum().item<long>();
      seen += batch.target.size(0);
    }
    std::printf("epoch %d, loss %.4f, accuracy %.4f\n", epoch, losses,
                static_cast<double>(right) / static_cast<double>(seen));
  }
}
