// SPDX-License-Identifier: Apache-2.0
// Settings: the configuration after it is read and checked. Plain values with their defaults; the
// key, range, unit and sentence of each field are one row of conf/sections/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "conf/base/choices.h"
#include "conf/base/ids.h"
#include "conf/dicom/result_kinds.h"

namespace bucky::conf {

struct NodeSettings {
    AeTitle ae_title{"BUCKY"};
    std::filesystem::path data_dir = "/var/lib/bucky";
    Language language = Language::english;  ///< of the results
    std::int64_t stop_timeout_s = 20;
    bool no_destination_ok = false;  ///< for images that no tenant owns
};

struct ScpSettings {
    std::string listen = "0.0.0.0";
    std::int64_t port = 11112;  ///< 0: any free one, named in the log
    bool plain = true;          ///< false: only [[listener]]s are opened
    bool check_called_ae = true;
    std::int64_t artim_s = 30;
    std::int64_t handshake_s = 10;  ///< TLS
    std::int64_t read_timeout_s = 60;
    std::int64_t max_associations = 64;
    std::int64_t max_associations_per_peer = 32;
    std::int64_t max_associations_per_address = 48;
    std::int64_t max_instance_mb = 1024;
    ConflictAnswer conflicting = ConflictAnswer::accept;
    std::vector<std::string> ignore{"SR",  "PR",  "KO",  "DOC", "SEG", "REG",
                                    "FID", "RWV", "ECG", "RT",  "OT"};  ///< ignored_classes.h
    std::filesystem::path users;  ///< empty: no user name is required
};

/// A port beside that of [scp], mostly with TLS.
struct ListenerSettings {
    std::string listen = "0.0.0.0";
    std::int64_t port = 2762;           ///< 0: any free one, named in the log
    std::filesystem::path certificate;  ///< empty: without TLS
    std::filesystem::path key;          ///< empty: it is in the file of the certificate
    ClientCertificates client_certificates = ClientCertificates::required;
    std::filesystem::path ca, crl;
    std::filesystem::path users;  ///< empty: no user name is required
};

/// The port that takes images by DICOMweb: STOW-RS (PS3.18 10.5).
struct WebSettings {
    std::string listen;                      ///< empty: none; port 0: any free one
    std::filesystem::path certificate, key;  ///< of this node; empty: plain, on loopback only
    ClientCertificates client_certificates = ClientCertificates::required;
    std::filesystem::path ca, crl;
    std::filesystem::path tokens;  ///< empty: no bearer token is required
};

struct StudySettings {
    std::int64_t quiet_s = 3;
    std::int64_t ceiling_s = 300;
    std::int64_t reporters = 0;  ///< 0: one for every two cores
    std::int64_t give_up_hours = 72;
    IdentityChanges identity_changes = IdentityChanges::follow;
};

struct StorageSettings {
    std::int64_t min_free_mb = 512;
    std::int64_t keep_days = 30;  ///< 0: no limit
    std::int64_t keep_mb = 0;     ///< 0: no limit
    std::int64_t journal_days = 365;
    std::int64_t decisions_days = 3653;  ///< 0: no limit
};

struct InferenceSettings {
    std::vector<std::filesystem::path> models;
    std::string device = "auto";
    std::int64_t replicas = 1;
    std::int64_t threads = 0;  ///< 0: all cores, shared by the replicas
    Precision precision = Precision::float32;
    std::int64_t batch_max = 0;  ///< 0: 1 on the processor, 8 on a GPU
    std::int64_t batch_wait_ms = 0;
    bool fallback = true;
    std::int64_t answer_s = 300;
    std::int64_t preparers = 0;  ///< 0: enough to keep every replica busy
    Answering answer = Answering::all;
    GateMode gate = GateMode::refuse;
    std::filesystem::path gate_model;  ///< empty: cxr-gate beside the first of models
    bool models_writable_ok = false;
    std::int64_t attempts = 5;
    std::int64_t give_up_hours = 72;
    std::int64_t queue_max = 20000;
    std::int64_t queue_reserved_percent = 50;
};

/// How one of inference.models runs, where that differs from [inference].
struct ModelSettings {
    std::filesystem::path folder;
    bool shadow = false;
    std::int64_t replicas = 0;  ///< 0, also below: as [inference] says
    std::int64_t threads = 0;
    std::optional<Precision> precision;  ///< none: as [inference] says
    std::int64_t batch_max = 0;
    std::string sha256;  ///< of its weights; empty: not checked here
    std::string device;  ///< empty: as [inference] says
};

/// The service that runs the models of device = "remote": any server of the Open Inference
/// Protocol.
struct RemoteSettings {
    std::string url;                         ///< empty: none
    std::filesystem::path ca;                ///< empty: the authorities the system trusts
    std::filesystem::path certificate, key;  ///< of this site; empty: none
    std::filesystem::path crl;
    std::string proxy;                ///< "http://HOST:PORT"; empty: none
    std::string proxy_user;           ///< empty: the proxy needs none
    std::string proxy_password_file;  ///< path or "credential:NAME"
    std::string address;              ///< to go out by; empty: as the system routes
    std::int64_t connections = 2;
    std::int64_t connect_timeout_s = 10;
    std::int64_t answer_timeout_s = 60;
    Compression compression = Compression::deflate;
    std::int64_t prove_minutes = 60;
    bool unnamed_weights_ok = false;
    PackageVersions versions = PackageVersions::pinned;
    bool heartbeat = true;
    bool text_in_pixels_ok = false;

