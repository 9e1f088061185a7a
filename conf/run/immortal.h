// SPDX-License-Identifier: Apache-2.0
// Objects that a thread may use after main() has returned.
#pragma once

namespace bucky {

/// The only T of the process, made at first use and never destroyed: a model that hangs keeps a
/// thread that cannot be joined (tools/bucky/engine/replicas.cpp) and that may return while the
/// program ends.
template <typename T>
T& immortal() {
    static T* const made = new T;
    return *made;
}

}  // namespace bucky
