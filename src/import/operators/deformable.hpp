#pragma once

#include "call.hpp"

namespace tenon::importing {

Table deformable_operators();

}  // namespace tenon::importing
