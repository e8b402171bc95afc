#pragma once

#include <tenon/model/xtensor.hpp>

// What programs often want of xtensor beside tensors: xt::adapt for memory of their own, views, and sorting with
// argmax. xtensor 0.26 has moved these headers; this one finds them in every version. <tenon/tenon.hpp> leaves it out.
#if __has_include(<xtensor/containers/xadapt.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/misc/xsort.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xsort.hpp>
#include <xtensor/xview.hpp>
#endif
