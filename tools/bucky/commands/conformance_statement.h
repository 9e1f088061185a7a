// SPDX-License-Identifier: Apache-2.0
// The DICOM Conformance Statement of a configuration, in the outline of PS3.2 Annex A, as Markdown.
// Negotiation reads the same tables, so that the statement cannot promise what the node does not
// do. docs/conformance.md is the statement of the example file.
#pragma once

#include <string>

#include "conf/settings.h"

namespace bucky {

std::string conformance_statement(const conf::Settings& settings);

}  // namespace bucky
