#include "unit/zoo/nested.hpp"

using namespace tenon;
using namespace tenon::zoo;

TEST_CASE("the zoo: every composition in every other, second half") {
  check_table<
      Animal<"Copies", Nested<Copies, Chain<Plain>, Rest<Plain>, Sum<Plain>, Join<Plain>, Gated<Plain>, Halves<Plain>,
                              Called<Plain>, Hidden<Plain>, Each<Plain>, Fixed<Plain>, Pool<Plain>>>,
      Animal<"Called", Nested<Called, Chain<Plain>, Rest<Plain>, Sum<Plain>, Join<Plain>, Gated<Plain>, Halves<Plain>,
                              Copies<Plain>, Hidden<Plain>, Each<Plain>, Fixed<Plain>, Pool<Plain>>>,
      Animal<"Hidden", Nested<Hidden, Chain<Plain>, Rest<Plain>, Sum<Plain>, Join<Plain>, Gated<Plain>, Halves<Plain>,
                              Copies<Plain>, Called<Plain>, Each<Plain>, Fixed<Plain>, Pool<Plain>>>,
      Animal<"Each", Nested<Each, Chain<Plain>, Rest<Plain>, Sum<Plain>, Join<Plain>, Gated<Plain>, Halves<Plain>,
                            Copies<Plain>, Called<Plain>, Hidden<Plain>, Fixed<Plain>, Pool<Plain>>>,
      Animal<"Fixed", Nested<Fixed, Chain<Plain>, Rest<Plain>, Sum<Plain>, Join<Plain>, Gated<Plain>, Halves<Plain>,
                             Copies<Plain>, Called<Plain>, Hidden<Plain>, Each<Plain>, Pool<Plain>>>,
      Animal<"Pool", Nested<Pool, Chain<Plain>, Rest<Plain>, Sum<Plain>, Join<Plain>, Gated<Plain>, Halves<Plain>,
                            Copies<Plain>, Called<Plain>, Hidden<Plain>, Each<Plain>, Fixed<Plain>>>>(
      "Every composition in every other, second half");
}
