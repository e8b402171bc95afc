#include "unit/zoo/nested.hpp"

using namespace tenon;
using namespace tenon::zoo;

TEST_CASE("the zoo: every composition in every other, first half") {
  check_table<
      Animal<"Chain", Nested<Chain, Rest<Plain>, Sum<Plain>, Join<Plain>, Gated<Plain>, Halves<Plain>, Copies<Plain>,
                             Called<Plain>, Hidden<Plain>, Each<Plain>, Fixed<Plain>, Pool<Plain>>>,
      Animal<"Rest", Nested<Rest, Chain<Plain>, Sum<Plain>, Join<Plain>, Gated<Plain>, Halves<Plain>, Copies<Plain>,
                            Called<Plain>, Hidden<Plain>, Each<Plain>, Fixed<Plain>, Pool<Plain>>>,
      Animal<"Sum", Nested<Sum, Chain<Plain>, Rest<Plain>, Join<Plain>, Gated<Plain>, Halves<Plain>, Copies<Plain>,
                           Called<Plain>, Hidden<Plain>, Each<Plain>, Fixed<Plain>, Pool<Plain>>>,
      Animal<"Join", Nested<Join, Chain<Plain>, Rest<Plain>, Sum<Plain>, Gated<Plain>, Halves<Plain>, Copies<Plain>,
                            Called<Plain>, Hidden<Plain>, Each<Plain>, Fixed<Plain>, Pool<Plain>>>,
      Animal<"Gated", Nested<Gated, Chain<Plain>, Rest<Plain>, Sum<Plain>, Join<Plain>, Halves<Plain>, Copies<Plain>,
                             Called<Plain>, Hidden<Plain>, Each<Plain>, Fixed<Plain>, Pool<Plain>>>,
      Animal<"Halves", Nested<Halves, Chain<Plain>, Rest<Plain>, Sum<Plain>, Join<Plain>, Gated<Plain>, Copies<Plain>,
                              Called<Plain>, Hidden<Plain>, Each<Plain>, Fixed<Plain>, Pool<Plain>>>>(
      "Every composition in every other, first half");
}
