// A step alone is no pipeline.
// expect: argument<tenon::fixed_string<10>{"augmented"}, tenon::fixed_string<9>{"Pipeline"}
// expect: takes<tenon::an_Augment>, tenon::but_gets<tenon::RandomTranslation<1>>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
auto run() { return augmented<RandomTranslation<1>>(digits()); }
#else
auto run() { return augmented<Augment<RandomTranslation<1>>>(digits()); }
#endif
