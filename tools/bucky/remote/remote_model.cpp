// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/remote/remote_model.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "conf/base/digest.h"
#include "conf/base/error.h"
#include "inference/run/check.h"

namespace bucky {
namespace {

using inference::Later;
using inference::ModelInput;
using inference::ModelOutput;
using inference::NobodyAnswers;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kLaterDefault = 5s;

/// No mistake of a server may stop a site for a day.
constexpr std::chrono::seconds kLaterMax = 15min;

/// An idle connection may have been closed; a question without an image finds out.
constexpr auto kIdle = 1s;

/// With every request: our server refuses in words what its weights did not earn, and knows that a
/// site has others. Servers by others do not look at it.
constexpr auto kWeightsField = "Bucky-Weights-Sha256";

constexpr std::int64_t kAliveWithinS = 5;

/// Connections in a row that end before their answer counts.
constexpr int kRoundsMax = 3;

/// An answer of the server that says no to this very request.
class Refused : public Error {
public:
    Refused(long status, const std::string& words)
        : Error(status < 500 ? Fault::corrupt : Fault::exhausted, "{}", words) {}
};

/// 128 random bits: the only name of a request.
std::string random_id() {
    thread_local std::random_device random;
    std::string id;
    for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", random());
    return id;
}

std::string base_path(const inference::Package& package) {
    const auto& named = package.remote.model;
    return "v2/models/" + path_part(named.empty() ? package.identity.name : named);
}

std::string versioned(const std::string& base, const std::string& version) {
    return version.empty() ? base : fmt::format("{}/versions/{}", base, path_part(version));
}

TensorForm form_of(const inference::RemoteSpec& spec) {
    if (!spec.binary) return TensorForm::numbers;
    return spec.float16 ? TensorForm::float16 : TensorForm::float32;
}

/// 200 is an answer; every other status is thrown as what it means for the image.
HttpAnswer checked(HttpAnswer answer, const std::string& device, std::string_view doing) {
    if (answer.status == 200) return answer;
    const auto words =
        fmt::format("{}: {}: HTTP {}: {}", device, doing, answer.status, error_words(answer.body));
    switch (answer.status) {
        case 429:
        case 503:
            throw Later(words, answer.retry_after ? std::min(*answer.retry_after, kLaterMax)
                                                  : kLaterDefault);
        case 401:
        case 403:
        case 404:
        case 409: throw NobodyAnswers(words);  // other weights
        case 408:
        case 502:
        case 504: throw Error(Fault::unavailable, "{}", words);
        default: throw Refused(answer.status, words);
    }
}

}  // namespace

std::string remote_device(const conf::RemoteSettings& settings) {
    return "remote: " + host_of(settings.url);
}

RemoteModel::RemoteModel(inference::Package package, const conf::RemoteSettings& settings)
    : package_(std::move(package)),
      settings_(settings),
      device_(remote_device(settings)),
      http_(settings, HttpClient::Server::checked,
            {fmt::format("{}: {}", kWeightsField, package_.identity.sha256)}) {
    prove();
}

std::vector<ModelOutput> RemoteModel::run_batch(std::span<const ModelInput* const> inputs) {
    const MutexLock turn(mutex_);
    std::vector<ModelOutput> outputs;
    for (const ModelInput* input : inputs) outputs.push_back(run_one(*input));
    return outputs;
}

void RemoteModel::prove() {
    const MutexLock turn(mutex_);
    proven_.reset();
    prove_connection();
}

/// A refusal, or an answer that is none, may be the server's trouble: if the golden inputs pass, it
/// is asked again, and the second one is about this image.
ModelOutput RemoteModel::run_one(const ModelInput& input) {
    try {
        return infer(input);
    } catch (const Error& wrong) {  // judged again, once
        if (wrong.fault() == Fault::unavailable) throw;
        proven_.reset();
        prove_connection();
        return infer(input);
    }
}

/// The answer of a proven connection.
ModelOutput RemoteModel::infer(const ModelInput& input) {
    if (http_.idle() > kIdle) (void)good(http_.get(path("/ready")), "ready");
    for (int round = 0; round < kRoundsMax; ++round) {
        prove_connection();
        auto output = answer_of(input, Over::the_same);
        if (output && http_.connection() == proven_) return std::move(*output);
    }
    throw NobodyAnswers(
        fmt::format("{}: the server, or a proxy before it, closes the connection after each "
                    "answer: its weights cannot be proven",
                    device_));
}

std::optional<ModelOutput> RemoteModel::answer_of(const ModelInput& input, Over over) {
    const auto form = form_of(package_.remote);
    auto request = infer_request(input, names_, form, random_id());
    std::vector<std::string> headers{"Content-Type: application/json"};
    if (form != TensorForm::numbers) {
        headers = {"Content-Type: application/octet-stream",
                   fmt::format("Inference-Header-Content-Length: {}", request.json_bytes)};
    }
    if (settings_.compression != Compression::none) {
        request.body = compressed(request.body, settings_.compression == Compression::gzip);
        headers.push_back(fmt::format("Content-Encoding: {}", word_of(settings_.compression)));
    }
    auto got = over == Over::any ? http_.post(path("/infer"), headers, request.body)
                                 : http_.post_there(path("/infer"), headers, request.body);
    if (!got) return std::nullopt;
    const auto answer = good(std::move(*got), "infer");
    ModelOutput output = read_infer_answer(answer.body, answer.json_bytes, names_);
    output.device = device_;
    return output;
}

/// Nothing where the present connection is proven already.
void RemoteModel::prove_connection() {
    for (int round = 0; round < kRoundsMax; ++round) {
        if (proven_ && *proven_ == http_.connection()) return;
        try {
            look_up();
            const auto connection = http_.connection();
            for (const auto& golden : package_.golden) {
                (void)inference::golden_difference(
                    package_, golden, [this](const ModelInput& input) REQUIRES(mutex_) {
                        return answer_of(input, Over::any).value();
                    });
            }
            if (http_.connection() == connection) proven_ = connection;
        } catch (const NobodyAnswers&) {  // says so itself
            throw;
        } catch (const Error& wrong) {  // whatever it is, no image is at fault
            throw NobodyAnswers(fmt::format("{}: {} {} is not proven: {}", device_,
                                            package_.identity.name, package_.identity.version,
                                            wrong.what()));
        }
    }
    if (proven_ && *proven_ == http_.connection()) return;
    throw NobodyAnswers(fmt::format("{}: the connection does not last for one proof", device_));
}

/// The model's version and tensors at the server, and the hash of its weights.
void RemoteModel::look_up() {
    const auto& told = package_.remote;
    const auto base = base_path(package_);
    version_ = told.version;
    auto metadata =
        read_metadata(good(http_.get(versioned(base, version_)), "metadata of the model").body);
    const auto& ours = package_.identity.version;
    if (version_.empty() && std::ranges::count(metadata.versions, ours) > 0) {
        version_ = ours;
        metadata = read_metadata(good(http_.get(versioned(base, version_)), "metadata").body);
    }
    const std::size_t outputs = package_.has_heatmaps ? 2 : 1;
    names_.input = !told.input.empty()       ? told.input
                   : metadata.inputs.empty() ? "input"
                                             : metadata.inputs.front();
    names_.outputs = told.outputs;
    if (names_.outputs.empty()) names_.outputs = metadata.outputs;
    if (names_.outputs.size() < outputs) {
        throw Error(Fault::corrupt, "the server names {} outputs: must be {}",
                    names_.outputs.size(), outputs);
    }
    names_.outputs.resize(outputs);
    if (metadata.sha256.empty()) add_from_config(http_.get(path("/config")).body, metadata);
    check_hash(metadata.sha256);
    check_purpose(metadata.purpose);
}

/// Whoever changes the word in one manifest has not changed it in the other: a demonstration reads
/// no patient by that (docs/decisions/0606).
void RemoteModel::check_purpose(const std::string& named) const {
    const auto ours = name_of(package_.identity.purpose);
    if (named.empty() || named == ours) return;  // servers by others name none
    throw Error(Fault::corrupt,
                "the server's package has the purpose \"{}\", and the package here \"{}\": "
                "both must be the same",
                error_words(named.substr(0, 32)), ours);
}

void RemoteModel::check_hash(const std::string& named) const {
    const auto& ours = package_.identity.sha256;
    if (named.empty() && !settings_.unnamed_weights_ok) {
        throw Error(Fault::corrupt,
                    "the server names no hash of its weights: parameters.sha256 of the model's "
                    "metadata, or remote.unnamed_weights_ok = true");
    }
    if (!named.empty() && named != ours) {
        throw Error(Fault::corrupt, "the server has the weights {}: must be {}",
                    named.substr(0, 64), ours);
    }
    if (package_.golden.empty()) {
        throw Error(Fault::corrupt, "the package has no golden inputs to prove the weights with");
    }
}

std::string RemoteModel::path(std::string_view what) const {
    return versioned(base_path(package_), version_).append(what);
}

HttpAnswer RemoteModel::good(HttpAnswer answer, std::string_view doing) const {
    return checked(std::move(answer), device_, doing);
}

void check_alive(const conf::RemoteSettings& settings) {
    auto way = settings;
    way.connect_timeout_s = std::min(way.connect_timeout_s, kAliveWithinS);
    way.answer_timeout_s = std::min(way.answer_timeout_s, kAliveWithinS);
    const auto answer = HttpClient{way}.get("v2/health/live");
    if (answer.status < 500) return;  // servers that do not know the path are alive, too
    throw NobodyAnswers(fmt::format("{}: HTTP {}: {}", remote_device(settings), answer.status,
                                    error_words(answer.body)));
}

std::string fetch_weights(const inference::Package& package, const conf::RemoteSettings& settings) {
    HttpClient http{settings};
    const auto device = remote_device(settings);
    const auto& told = package.remote.version;
    const auto version = told.empty() ? package.identity.version : told;
    auto answer = checked(http.get(versioned(base_path(package), version) + "/weights"), device,
                          "weights of the model");
    if (const auto hash = hex(sha256(answer.body)); hash != package.identity.sha256) {
        throw Error(Fault::corrupt, "{} gave the weights {}: must be {}", device, hash,
                    package.identity.sha256);
    }
    return std::move(answer.body);
}

}  // namespace bucky
