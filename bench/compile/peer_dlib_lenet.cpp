// The program of lenet.cpp in dlib.
#include <dlib/data_io.h>
#include <dlib/dnn.h>

#include <cstdio>
#include <vector>

template <long Filters, int Padding, class Below>
using Convolution = dlib::relu<dlib::add_layer<dlib::con_<Filters, 5, 5, 1, 1, Padding, Padding>, Below>>;
template <class Below>
using Half = dlib::max_pool<2, 2, 2, 2, Below>;
using Net = dlib::loss_multiclass_log<dlib::fc<
    10,
    dlib::relu<dlib::fc<
        84, dlib::relu<dlib::fc<
                120, Half<Convolution<16, 0, Half<Convolution<6, 2, dlib::input<dlib::matrix<unsigned char>>>>>>>>>>>>;

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
