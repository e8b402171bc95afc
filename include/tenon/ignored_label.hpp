#pragma once

#include <tenon/ignore_index.hpp>  // under its old name
