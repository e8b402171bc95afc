#include <tenon/train/sharding.hpp>

namespace tenon::detail {

template class Sharding<float>;
template class Sharding<double>;

}  // namespace tenon::detail
