#pragma once

namespace tenon::detail {

/// Seconds since some moment, of a clock that is never set. Here, and not with the standard's header, because that
/// alone takes a compiler longer than most of ours.
double steady_seconds();

}  // namespace tenon::detail
