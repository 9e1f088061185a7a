// SPDX-License-Identifier: Apache-2.0
// Every statement of this folder by name. Tests prepare each against the newest schema and read the
// query plans of the hot ones. Only for storage/ and its tests.
#pragma once

#include <span>

#include "storage/database.h"

namespace bucky::storage {

std::span<const Sql> abandoned_lane_statements();
std::span<const Sql> backup_statements();
std::span<const Sql> commitment_statements();
std::span<const Sql> decision_statements();
std::span<const Sql> expiry_statements();
std::span<const Sql> intake_statements();
std::span<const Sql> job_statements();
std::span<const Sql> journal_statements();
std::span<const Sql> outbox_statements();
std::span<const Sql> peer_class_statements();
std::span<const Sql> pledge_statements();
std::span<const Sql> recover_statements();
std::span<const Sql> reingest_statements();
std::span<const Sql> retention_statements();
std::span<const Sql> sender_statements();
std::span<const Sql> study_statements();
std::span<const Sql> turn_statements();
std::span<const Sql> waits_statements();

}  // namespace bucky::storage