    bool operator==(const RemoteSettings&) const = default;
};

struct OverlaySettings {
    bool enabled = true;
    Marking style = Marking::outline;
    std::int64_t longer_side_px = 1280;
};

/// A permitted caller. Without any [[peer]] every caller is accepted, and the log says so.
struct PeerSettings {
    std::string ae_title;  ///< empty: any
    std::string address;   ///< "10.1.0.0/16", "::1", or empty: any
    std::string tenant{};  ///< the account of its images; empty: its own
    bool urgent = false;
    std::string host{};  ///< for reports of storage commitment; empty: not known
    std::int64_t port = 104;
    std::string certificate_subject{};  ///< a name in its client certificate; empty: any or none
    std::string certificate_sha256{};   ///< its fingerprint; empty: any or none
    bool echo = true;
    bool store = true;
    bool commit = true;
    std::int64_t max_associations = 0;   ///< 0: scp.max_associations_per_peer
    std::int64_t images_per_minute = 0;  ///< 0: no limit
};

/// What a word for an exam means, where a device writes its own.
struct AliasSettings {
    ExamAttribute attribute = ExamAttribute::body_part;
    std::string word, means;
    std::string ae_title{};  ///< calling; empty: any
};

struct DestinationSettings {
    std::string name;
    AeTitle ae_title;
    std::string host;
    std::int64_t port = 104;
    std::int64_t connect_timeout_s = 10;
    std::int64_t response_timeout_s = 60;
    std::int64_t retry_first_s = 5;
    std::int64_t retry_cap_s = 900;
    std::int64_t give_up_days = 7;
    std::vector<ResultKind> send{ResultKind::report, ResultKind::overlay};  ///< always
    std::vector<ResultKind> send_if_found;                                  ///< only with a finding
    std::optional<Language> language;                                       // none: node.language
    PictureSyntax picture_syntax = PictureSyntax::rle;
    std::string character_set = "ISO_IR 192";  ///< defined term of PS3.3 C.12.1.1.2
    bool commitment = false;
    std::int64_t commitment_timeout_s = 600;
    bool tls = false;
    std::filesystem::path ca;                ///< empty: the authorities the system trusts
    std::filesystem::path certificate, key;  ///< of this node; empty: none
    std::filesystem::path crl;
    std::string tls_name;              ///< that its certificate must contain; empty: host
    std::string url;                   ///< of its STOW-RS service; empty: it is a DIMSE node
    std::string token_file;            ///< bearer; path or "credential:NAME"; empty: none
    std::string token_url, client_id;  ///< OAuth2 client credentials (RFC 6749 4.4); empty: none
    std::string client_secret_file, scope;
};

/// An archive that is asked which studies it has.
struct ArchiveSettings {
    std::string name;
    AeTitle ae_title;
    std::string host;
    std::int64_t port = 104;
    std::int64_t connect_timeout_s = 10;
    std::int64_t response_timeout_s = 60;
    std::int64_t fetch_timeout_s = 600;
    std::int64_t matches_max = 10000;
    std::int64_t coverage_minutes = 60;  ///< 0: never by itself
    bool backfill = false;
    bool tls = false;
    std::filesystem::path ca;                ///< empty: the authorities the system trusts
    std::filesystem::path certificate, key;  ///< of this node; empty: none
    std::filesystem::path crl;
    std::string tls_name;  ///< that its certificate must contain; empty: host
};

/// An organisation with an AE title of its own on this node; it owns the images that called it.
struct TenantSettings {
    AeTitle ae_title;                           ///< called
    std::vector<std::string> callers;           ///< calling AE titles; none: every permitted peer
    std::vector<std::filesystem::path> models;  ///< of inference.models; none: all
    std::vector<std::string> destinations;      ///< their names; none: those that no tenant lists
    std::optional<Language> language;           ///< none: as the destination says
    std::int64_t images_per_minute = 0;         ///< 0: no limit
    std::int64_t queue_max = 0;                 ///< 0: inference.queue_max is the only limit
};

/// Another threshold than the package's, for one training of one model and nothing else.
struct ThresholdSettings {
    std::string destination;  ///< its name; empty: all
    std::string model, version, sha256;
    std::string finding;  ///< its key in the package
    double value = 0.5;
    std::size_t line = 1;  ///< of the file, for an error found when models are loaded
    std::string tenant{};  ///< its AE title; empty: all
};

/// Whose answer to a finding stands where several packages give one.
struct PrecedenceSettings {
    std::string finding;   ///< its key in the package
    std::string model;     ///< the package whose answer stands
    std::string tenant;    ///< its AE title; empty: all
    std::size_t line = 1;  ///< of the file, for an error found when models are loaded
};

struct AdminSettings {
    std::string listen = "127.0.0.1:8090";  ///< empty: no admin listener; port 0: any free one
    std::string token_file;  ///< path or "credential:NAME"; empty: no token is required
};

/// What `bucky status`, the page, the metrics and alerts call a trouble.
struct StatusSettings {
    std::int64_t worry_after_s = 900;  ///< of the oldest result of a destination that fails
    std::int64_t certificate_days = 21;
    std::vector<std::string> senders;                      ///< calling AE titles that are missed
    std::int64_t silent_hours = 8;                         ///< of working time
    std::int64_t day_begins_hour = 8, day_ends_hour = 18;  ///< local time
    std::vector<std::string> working_days{"mon", "tue", "wed", "thu", "fri"};
};

/// Where troubles are told: a mailbox, or a webhook.
struct AlertSettings {
    std::string name;
    std::vector<std::string> about;  ///< words of Concern (conf/observe/trouble.h); none: all
    std::int64_t after_s = 60;       ///< that a trouble, or its end, has stood
    std::string smtp;                ///< smtp:// or smtps://HOST[:PORT]; empty: a webhook
    std::string from;
    std::vector<std::string> to;
    bool starttls = true;       ///< of smtp://
    std::string user;           ///< empty: the mail server asks for none
    std::string password_file;  ///< path or "credential:NAME"
    std::string url;            ///< of the webhook
    WebhookForm form = WebhookForm::json;
    std::string token_file;    ///< bearer, of the webhook; empty: none
    std::string proxy;         ///< of the webhook
    std::filesystem::path ca;  ///< empty: the authorities the system trusts
};

/// The model server: other sites send prepared images, the scores go back in the same answer.
struct ServiceSettings {
    std::string listen;                      ///< empty: none; port 0: any free one
    std::filesystem::path certificate, key;  ///< of this node; empty: plain, on loopback only
    std::filesystem::path ca, crl;           ///< who issues the sites' certificates
    bool sites = false;                      ///< this node invites sites and issues certificates
    std::string url;                         ///< under which sites reach it, for invitations
    std::string control;                     ///< of the node with `sites` itself; empty: url
    bool proxy_protocol = false;             ///< every connection begins with a PROXY v2 header
    std::string certificate_header;          ///< a proxy on loopback ends TLS; empty: none does
    std::int64_t site_at_once = 16;
    std::int64_t site_per_second = 0;  ///< images; 0: no limit
    std::int64_t site_per_day = 0;     ///< images; 0: no limit
    std::int64_t queue_max = 1000;
};

struct LogSettings {
    LogLevel level = LogLevel::info;
    std::vector<ModuleLevel> modules;
    LogFormat format = LogFormat::text;
    bool phi = false;  ///< patients' names and IDs may be written
};

/// The audit trail (PS3.15 A.5).
struct AuditSettings {
    std::filesystem::path file;      ///< empty: none
    std::int64_t file_max_mb = 100;  ///< then a new one is begun
    std::int64_t files_kept = 10;    ///< full ones
    std::string syslog;              ///< udp://, tcp:// or tls://HOST:PORT; empty: none
    std::filesystem::path ca{};      ///< of a tls:// server; empty: the system's
    std::filesystem::path certificate{}, key{}, crl{};
    std::string tls_name{};  ///< that its certificate must contain; empty: HOST

    bool operator==(const AuditSettings&) const = default;
};

struct Settings {
    NodeSettings node;
    ScpSettings scp;
    StudySettings study;
    StorageSettings storage;
    InferenceSettings inference;
    std::vector<ModelSettings> models;
    RemoteSettings remote;
    std::vector<ListenerSettings> listeners;
    WebSettings web;
    OverlaySettings overlay;
    AdminSettings admin;
    StatusSettings status;
    std::vector<AlertSettings> alerts;
    ServiceSettings service;
    LogSettings log;
    AuditSettings audit;
    std::vector<PeerSettings> peers;
    std::vector<AliasSettings> aliases;
    std::vector<DestinationSettings> destinations;
    std::vector<ArchiveSettings> archives;
    std::vector<TenantSettings> tenants;
    std::vector<ThresholdSettings> thresholds;
    std::vector<PrecedenceSettings> precedences;

    std::filesystem::path spool_dir() const { return node.data_dir / "spool"; }
    std::filesystem::path results_dir() const { return node.data_dir / "results"; }
};

}  // namespace bucky::conf
