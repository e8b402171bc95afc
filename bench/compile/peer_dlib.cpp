// The program of mnist.cpp in dlib.
#include <dlib/data_io.h>
#include <dlib/dnn.h>

#include <cstdio>
#include <vector>

using Net = dlib::loss_multiclass_log<
    dlib::fc<10, dlib::dropout<dlib::relu<dlib::fc<128, dlib::input<dlib::matrix<unsigned char>>>>>>>;

int main() {
  std::vector<dlib::matrix<unsigned char>> train, test;
  std::vector<unsigned long> train_labels, test_labels;
  dlib::load_mnist_dataset(".", train, train_labels, test, test_labels);

  Net net;
  dlib::dnn_trainer<Net, dlib::adam> trainer(net, dlib::adam(0, 0.9f, 0.999f));
  trainer.set_learning_rate(1e-3);
  trainer.set_mini_batch_size(64);
  trainer.set_max_num_epochs(5);
  trainer.be_verbose();
  trainer.train(train, train_labels);
  net.clean();

  const std::vector<unsigned long> guesses = net(test);
  std::size_t right = 0;
  for (std::size_t i = 0; i < guesses.size(); ++i) right += guesses[i] == test_labels[i];
  std::printf("%.4f\n", static_cast<double>(right) / static_cast<double>(guesses.size()));
}
