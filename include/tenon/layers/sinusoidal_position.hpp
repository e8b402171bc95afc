#pragma once

#include <tenon/layers/sinusoidal_positional_encoding.hpp>  // under its old name
