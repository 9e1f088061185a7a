// SPDX-License-Identifier: Apache-2.0
// What a thread may use after main() has returned.
#pragma once

namespace bucky {

/// The process's one T, made at first use and never destroyed: a model that hangs holds a thread
/// that nobody can join (tools/bucky/engine/replicas.cpp), and it may come back while the program
/// ends.
template <typename T>
T& immortal() {
    static T* const made = new T;
    return *made;
}

}  // namespace bucky
