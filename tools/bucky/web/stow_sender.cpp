// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/web/stow_sender.h"

#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "conf/base/error.h"
#include "inference/run/model.h"
#include "scp/deliver/make_sender.h"
#include "scp/wire/dataset_header.h"
#include "scp/wire/part10.h"
#include "tools/bucky/remote/http_client.h"
#include "tools/bucky/web/bearer.h"
#include "tools/bucky/web/stow_answer.h"

namespace bucky {
namespace {

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    if (!in.good() && !in.eof()) throw Error(Fault::unavailable, "cannot read {}", file.string());
    return bytes;
}

/// A text that the object does not contain (RFC 2046 5.1.1).
std::string boundary_for(std::string_view bytes, std::string_view sop_instance) {
    std::string boundary;
    for (int number = 0; boundary.empty() || bytes.find(boundary) != std::string_view::npos;
         ++number) {
        boundary = fmt::format("bucky-{}-{}", Uid::from_name(sop_instance).str().substr(5), number);
    }
    return boundary;
}

}  // namespace

struct StowSender::Impl {
    explicit Impl(const conf::DestinationSettings& to)
        : client(web_settings(to, to.url)), bearer(to) {}

    HttpAnswer post(const scp::Part10Header& header, const std::filesystem::path& file);

    HttpClient client;
    Bearer bearer;
    bool is_open = false;
};

StowSender::StowSender(const conf::DestinationSettings& destination)
    : impl_(std::make_unique<Impl>(destination)) {}

StowSender::~StowSender() = default;

void StowSender::announce(const std::filesystem::path& file) {
    scp::check_file_meta(file);
    (void)scp::read_part10_header(file);
}

/// There is nothing to open before the request; who gives the token must answer.
void StowSender::connect(const std::filesystem::path&) {
    (void)impl_->bearer.header();
}

HttpAnswer StowSender::Impl::post(const scp::Part10Header& header,
                                  const std::filesystem::path& file) {
    auto body = bytes_of(file);
    const auto boundary = boundary_for(body, header.sop_instance);
    // No transfer-syntax parameter: the file says it, and Orthanc 1.10 skips a part that has one.
    body.insert(0, fmt::format("--{}\r\nContent-Type: application/dicom\r\n\r\n", boundary));
    body += fmt::format("\r\n--{}--\r\n", boundary);
    std::vector<std::string> headers{
        fmt::format("Content-Type: multipart/related; type=\"application/dicom\"; boundary={}",
                    boundary),
        "Accept: application/dicom+json"};
    for (const bool is_first : {true, false}) {
        auto all = headers;
        if (auto token = bearer.header(); !token.empty()) all.push_back(std::move(token));
        auto answer = client.post("studies", all, body);
        if (answer.status != 401 || !is_first) return answer;
        bearer.forget();  // it may have been revoked before its time
    }
    __builtin_unreachable();
}

scp::SendOutcome StowSender::send(const std::filesystem::path& file) {
    const auto header = scp::read_part10_header(file);
    connect(file);
    HttpAnswer answer;
    try {
        answer = impl_->post(header, file);
    } catch (const inference::NobodyAnswers& error) {  // nothing has left: no object would
        impl_->is_open = false;
        throw Error(Fault::unavailable, "{}", error.what());
    } catch (const Error& error) {  // an outcome of this file: part of it may have been sent
        impl_->is_open = false;
        return {.verdict = SendVerdict::try_later, .words = error.what()};
    }
    impl_->is_open = !is_of_service(answer.status);
    if (!impl_->is_open) {
        throw Error(Fault::unavailable, "{}", words_for_http_status(answer.status));
    }
    return stow_outcome(answer.status, answer.body, header.sop_instance);
}

bool StowSender::connected() const {
    return impl_->is_open;
}

/// The connection is kept alive by libcurl and ends with the server's patience.
void StowSender::release() noexcept {
    impl_->is_open = false;
}

std::unique_ptr<scp::Sender> sender_to(const conf::DestinationSettings& to, const AeTitle& calling,
                                       int give_up_fd) {
    if (!to.url.empty()) return std::make_unique<StowSender>(to);
    return scp::make_sender(to, calling, give_up_fd);
}

}  // namespace bucky
