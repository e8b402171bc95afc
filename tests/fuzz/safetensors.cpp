#include <tenon/data/npy.hpp>
#include <tenon/io/safetensors.hpp>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(safetensors) {
  const SafeTensors file = SafeTensors::parse(input.bytes, "fuzz");
  std::size_t end = 0;
  for (const TensorInfo& t : file.tensors()) {
    demand(t.offset == end, "tensors lie one behind the other");
    demand(file.bytes(t).size() == t.bytes, "a tensor has its bytes");
    demand(file.find(t.name) == &t, "a tensor is found by its name");
    end += t.bytes;
    std::vector<double> values(
        t.dtype == DType::f16 || t.dtype == DType::bf16 || t.dtype == DType::f32 || t.dtype == DType::f64 ? t.size()
                                                                                                          : 0);
    if (!values.empty()) file.copy_to(t, values);
  }
  if (!file.tensors().empty()) {
    const TensorInfo& first = file.tensors().front();
    const bool array = first.dtype == DType::f32 || first.dtype == DType::f64 || first.dtype == DType::i32 ||
                       first.dtype == DType::i64 || first.dtype == DType::u8;
    if (array)
      demand(read_safetensors_array(input.path(), first.name).bytes.size() == first.bytes, "a tensor is an array");
  }
  const SafeTensors again = SafeTensors::read(input.path());
  demand(again.tensors().size() == file.tensors().size() && again.metadata() == file.metadata(),
         "a file and its bytes are the same");
}
