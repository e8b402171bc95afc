#pragma once

#include <tenon/train/callbacks/csv_logger.hpp>  // under its old name
