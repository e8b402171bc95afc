#pragma once

#include <tenon/train/callbacks/model_checkpoint.hpp>  // under its old name
