#pragma once

namespace tenon::detail {

/// Seconds since some moment, of a clock that nobody sets back. Declared here, because <chrono> alone takes a compiler
/// longer than most headers of Tenon.
double steady_seconds();

}  // namespace tenon::detail
