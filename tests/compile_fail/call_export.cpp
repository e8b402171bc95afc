// What is written are the numbers of a model.
// expect: "export_header"}
// expect: takes<tenon::a_model>, tenon::but_gets<char [9]>
#include <tenon/model/export.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

using Net = Sequential<Dense<9, 4>>;

void run(const Model<Net>& model) {
#ifdef TENON_WRONG
  export_header("nine.hpp", model);
#else
  export_header(model, "nine.hpp");
#endif
}
