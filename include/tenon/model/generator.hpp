#pragma once

#include <tenon/model/generate.hpp>  // where it is now
