// SPDX-License-Identifier: Apache-2.0
// start_wire() initialises the state that DICOM needs once per process. Call it once in main,
// before any thread is started; FrontDoor, Sender, Courier and echo() rely on it.
#pragma once

#include <string>

namespace bucky::scp {

/// Checks that the DICOM data dictionary is loaded; keeps DCMTK from listening, from querying the
/// DNS and from logging (its messages may hold patient data); ignores SIGPIPE; raises the soft
/// limit of open files to the hard one. Throws unavailable when the dictionary is missing.
void start_wire();

/// Our implementation class and version, for associations and the headers of files (PS3.7 D.3.3.2).
const std::string& implementation_class_uid();
const std::string& implementation_version_name();

}  // namespace bucky::scp
