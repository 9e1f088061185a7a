// SPDX-License-Identifier: Apache-2.0
#include "conf/dicom/ignored_classes.h"
#include "conf/endpoint.h"
#include "conf/sections/all.h"
#include "conf/sections/checker.h"

namespace bucky::conf {
namespace {

constexpr Key<ScpSettings> kKeys[] = {
    {"listen", &ScpSettings::listen, Fits{is_ip_address, "an IP address"}, "",
     "Address to listen on. 0.0.0.0 means every IPv4 address of the machine, :: every address."},
    {"port", &ScpSettings::port, Range{0, 65535}, "",
     "TCP port to listen on. 0: any free port, named in the log.", "11112"},
    {"plain", &ScpSettings::plain, Anything{}, "",
     "Open this port (without TLS). false: only the ports of [[listener]] are opened, and none on "
     "a "
     "node that only serves models ([service])."},
    {"check_called_ae", &ScpSettings::check_called_ae, Anything{}, "",
     "Reject callers whose called AE title is neither node.ae_title nor a [[tenant]]'s."},
    {"artim_s", &ScpSettings::artim_s, Range{1, 300}, "s",
     "Time for a caller to send its whole A-ASSOCIATE-RQ (PS3.8 9.1.5)."},
    {"handshake_s", &ScpSettings::handshake_s, Range{1, 300}, "s",
     "Time for a caller to complete the TLS handshake."},
    {"read_timeout_s", &ScpSettings::read_timeout_s, Range{1, 3600}, "s",
     "Longest silence of a caller within an association. Then the association is aborted."},
    {"max_associations", &ScpSettings::max_associations, Range{1, 1000}, "associations",
     "Maximum open associations. Further callers are rejected transiently (try again later)."},
    {"max_associations_per_peer", &ScpSettings::max_associations_per_peer, Range{1, 1000},
     "associations",
     "Maximum open associations of one caller (AE title and address), so that one caller cannot "
     "shut out the others."},
    {"max_associations_per_address", &ScpSettings::max_associations_per_address, Range{1, 1000},
     "associations",
     "Maximum open associations of all callers at one IP address (IPv6: in one /64), whatever "
     "their AE titles. Raise it if many callers share an address: NAT, a proxy, a gateway."},
    {"max_instance_mb", &ScpSettings::max_instance_mb, Range{1, 1024}, "MB",
     "Maximum size of an instance. Larger ones are refused; the largest radiographs have about 300 "
     "MB."},
    {"conflicting", choice<&ScpSettings::conflicting>, OneOf{kWordsOf<ConflictAnswer>}, "",
     "Answer to an image whose SOP Instance UID was received before with other content: accept "
     "(success) or refuse (C000). Either way it is stored apart, flagged and not analysed."},
    {"ignore", &ScpSettings::ignore,
     Fits{is_ignorable,
          "a list of modalities (SR, PR, KO, DOC, SEG, REG, FID, RWV, ECG, RT, OT, "
          "CT, MR, US, NM, PT, MG, RTIMAGE) or SOP Class UIDs, other than CR and DX"},
     "",
     "Objects that come with a study and that no model reads: answered with success, not kept, "
     "noted in the study's journal. So the push of a whole study ends well. Classes by the "
     "Modality of their objects, or by UID. Empty: they are refused."},
    {"users", &ScpSettings::users, kFileOrNone, "",
     "File of NAME:HASH lines, hashed as by `mkpasswd -m yescrypt`. If set, callers must send a "
     "user name and passcode (PS3.7 D.3.3.7). On this port they are sent in clear text."},
};

void check(const Settings& settings, Checker& checker) {
    if (!settings.scp.plain && settings.listeners.empty() && settings.web.listen.empty() &&
        settings.service.listen.empty()) {
        checker.complain({"scp"}, "plain",
                         "false, and there is neither a [[listener]] nor web.listen nor "
                         "service.listen: the node would accept no caller");
    }
}

}  // namespace

Section<ScpSettings> scp_section() {
    return {.name = "scp",
            .field = &Settings::scp,
            .keys = kKeys,
            .sentence = "The DICOM port that takes images.",
            .check = check};
}

}  // namespace bucky::conf
