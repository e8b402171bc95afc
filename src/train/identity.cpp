#include <tenon/train/identity.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <tenon/train/archive.hpp>

#include "../io/words.hpp"

#include "hash.hpp"

namespace tenon {

namespace detail {

namespace {

/// The type in "... [with T = X; std::string_view = ...]" of g++ or "... [T = X]" of clang, as people write it.
std::string type_in(std::string_view signature) {
  signature.remove_prefix(signature.find("T = ") + 4);
  const std::size_t alias = signature.find("; std::string_view");
  const std::string_view type = signature.substr(0, alias == signature.npos ? signature.size() - 1 : alias);
  std::string text(2 * type.size() + 3, '\0');
  text.resize(TypeNameWriter{type, text.data()}.run());
  return text;
}

/// A composition without the layers it is made of, which follow: "Repeat<2,".
std::string_view without_layers(std::string_view type) {
  std::size_t end = type.find('<');
  while (end < type.size() && !(type[end] >= 'A' && type[end] <= 'Z')) ++end;
  return type.substr(0, end);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

void add_piece(std::vector<Piece>& pieces, Piece::Kind kind, std::string_view type) { pieces.push_back({kind, type}); }

NetworkIdentity identify(std::span<const Piece> pieces, std::span<const ParameterEntry> parameters,
                         std::span<const LayerRow> layers) {
  Hash hash;
  for (const Piece& piece : pieces) {
    hash.mix(static_cast<std::uint64_t>(piece.kind));
    if (piece.kind == Piece::Kind::end) continue;
    const std::string type = type_in(piece.type);
    hash.add(piece.kind == Piece::Kind::begin ? without_layers(type) : std::string_view(type));
  }
  for (const ParameterEntry& p : parameters) {
    hash.add(p.name);
    for (std::size_t k = 0; k < p.rank; ++k) hash.mix(p.dims[k]);
    hash.mix(p.trainable ? 1 : 0);
  }
  NetworkIdentity identity{.fingerprint = hash.sum()};
  for (const LayerRow& row : layers)
    identity.layers.push_back(
        fmt::format("{} {} ({})", row.path, row.type, fmt::join(std::span(row.dims, row.rank), ", ")));
  return identity;
}

void same_network(Archive& a, const NetworkIdentity& network) {
  const std::string fingerprint = fmt::format("{:016x}", network.fingerprint),
                    layers = fmt::format("{}", fmt::join(network.layers, "\n"));
  if (a.writing()) {
    a.same_text("network", fingerprint);
    return a.same_text("network.layers", layers);
  }
  if (a.text("network") == fingerprint) return;
  const std::string refusal = "expected a checkpoint of this network, got one of another: ";
  const std::string& stored = a.text("network.layers");
  const std::vector<std::string_view> there = lines_of(stored);
  const std::size_t common = std::min(there.size(), network.layers.size());
  for (std::size_t i = 0; i < common; ++i)
    if (there[i] != network.layers[i])
      a.refuse(fmt::format("{}layer {} there, layer {} here", refusal, escaped_text(there[i].substr(0, 200)),
                           network.layers[i]));
  if (there.size() != network.layers.size())
    a.refuse(fmt::format("{}{} layers there, {} here", refusal, there.size(), network.layers.size()));
  a.refuse(refusal + "its layers are called alike, but compute something else or have other options");
}

}  // namespace detail

}  // namespace tenon
