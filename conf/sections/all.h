// SPDX-License-Identifier: Apache-2.0
// Every section of the config file. Each stands in a file of its own, with its keys and the checks
// of values that must agree with each other. A new section is a file, a declaration and an entry of
// Sections. Constant after construction: any thread may read.
#pragma once

#include <tuple>

#include "conf/sections/section.h"

namespace bucky::conf {

Section<NodeSettings> node_section();
Section<ScpSettings> scp_section();
Section<ListenerSettings> listener_section();
Section<WebSettings> web_section();
Section<PeerSettings> peer_section();
Section<AliasSettings> alias_section();
Section<InferenceSettings> inference_section();
Section<ModelSettings> model_section();
Section<RemoteSettings> remote_section();
Section<StudySettings> study_section();
Section<OverlaySettings> overlay_section();
Section<DestinationSettings> destination_section();
Section<ArchiveSettings> archive_section();
Section<TenantSettings> tenant_section();
Section<ThresholdSettings> threshold_section();
Section<PrecedenceSettings> precedence_section();
Section<StorageSettings> storage_section();
Section<AdminSettings> admin_section();
Section<StatusSettings> status_section();
Section<AlertSettings> alert_section();
Section<ServiceSettings> service_section();
Section<LogSettings> log_section();
Section<AuditSettings> audit_section();

/// In the order of the example file.
using Sections =
    std::tuple<Section<NodeSettings>, Section<ScpSettings>, Section<ListenerSettings>,
               Section<WebSettings>, Section<PeerSettings>, Section<AliasSettings>,
               Section<InferenceSettings>, Section<ModelSettings>, Section<RemoteSettings>,
               Section<StudySettings>, Section<OverlaySettings>, Section<DestinationSettings>,
               Section<ArchiveSettings>, Section<TenantSettings>, Section<ThresholdSettings>,
               Section<PrecedenceSettings>, Section<StorageSettings>, Section<AdminSettings>,
               Section<StatusSettings>, Section<AlertSettings>, Section<ServiceSettings>,
               Section<LogSettings>, Section<AuditSettings>>;
const Sections& sections();

/// Calls visit(section) for each.
template <typename Visit>
void for_each_section(Visit&& visit) {
    std::apply([&](const auto&... section) { (visit(section), ...); }, sections());
}

}  // namespace bucky::conf
