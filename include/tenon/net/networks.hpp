#pragma once

/// Everything about networks as types: compositions, checks, names, tables and the memory plan.
#include <tenon/net/refuse.hpp>

#include <tenon/layers/flatten.hpp>
#include <tenon/layers/identity.hpp>
#include <tenon/layers/input.hpp>
#include <tenon/layers/reshape.hpp>
#include <tenon/net/add.hpp>
#include <tenon/net/checked.hpp>
#include <tenon/net/concat.hpp>
#include <tenon/net/freeze.hpp>
#include <tenon/net/gate.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/parameters.hpp>
#include <tenon/net/repeat.hpp>
#include <tenon/net/residual.hpp>
#include <tenon/net/sequential.hpp>
#include <tenon/net/summary.hpp>
#include <tenon/networks/dense_block.hpp>
#include <tenon/networks/last_layer.hpp>
#include <tenon/networks/unet.hpp>
