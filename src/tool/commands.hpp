#pragma once

#include <string>
#include <vector>

/// What `tenon` does. Each returns the exit code: 0, or 1 where it has found a difference; `main` prints an Error.
namespace tenon::tool {

struct Import {
  std::string file, name = "Net", folder = ".";
  std::vector<std::string> shapes, sets;
  bool check = true, json = false;
  std::string rounding = "single";  // of integers, or "double"
};
int import_network(const Import& what);

/// What of a file's tensors fits into the network of a header.
struct Into {
  std::string file, header, name = "Net", prefix;
  std::vector<std::string> renames;
  bool json = false;
};
int import_into(const Into& what);

/// A network whose type is in a header.
struct Typed {
  std::string header, name = "Net", weights, output;
  bool json = false;
};
int export_network(const Typed& what);

struct Quantize : Typed {
  std::string data;
  double scale = 1;
};
int quantize_network(const Quantize& what);

struct Look {
  std::string file;
  std::vector<std::string> shapes, sets;
  bool json = false;
};
int summarize(const Look& what);
int draw(const Look& what);
int inform(const Look& what);

struct Diff {
  std::string first, second;
  double tolerance = 0;
  bool json = false;
};
int compare_tensors(const Diff& what);

}  // namespace tenon::tool
