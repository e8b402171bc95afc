#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <tenon/report/network_graph.hpp>

namespace tenon::detail {

/// The boxes, frames and arrows of a picture of a network. What is made earlier is never behind what is made later.
struct NetworkScene {
  enum class Kind {
    layer,
    joint,  // where values are put together: +, concat
    port,   // an input or output of a Graph
    fork,   // a point from which several parts are fed
    frame   // holds others
  };
  struct Item {
    Kind kind = Kind::layer;
    int frame = -1;       // the one it is in
    std::string title{};  // of a layer, its name; of a frame, all it says
    std::string type{};
    std::string shape{};  // it gives
  };
  struct Arrow {
    int from = 0, to = 0;
  };
  std::vector<Item> items{};
  std::vector<Arrow> arrows{};
};
NetworkScene make_scene(const NetworkView& network);

}  // namespace tenon::detail
