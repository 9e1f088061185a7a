// SPDX-License-Identifier: Apache-2.0
// start_wire() readies what is one per process before DICOM is spoken. Call it once in main, before
// any thread is started; FrontDoor, Sender, Courier and echo() rely on it.
#pragma once

#include <string>

namespace bucky::scp {

/// Checks that the DICOM data dictionary is loaded, keeps DCMTK from listening, from asking the DNS
/// and from logging (its messages may hold patient data), ignores SIGPIPE, and lifts the soft limit
/// of open files to the hard one. Throws unavailable when the dictionary is not there.
void start_wire();

/// Who we say we are in associations and in the header of the files we write (PS3.7 D.3.3.2).
const std::string& implementation_class_uid();
const std::string& implementation_version_name();

}  // namespace bucky::scp
