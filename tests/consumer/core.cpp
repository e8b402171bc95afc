#include <tenon/shape.hpp>

static_assert(tenon::Shape<1, 28, 28>::size == 784);

int main() {}
