// Types are spelt as their user writes them, by every compiler alike.
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/type_name.hpp>
#include <tenon/shape.hpp>

namespace space {

template <auto...>
struct Dense;
template <auto>
struct Dropout {};
enum class Padding { same, valid };
template <Padding>
struct Pool;
struct ReLU;
template <class...>
struct Pack;

}  // namespace space

using tenon::type_name;
using namespace space;

static_assert(type_name<ReLU>() == "ReLU");
static_assert(type_name<Dense<784, 128>>() == "Dense<784, 128>");
static_assert(type_name<Dense<784ul, 128u, -3, true>>() == "Dense<784, 128, -3, true>");
static_assert(type_name<Dropout<0>>() == "Dropout<0>");
static_assert(type_name<Dropout<0.0>>() == "Dropout<0>");
static_assert(type_name<Dropout<0.5>>() == "Dropout<0.5>");
static_assert(type_name<Dropout<0.1f>>() == "Dropout<0.1>");
static_assert(type_name<Dropout<0.3>>() == "Dropout<0.3>");
static_assert(type_name<Dropout<-0.25>>() == "Dropout<-0.25>");
static_assert(type_name<Dropout<0.999999999>>() == "Dropout<1>");
static_assert(type_name<Dropout<12.5>>() == "Dropout<12.5>");
static_assert(type_name<Dropout<100.0>>() == "Dropout<100>");
static_assert(type_name<Dropout<1e-9>>() == "Dropout<1e-9>");
static_assert(type_name<Dropout<2.5e20>>() == "Dropout<2.5e20>");
static_assert(type_name<Pool<Padding::same>>() == "Pool<same>");
static_assert(type_name<Dense<Dropout<0.5>{}>>() == "Dense<Dropout<0.5>>");
static_assert(type_name<tenon::Named<"a b, c", Pack<Pack<>, ReLU>>>() == "Named<\"a b, c\", Pack<Pack<>, ReLU>>");
static_assert(type_name<tenon::Shape<1, 28, 28>>() == "Shape<1, 28, 28>");

// Options by the names of their values, so that what is printed compiles.
static_assert(type_name<tenon::Conv2D<8, tenon::kernel<3, 5>, tenon::padding<tenon::same>, tenon::bias<false>>>() ==
              "Conv2D<8, kernel<3, 5>, padding<same>, bias<false>>");
static_assert(type_name<tenon::LSTM<8, tenon::dropout<0.25>, tenon::diagonal_peepholes>>() ==
              "LSTM<8, dropout<0.25>, diagonal_peepholes>");

namespace {
template <class>
struct Hidden;
}
static_assert(type_name<Hidden<Hidden<ReLU>>>() == "Hidden<Hidden<ReLU>>");
