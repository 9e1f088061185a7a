// SPDX-License-Identifier: Apache-2.0
#include "conf/sections/all.h"

namespace bucky::conf {

const Sections& sections() {
    static const Sections all{
        node_section(),    scp_section(),    listener_section(),  web_section(),
        peer_section(),    alias_section(),  inference_section(), model_section(),
        remote_section(),  study_section(),  overlay_section(),   destination_section(),
        archive_section(), tenant_section(), threshold_section(), precedence_section(),
        storage_section(), admin_section(),  status_section(),    alert_section(),
        service_section(), log_section(),    audit_section()};
    return all;
}

}  // namespace bucky::conf
