#pragma once

#include <tenon/model/session.hpp>  // where these are now
