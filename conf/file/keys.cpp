// SPDX-License-Identifier: Apache-2.0
#include "conf/file/keys.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/endpoint.h"

namespace bucky::conf {
namespace {

bool is_device(std::string_view text) {
    if (text == "auto" || text == "cpu" || text == "cuda") return true;
    constexpr std::string_view kNumbered = "cuda:";
    if (!text.starts_with(kNumbered)) return false;
    text.remove_prefix(kNumbered.size());
    return !text.empty() && text.size() <= 2 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_model_folder(std::string_view folder) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(std::filesystem::path{folder} / "model.toml", ignored);
}

bool is_empty_or_model_folder(std::string_view folder) {
    return folder.empty() || is_model_folder(folder);
}

bool is_destination_name(std::string_view text) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return !text.empty() && text.size() <= 32 &&
           text.find_first_not_of(kLetters) == std::string_view::npos;
}

bool is_host(std::string_view text) {
    const bool has_odd = std::any_of(text.begin(), text.end(),
                                     [](char c) { return c <= ' ' || c > '~' || c == '/'; });
    return !text.empty() && text.size() <= 253 && !has_odd;  // RFC 1035 2.3.4
}

bool is_empty_or_language(std::string_view text) {
    return text.empty() || text == "en" || text == "ko";
}

bool is_empty_or_destination_name(std::string_view text) {
    return text.empty() || is_destination_name(text);
}

bool is_sha256(std::string_view text) {
    return text.size() == 64 &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_empty_or_sha256(std::string_view text) {
    return text.empty() || is_sha256(text);
}

bool is_said(std::string_view text) {
    return !text.empty();
}

bool is_empty_or_file(std::string_view file) {
    std::error_code ignored;
    return file.empty() || std::filesystem::is_regular_file(std::filesystem::path{file}, ignored);
}

/// As openssl and browsers print it: 64 hex digits, with colons or without.
bool is_empty_or_fingerprint(std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdefABCDEF";
    const auto digits = std::count_if(
        text.begin(), text.end(), [&](char c) { return kHex.find(c) != std::string_view::npos; });
    const auto colons = std::count(text.begin(), text.end(), ':');
    return text.empty() || (digits == 64 && digits + colons == std::ssize(text));
}

bool is_empty_or_host(std::string_view text) {
    return text.empty() || is_host(text);
}

bool is_empty_or_network(std::string_view text) {
    return text.empty() || is_network(text);
}

bool is_empty_or_ae_title(std::string_view text) {
    const bool has_odd = std::any_of(text.begin(), text.end(),
                                     [](char c) { return c < ' ' || c > '~' || c == '\\'; });
    return text.size() <= 16 && !has_odd;
}

bool is_ae_title(std::string_view text) {
    return !text.empty() && is_empty_or_ae_title(text);
}

/// A name cannot be listened on; localhost is always the same address.
bool is_empty_or_endpoint(std::string_view text) {
    if (text.empty()) return true;
    const auto endpoint = parse_endpoint(text);
    return endpoint && (is_ip_address(endpoint->host) || is_loopback(endpoint->host));
}

bool is_secret_file(std::string_view text) {
    return text.empty() || text.starts_with('/') || text.starts_with("credential:");
}

bool is_empty_or_absolute(std::string_view text) {
    return text.empty() || text.starts_with('/');
}

bool is_empty_or_syslog(std::string_view text) {
    if (text.empty()) return true;
    for (const std::string_view scheme : {"udp://", "tcp://", "tls://"}) {
        if (!text.starts_with(scheme)) continue;
        const auto endpoint = parse_endpoint(text.substr(scheme.size()));
        return endpoint && endpoint->port > 0 && is_host(endpoint->host);
    }
    return false;
}

/// "deliver=debug"
bool is_module_level(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) return false;
    const auto level = text.substr(equals + 1);
    return level == "debug" || level == "info" || level == "warning" || level == "error";
}

bool is_tenant(std::string_view text) {
    return text.size() <= 64 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

constexpr std::array<std::string_view, 2> kLanguages{"en", "ko"};
constexpr std::array<std::string_view, 3> kClientCertificates{"off", "asked", "required"};
constexpr Fits kFileOrNone{is_empty_or_file, "empty, or a file"};
constexpr std::array<std::string_view, 2> kConflictAnswers{"accept", "refuse"};
constexpr std::array<std::string_view, 2> kIdentityChanges{"follow", "keep"};
constexpr std::array<std::string_view, 3> kGates{"off", "warn", "refuse"};
constexpr std::array<std::string_view, 3> kPrecisions{"float32", "bfloat16", "float16"};
constexpr std::array<std::string_view, 4> kPrecisionsOrSame{"", "float32", "bfloat16", "float16"};
constexpr std::array<std::string_view, 7> kObjects{
    "sr", "overlay", "presentation", "segmentation", "summary", "notice", "chest_cad"};
// Defined terms of PS3.3 C.12.1.1.2, tables C.12-2 and C.12-5: those without code extensions.
constexpr std::array<std::string_view, 14> kCharacterSets{
    "ISO_IR 192", "ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110",
    "ISO_IR 144", "ISO_IR 127", "ISO_IR 126", "ISO_IR 138", "ISO_IR 148",
    "ISO_IR 166", "ISO_IR 13",  "GB18030",    "GBK"};
constexpr std::array<std::string_view, 3> kPictureSyntaxes{"uncompressed", "rle", "jpeg-lossless"};
constexpr std::array<std::string_view, 3> kMarkings{"outline", "heatmap", "both"};
constexpr std::array<std::string_view, 2> kFormats{"text", "json"};
constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};

using enum Presence;

constexpr Key<NodeSettings> kNodeKeys[] = {
    {"ae_title", &NodeSettings::ae_title, Anything{}, "",
     "Application entity title: the name that modalities and the PACS call.", R"("BUCKY")"},
    {"data_dir", &NodeSettings::data_dir, Anything{}, "",
     "Folder of everything that must survive a power cut; made if it is not there.",
     R"("/var/lib/bucky")"},
    {"language", &NodeSettings::language, OneOf{kLanguages}, "",
     "Language of the finding names in reports and pictures."},
    {"stop_timeout_s", &NodeSettings::stop_timeout_s, Range{1, 3600}, "s",
     "Time that what is at hand has to end after SIGTERM; what has not ended then is left and "
     "taken "
     "up again at the next start."},
};

constexpr Key<ScpSettings> kScpKeys[] = {
    {"listen", &ScpSettings::listen, Fits{is_ip_address, "an IP address"}, "",
     "Address to listen on; 0.0.0.0 is every IPv4 address of the machine, :: every one."},
    {"port", &ScpSettings::port, Range{0, 65535}, "",
     "TCP port to listen on; 0 takes any free one and names it in the log.", "11112"},
    {"plain", &ScpSettings::plain, Anything{}, "",
     "Open this port at all; false: only those of the [[listener]]s are opened."},
    {"check_called_ae", &ScpSettings::check_called_ae, Anything{}, "",
     "Reject callers that call this node by another AE title than node.ae_title."},
    {"artim_s", &ScpSettings::artim_s, Range{1, 300}, "s",
     "Time a caller has to send its whole A-ASSOCIATE-RQ (PS3.8 9.1.5)."},
    {"handshake_s", &ScpSettings::handshake_s, Range{1, 300}, "s",
     "Time a caller has for the TLS handshake."},
    {"read_timeout_s", &ScpSettings::read_timeout_s, Range{1, 3600}, "s",
     "Time a caller may be silent within an association before it is aborted."},
    {"max_associations", &ScpSettings::max_associations, Range{1, 1000}, "associations",
     "Associations served at once; one more is told to try again later."},
    {"max_associations_per_peer", &ScpSettings::max_associations_per_peer, Range{1, 1000},
     "associations",
     "Of these, for one caller (AE title and address), so that it cannot shut out the others."},
    {"max_associations_per_address", &ScpSettings::max_associations_per_address, Range{1, 1000},
     "associations",
     "Of these, for all callers at one address (of IPv6: in one /64), whatever they call "
     "themselves. Raise it where many call through one: NAT, a proxy, a gateway."},
    {"max_instance_mb", &ScpSettings::max_instance_mb, Range{1, 1024}, "MB",
     "Larger instances are refused; the largest radiograph has about 300 MB."},
    {"conflicting", &ScpSettings::conflicting, OneOf{kConflictAnswers}, "",
     "Answer to an image whose SOP Instance UID came before with other content: accept (success) "
     "or refuse (C000). It is kept apart and flagged either way, and not analysed."},
    {"users", &ScpSettings::users, kFileOrNone, "",
     "File of NAME:HASH lines as `mkpasswd -m yescrypt` makes the hash: then callers must give a "
     "user name and passcode (PS3.7 D.3.3.7). Over this port they travel in the clear."},
};

constexpr Key<ListenerSettings> kListenerKeys[] = {
    {"listen", &ListenerSettings::listen, Fits{is_ip_address, "an IP address"}, "",
     "As scp.listen."},
    {"port", &ListenerSettings::port, Range{0, 65535}, "", "As scp.port."},
    {"certificate", &ListenerSettings::certificate, kFileOrNone, "",
     "Our certificate (PEM), then those between it and the authority; empty: no TLS."},
    {"key", &ListenerSettings::key, kFileOrNone, "",
     "Its private key (PEM, without a passphrase, readable by the service only); empty: in the "
     "same file."},
    {"client_certificates", &ListenerSettings::client_certificates, OneOf{kClientCertificates}, "",
     "required: who shows none of ca's is not heard; asked: who shows one must show a good one."},
    {"ca", &ListenerSettings::ca, kFileOrNone, "",
     "Authorities (PEM) whose certificates callers may show."},
    {"crl", &ListenerSettings::crl, kFileOrNone, "",
     "Revoked certificates (PEM): a list from each of these authorities and from each between them "
     "and a caller; one that is missing or out of date refuses whom it is about."},
    {"users", &ListenerSettings::users, kFileOrNone, "", "As scp.users."},
};

constexpr Key<PeerSettings> kPeerKeys[] = {
    {"ae_title", &PeerSettings::ae_title,
     Fits{is_empty_or_ae_title, "empty, or at most 16 printable ASCII characters"}, "",
     "The AE title that the caller gives; empty: any."},
    {"address", &PeerSettings::address,
     Fits{is_empty_or_network, "empty, an IP address, or a network such as 10.1.0.0/16"}, "",
     "Where it calls from; empty: anywhere."},
    {"tenant", &PeerSettings::tenant,
     Fits{is_tenant, "empty, or at most 64 printable ASCII characters"}, "",
     "On whose account its images wait: accounts take turns at the models. Empty: each called AE "
     "title that is not node.ae_title, else each calling AE title, has an account of its own; so "
     "has each [[tenant]], whatever stands here."},
    {"urgent", &PeerSettings::urgent, Anything{}, "",
     "Its images are analysed and reported first; every fifth turn is for the others."},
    {"host", &PeerSettings::host, Fits{is_empty_or_host, "empty, or a host name or an IP address"},
     "",
     "Where it takes reports of storage commitment that it asked for; empty: only on the "
     "association it asked on."},
    {"port", &PeerSettings::port, Range{1, 65535}, "", "TCP port of those reports."},
    {"certificate_subject", &PeerSettings::certificate_subject, Anything{}, "",
     "Its client certificate is made out to this: the whole subject (CN=xray1,O=Hospital), the "
     "common name alone, or a DNS name; empty: any, or none."},
    {"certificate_sha256", &PeerSettings::certificate_sha256,
     Fits{is_empty_or_fingerprint, "empty, or 64 hex digits"}, "",
     "Fingerprint of its client certificate: `openssl x509 -fingerprint -sha256`; empty: any, or "
     "none."},
    {"echo", &PeerSettings::echo, Anything{}, "", "It may ask for C-ECHO."},
    {"store", &PeerSettings::store, Anything{}, "", "It may store images."},
    {"commit", &PeerSettings::commit, Anything{}, "", "It may ask for storage commitment."},
    {"max_associations", &PeerSettings::max_associations, Range{0, 1000}, "associations",
     "At once, of all callers that this row names, whatever their address; 0: "
     "scp.max_associations_per_peer for each and scp.max_associations_per_address."},
    {"images_per_minute", &PeerSettings::images_per_minute, Range{0, 1'000'000}, "images",
     "Of all callers that this row names; more are told to try again later; 0: as many as come."},
};

constexpr Key<InferenceSettings> kInferenceKeys[] = {
    {"models", &InferenceSettings::models,
     Fits{is_model_folder, "a folder with a model.toml in it"}, "",
     "Model packages, best first: the first that accepts an image analyses it.",
     R"(["/usr/share/bucky/models/cxr-phantom"])", required},
    {"device", &InferenceSettings::device, Fits{is_device, "auto, cpu, cuda or cuda:N"}, "",
     "Where models run; auto takes a CUDA device when one answers, else the processor."},
    {"threads", &InferenceSettings::threads, Range{0, 256}, "threads",
     "Threads of one replica on the processor; 0: one a core, shared by the replicas."},
    {"replicas", &InferenceSettings::replicas, Range{1, 64}, "replicas",
     "Copies of each model, on each device, that run at once. `bucky model bench` says whether two "
     "of one thread or one of two answer more images here."},
    {"precision", &InferenceSettings::precision, OneOf{kPrecisions}, "",
     "What models compute in. bfloat16 is faster where the processor has it, and its scores differ "
     "in the third digit; float16 needs a GPU."},
    {"batch_max", &InferenceSettings::batch_max, Range{0, 256}, "images",
     "Waiting images that a replica runs together; 0: one on the processor, eight on a GPU."},
    {"batch_wait_ms", &InferenceSettings::batch_wait_ms, Range{0, 1000}, "ms",
     "The longest that a first image waits for others to fill its batch."},
    {"fallback", &InferenceSettings::fallback, Anything{}, "",
     "A GPU that is full or gone: true lets the processor answer meanwhile, false lets images "
     "wait."},
    {"answer_s", &InferenceSettings::answer_s, Range{1, 3600}, "s",
     "A model that gives no answer in this time hangs; its image has failed."},
    {"preparers", &InferenceSettings::preparers, Range{0, 256}, "threads",
     "Images read and prepared at once while models run; 0: enough to keep each replica busy."},
    {"gate", &InferenceSettings::gate, OneOf{kGates}, "",
     "What becomes of a picture that looks like no upright frontal chest, whatever its header "
     "says."},
    {"gate_model", &InferenceSettings::gate_model,
     Fits{is_empty_or_model_folder, "empty, or a folder with a model.toml in it"}, "",
     "Package that judges it; empty: the folder cxr-gate beside the first of models."},
    {"models_writable_ok", &InferenceSettings::models_writable_ok, Anything{}, "",
     "For development: true takes model packages that the user who runs Bucky, their group or "
     "everyone may write. A model is a program: else they are refused."},
    {"attempts", &InferenceSettings::attempts, Range{1, 100}, "attempts",
     "Tries of an image whose decoder fails and may have failed of it, before its verdict is "
     "failed."},
    {"give_up_hours", &InferenceSettings::give_up_hours, Range{1, 720}, "hours",
     "An image that this machine could not analyse for so long (no memory, no process, no device) "
     "has failed. Until then it is tried again, every 5 minutes at the longest."},
    {"queue_max", &InferenceSettings::queue_max, Range{1, 1'000'000}, "images",
     "Images that may wait for their verdict; beyond it senders are told to try again later."},
    {"queue_reserved_percent", &InferenceSettings::queue_reserved_percent, Range{0, 100}, "%",
     "Part of queue_max that is kept for tenants and senders with few images waiting, an equal "
     "share for each: none can fill the queue for all. 0: the first to come may fill it."},
};

constexpr Key<ModelSettings> kModelKeys[] = {
    {"folder", &ModelSettings::folder, Anything{}, "", "Which: as inference.models names it.",
     R"("/usr/share/bucky/models/cxr-phantom")", required},
    {"shadow", &ModelSettings::shadow, Anything{}, "",
     "Run it beside the others and write what it says into the journal; send nothing of it."},
    {"replicas", &ModelSettings::replicas, Range{0, 64}, "replicas",
     "As inference.replicas; 0: the same."},
    {"threads", &ModelSettings::threads, Range{0, 256}, "threads",
     "As inference.threads; 0: the same."},
    {"precision", &ModelSettings::precision, OneOf{kPrecisionsOrSame}, "",
     "As inference.precision; empty: the same."},
    {"batch_max", &ModelSettings::batch_max, Range{0, 256}, "images",
     "As inference.batch_max; 0: the same."},
    {"sha256", &ModelSettings::sha256,
     Fits{is_empty_or_sha256, "empty, or 64 hexadecimal digits in lower case"}, "",
     "What `bucky model list` says of its weights: others are not loaded. Empty: those that its "
     "own manifest names."},
};

constexpr Key<StudySettings> kStudyKeys[] = {
    {"quiet_s", &StudySettings::quiet_s, Range{0, 3600}, "s",
     "A study is complete when no image of it came for so long, or when the association that all "
     "of it came in has ended."},
    {"ceiling_s", &StudySettings::ceiling_s, Range{1, 86400}, "s",
     "The longest that a first image waits for the report, whatever is still coming."},
    {"reporters", &StudySettings::reporters, Range{0, 64}, "threads",
     "Studies whose reports are made at once; 0: one for every two cores, from 2 to 16. 1 makes "
     "them one after another."},
    {"give_up_hours", &StudySettings::give_up_hours, Range{1, 720}, "hours",
     "A report that this machine could not make for so long (no memory, no disk) waits for a "
     "person. Until then it is tried again, every 5 minutes at the longest."},
    {"identity_changes", &StudySettings::identity_changes, OneOf{kIdentityChanges}, "",
     "An image that comes again with the same pixels and another patient, order or description. "
     "follow: the newer one is the truth; it is analysed and reported anew, and what was filed "
     "under another patient is withdrawn. keep: the first one stands, and only what was empty is "
     "taken up."},
};

constexpr Key<OverlaySettings> kOverlayKeys[] = {
    {"enabled", &OverlaySettings::enabled, Anything{}, "",
     "Send a picture of each analysed image with the findings drawn in."},
    {"style", &OverlaySettings::style, OneOf{kMarkings}, "",
     "What shows where a finding is; without a heatmap there are outlines in any case."},
    {"longer_side_px", &OverlaySettings::longer_side_px, Range{256, 8192}, "px",
     "Longer side of that picture; smaller images are enlarged at most twice."},
};

constexpr Key<DestinationSettings> kDestinationKeys[] = {
    {"name", &DestinationSettings::name, Fits{is_destination_name, "1 to 32 of a-z, 0-9 and -"}, "",
     "What commands, logs and metrics call it.", R"("pacs")", required},
    {"ae_title", &DestinationSettings::ae_title, Anything{}, "", "The AE title to call it by.",
     R"("ORTHANC")", required},
    {"host", &DestinationSettings::host, Fits{is_host, "a host name or an IP address"}, "",
     "Host name or address.", R"("127.0.0.1")", required},
    {"port", &DestinationSettings::port, Range{1, 65535}, "", "TCP port.", "4242"},
    {"connect_timeout_s", &DestinationSettings::connect_timeout_s, Range{1, 300}, "s",
     "Time it has to accept a connection and the association."},
    {"response_timeout_s", &DestinationSettings::response_timeout_s, Range{1, 3600}, "s",
     "Time it has to answer a C-STORE."},
    {"retry_first_s", &DestinationSettings::retry_first_s, Range{1, 3600}, "s",
     "Wait before the second try; it doubles with each further one."},
    {"retry_cap_s", &DestinationSettings::retry_cap_s, Range{1, 86400}, "s",
     "The longest wait between two tries."},
    {"give_up_days", &DestinationSettings::give_up_days, Range{1, 365}, "days",
     "Then the result is parked, and `bucky queue retry` sends it again."},
    {"send", &DestinationSettings::send, OneOf{kObjects}, "",
     "Objects that it always gets. Of a study: sr, the report; summary, one picture of all images; "
     "chest_cad, a Chest CAD SR of nodules and pneumothorax beside the report. Of an analysed "
     "image: "
     "overlay, a picture; presentation, a Grayscale Softcopy Presentation State; segmentation, its "
     "outlines as areas. Of an image that was not analysed: notice, a small picture that says "
     "why."},
    {"send_if_found", &DestinationSettings::send_if_found, OneOf{kObjects}, "",
     "Objects that it gets of a study (those of an analysed image: of an image) with a finding, be "
     "it undetermined, and else not. What stands in neither list it never gets."},
    {"language", &DestinationSettings::language,
     Fits{is_empty_or_language, "en, ko, or empty for node.language"}, "",
     "Language of what it gets, en or ko; empty: node.language."},
    {"picture_syntax", &DestinationSettings::picture_syntax, OneOf{kPictureSyntaxes}, "",
     "How pictures go out if it takes that; every one is lossless, and one that it does not take "
     "goes out uncompressed."},
    {"character_set", &DestinationSettings::character_set, OneOf{kCharacterSets}, "",
     "Specific Character Set of what it gets, for an archive that garbles UTF-8 (ISO_IR 192). An "
     "object with a character that the set has not goes out in UTF-8, and the journal says so."},
    {"commitment", &DestinationSettings::commitment, Anything{}, "",
     "Ask it to keep what it took (storage commitment, PS3.4 Annex J), and send again what it has "
     "lost."},
    {"commitment_timeout_s", &DestinationSettings::commitment_timeout_s, Range{1, 604800}, "s",
     "Time it has to report on that; then it is asked again."},
    {"tls", &DestinationSettings::tls, Anything{}, "",
     "Speak TLS 1.2 or 1.3 with it (PS3.15 B.12), and only that."},
    {"ca", &DestinationSettings::ca, kFileOrNone, "",
     "Authorities (PEM) whose certificate it must show; empty: those that the system trusts."},
    {"certificate", &DestinationSettings::certificate, kFileOrNone, "",
     "Our certificate (PEM), if it asks for one; empty: none."},
    {"key", &DestinationSettings::key, kFileOrNone, "",
     "Private key of that (PEM); empty: in the same file."},
    {"crl", &DestinationSettings::crl, kFileOrNone, "",
     "Revoked certificates (PEM): as listener.crl, from each authority above its certificate."},
    {"tls_name", &DestinationSettings::tls_name, Anything{}, "",
     "The host name or address that its certificate must bear; empty: host."},
};

constexpr Key<TenantSettings> kTenantKeys[] = {
    {"ae_title", &TenantSettings::ae_title, Anything{}, "",
     "The AE title that its modalities call; node.ae_title may be one, too.", R"("CLINIC_NORTH")",
     required},
    {"callers", &TenantSettings::callers,
     Fits{is_ae_title, "a list of AE titles, each of 1 to 16 printable ASCII characters"}, "",
     "Who of those that may call at all may call by this title, by their own AE titles; empty: all "
     "of them."},
    {"models", &TenantSettings::models, Fits{is_model_folder, "a folder with a model.toml in it"},
     "",
     "Of inference.models, best first: the only ones that look at its images; empty: all of them."},
    {"destinations", &TenantSettings::destinations,
     Fits{is_destination_name, "a list of names of [[destination]]s"}, "",
     "The only ones that get its results. What a tenant names, images of others do not go to, "
     "unless they name it too; empty: those that no tenant names."},
    {"language", &TenantSettings::language,
     Fits{is_empty_or_language, "en, ko, or empty for what the destination says"}, "",
     "Language of its results, en or ko, wherever they go; empty: as the destination says."},
    {"images_per_minute", &TenantSettings::images_per_minute, Range{0, 1'000'000}, "images",
     "Of all its senders; more are told to try again later; 0: as many as come."},
    {"queue_max", &TenantSettings::queue_max, Range{0, 1'000'000}, "images",
     "Of it that may wait for their verdict; beyond it its senders are told to try again later; 0: "
     "inference.queue_max is the only limit."},
};

constexpr Key<ThresholdSettings> kThresholdKeys[] = {
    {"destination", &ThresholdSettings::destination,
     Fits{is_empty_or_destination_name, "the name of a [[destination]], or empty for all"}, "",
     "Whose results it decides; empty: every destination's."},
    {"tenant", &ThresholdSettings::tenant,
     Fits{is_empty_or_ae_title, "the ae_title of a [[tenant]], or empty for all"}, "",
     "Whose images it decides; empty: everyone's. Where several rows fit, one with a tenant and a "
     "destination goes before one with a tenant, that before one with a destination."},
    {"model", &ThresholdSettings::model, Fits{is_said, "the name of a model package"}, "",
     "The model by its name ...", R"("cxr-phantom")", required},
    {"version", &ThresholdSettings::version, Fits{is_said, "the version of that package"}, "",
     "... its version ...", R"("1.1.0")", required},
    {"sha256", &ThresholdSettings::sha256, Fits{is_sha256, "64 hexadecimal digits in lower case"},
     "",
     "... and its weights, as `bucky model list` prints them: another training needs another "
     "threshold.",
     R"("0000000000000000000000000000000000000000000000000000000000000000")", required},
    {"finding", &ThresholdSettings::finding, Fits{is_said, "the key of a finding of that model"},
     "", "The finding by its key in the package.", R"("nodule")", required},
    {"value", &ThresholdSettings::value, Between{0.01, 0.99}, "",
     "From this score on the finding is called present.", "0.5", required},
};

constexpr Key<StorageSettings> kStorageKeys[] = {
    {"min_free_mb", &StorageSettings::min_free_mb, Range{0, 10'000'000}, "MB",
     "Below this much free space senders are told to try again later."},
    {"keep_days", &StorageSettings::keep_days, Range{0, 36500}, "days",
     "Images and results are deleted so long after all results of their study were delivered; 0: "
     "never. What has not been delivered is never deleted."},
    {"keep_mb", &StorageSettings::keep_mb, Range{0, 1'000'000'000}, "MB",
     "Above so much, the studies delivered longest ago are deleted, whatever their age; 0: no "
     "such limit."},
    {"journal_days", &StorageSettings::journal_days, Range{1, 36500}, "days",
     "How long the journal tells of a study that was deleted."},
};

constexpr Key<AdminSettings> kAdminKeys[] = {
    {"listen", &AdminSettings::listen,
     Fits{is_empty_or_endpoint, "an IP address with a port, such as 127.0.0.1:8090, or empty"}, "",
     "Where /healthz, /readyz and /metrics answer; an address that other machines can reach needs "
     "a token_file. Empty: nowhere."},
    {"token_file", &AdminSettings::token_file,
     Fits{is_secret_file, "empty, a path that begins with /, or credential:NAME"}, "",
     "File with the token that all but /healthz and /readyz ask for, as a bearer token or as the "
     "password of any user; credential:NAME is systemd's credential of that name. Empty: none is "
     "asked for."},
};

constexpr Key<LogSettings> kLogKeys[] = {
    {"level", &LogSettings::level, OneOf{kLevels}, "", "Events below this level are not written."},
    {"modules", &LogSettings::modules,
     Fits{is_module_level, "a list of MODULE=LEVEL, such as \"deliver=debug\""}, "",
     "Other levels for some events, by the word before the dot of their names: deliver, "
     "association, image."},
    {"format", &LogSettings::format, OneOf{kFormats}, "",
     "text: key=value; json: an object a line, for what reads logs by machine."},
    {"phi", &LogSettings::phi, Anything{}, "",
     "Write patients' names and IDs too (store.kept), for who must find one image: the log is then "
     "as secret as the images are, and says so at the start."},
};

constexpr Key<AuditSettings> kAuditKeys[] = {
    {"file", &AuditSettings::file,
     Fits{is_empty_or_absolute, "empty, or a path that begins with /"}, "",
     "File that gets every message, a line of XML each; empty: none."},
    {"file_max_mb", &AuditSettings::file_max_mb, Range{1, 100'000}, "MB",
     "When it has grown so large it becomes FILE.1 and another is begun."},
    {"files_kept", &AuditSettings::files_kept, Range{1, 1000}, "files",
     "Full ones that are kept; the oldest goes."},
    {"syslog", &AuditSettings::syslog,
     Fits{is_empty_or_syslog, "empty, or udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT"}, "",
     "Server that gets every message (RFC 5424): udp by RFC 5426, tcp by RFC 6587, tls (1.2 "
     "or 1.3) by RFC 5425; empty: none. Messages longer than a datagram, 65,507 bytes, need "
     "tcp or tls."},
    {"ca", &AuditSettings::ca, kFileOrNone, "",
     "Authorities (PEM) that the certificate of a tls:// server may come from; empty: the "
     "system's. This and the next three are read again at each connection."},
    {"certificate", &AuditSettings::certificate, kFileOrNone, "",
     "Ours and its chain (PEM), where that server asks for one."},
    {"key", &AuditSettings::key, kFileOrNone, "",
     "Private key of that (PEM); empty: in the same file."},
    {"crl", &AuditSettings::crl, kFileOrNone, "", "Revoked certificates (PEM)."},
    {"tls_name", &AuditSettings::tls_name, Anything{}, "",
     "The host name or address that the server's certificate must bear; empty: HOST."},
};

}  // namespace

std::string in_words(const Allowed& allowed) {
    struct Words {
        std::string operator()(Anything) const { return {}; }
        std::string operator()(Range range) const {
            return fmt::format("{} to {}", range.least, range.most);
        }
        std::string operator()(Between range) const {
            return fmt::format("{} to {}", range.least, range.most);
        }
        std::string operator()(OneOf one) const {
            std::vector<std::string_view> words(one.words.begin(), one.words.end());
            std::replace(words.begin(), words.end(), std::string_view{}, std::string_view{"empty"});
            const auto last = words.back();
            words.pop_back();
            return fmt::format("{} or {}", fmt::join(words, ", "), last);
        }
        std::string operator()(Fits rule) const { return std::string{rule.words}; }
    };
    return std::visit(Words{}, allowed);
}

const Sections& sections() {
    static const Sections all{
        Section<NodeSettings>{"node", &Settings::node, kNodeKeys, "This node."},
        Section<ScpSettings>{"scp", &Settings::scp, kScpKeys, "The DICOM port that takes images."},
        Section<ListenerSettings>{
            "listener", &Settings::listeners, kListenerKeys,
            "Further ports, one [[listener]] each: with TLS (1.2 or 1.3, PS3.15 B.12). "
            "Certificates, keys and lists are read again at SIGHUP; those of destinations at each "
            "association.",
            false},
        Section<PeerSettings>{
            "peer", &Settings::peers, kPeerKeys,
            "Who may call, one [[peer]] each. Without any, every caller is taken.", false},
        Section<InferenceSettings>{"inference", &Settings::inference, kInferenceKeys,
                                   "The models, and where they run."},
        Section<ModelSettings>{
            "model", &Settings::models, kModelKeys,
            "How one of inference.models runs, where that differs from [inference]; one [[model]] "
            "each.",
            false},
        Section<StudySettings>{"study", &Settings::study, kStudyKeys,
                               "When a study is complete and its report is made. Images are "
                               "analysed as they come; only the report waits."},
        Section<OverlaySettings>{"overlay", &Settings::overlay, kOverlayKeys,
                                 "The pictures that go beside the report."},
        Section<DestinationSettings>{"destination", &Settings::destinations, kDestinationKeys,
                                     "Where results go, one [[destination]] each; each has its own "
                                     "queue. Without any, results stay here."},
        Section<TenantSettings>{
            "tenant", &Settings::tenants, kTenantKeys,
            "Those whom this node serves under AE titles of their own, one [[tenant]] each, with "
            "what is theirs alone. Without any, and for who calls by another title, all of the "
            "above holds.",
            false},
        Section<ThresholdSettings>{"threshold", &Settings::thresholds, kThresholdKeys,
                                   "Another threshold than the model package's, one [[threshold]] "
                                   "each. It holds for these very weights; for any other it is "
                                   "refused.",
                                   false},
        Section<StorageSettings>{"storage", &Settings::storage, kStorageKeys, "The disk."},
        Section<AdminSettings>{"admin", &Settings::admin, kAdminKeys,
                               "HTTP for the supervisor and Prometheus."},
        Section<LogSettings>{"log", &Settings::log, kLogKeys,
                             "Events on standard output, one a line."},
        Section<AuditSettings>{"audit", &Settings::audit, kAuditKeys,
                               "The audit trail: who sent and got whose images, as DICOM wants it "
                               "(PS3.15 A.5). It has patients' IDs. Changes wait for a restart."},
    };
    return all;
}

}  // namespace bucky::conf
