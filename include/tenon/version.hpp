#pragma once

// Semantic versions (semver.org). Before 1.0 a minor version may break programs; CHANGELOG.md says what changed.
// CMake refuses to configure while these differ from the version of the project (cmake/version.cmake).
#define TENON_VERSION_MAJOR 0
#define TENON_VERSION_MINOR 1
#define TENON_VERSION_PATCH 0
#define TENON_VERSION_STRING "0.1.0"

/// One number to compare: 0.1.0 is 100, 1.2.3 is 10203.
///
///     #if TENON_VERSION < 200
///     #error "this program wants Tenon 0.2"
///     #endif
#define TENON_VERSION (TENON_VERSION_MAJOR * 10000 + TENON_VERSION_MINOR * 100 + TENON_VERSION_PATCH)
