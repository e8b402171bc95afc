#pragma once

#include <string>

namespace tenon::tool {

/// The operators of both formats that can be imported, as tables in Markdown, read off the tables that the import goes
/// by. docs/guides/import.md has the same text; a test compares them.
std::string operators_text();

}  // namespace tenon::tool
