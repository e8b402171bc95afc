#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/// What pages of HTML have in common.
namespace tenon::detail {

inline constexpr const char* page_style =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:1340px;padding:0 1em;color:#222}"
    "h1{font-size:1.6em}h2{margin-top:1.8em;border-bottom:1px solid #ccc;font-size:1.2em}"
    ".pair{white-space:nowrap}.row{display:flex;flex-wrap:wrap;gap:14px}pre{background:#f6f6f6;padding:1em;"
    "overflow-x:auto}.network{overflow-x:auto}"
    "table{border-collapse:collapse}th,td{padding:3px 9px;text-align:right;border:1px solid #ddd}"
    "figure{margin:0;text-align:center;font-size:13px}figure "
    "img{width:84px;height:84px;image-rendering:pixelated;border:1px solid #999}"
    ".drawn img{width:auto;height:auto}";

inline std::string base64(std::span<const std::byte> bytes) {
  constexpr const char* letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k)
      word = word << 8 | (i + k < bytes.size() ? static_cast<std::uint32_t>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : letters[word >> (18 - 6 * k) & 63];
  }
  return text;
}

}  // namespace tenon::detail
