#pragma once

#include <tenon/layers/learned_positional_embedding.hpp>  // under its old name
