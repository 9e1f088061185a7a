// SPDX-License-Identifier: Apache-2.0
// SMTP by libcurl (RFC 5321, STARTTLS of RFC 3207, implicit TLS of RFC 8314).
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/base/clock.h"
#include "tools/bucky/alert/send.h"
#include "tools/bucky/remote/curl_handle.h"
#include "tools/bucky/shared/secret.h"
#include "tools/bucky/sites/x509.h"

namespace bucky {
namespace {

constexpr long kConnectS = 5, kAllS = 15;

struct FreeMime {
    void operator()(curl_mime* mime) const noexcept { curl_mime_free(mime); }
};

void add(ListPtr& list, const std::string& line) {
    auto* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw Error(Fault::exhausted, "no memory for a mail");
    (void)list.release();
    list.reset(longer);
}

/// RFC 5322 3.3: "Tue, 01 Dec 2026 02:10:00 +0000".
std::string date_of(std::int64_t at_ms) {
    const std::time_t at_s = at_ms / 1000;
    std::tm parts{};
    ::gmtime_r(&at_s, &parts);
    constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000",
                       kDays.at(static_cast<std::size_t>(parts.tm_wday)), parts.tm_mday,
                       kMonths.at(static_cast<std::size_t>(parts.tm_mon)), 1900 + parts.tm_year,
                       parts.tm_hour, parts.tm_min, parts.tm_sec);
}

ListPtr headers_of(const conf::AlertSettings& to, const std::string& subject) {
    ListPtr headers;
    const auto domain = to.from.substr(to.from.find('@') + 1);
    add(headers, "Date: " + date_of(SystemClock{}.now_ms()));
    add(headers, fmt::format("Message-ID: <{}@{}>", x509::random_token(), domain));
    add(headers, fmt::format("From: <{}>", to.from));
    add(headers, fmt::format("To: <{}>", fmt::join(to.to, ">, <")));
    add(headers, "Subject: " + subject);
    add(headers, "Auto-Submitted: auto-generated");  // RFC 3834: no absence note answers it
    return headers;
}

void set_tls(CURL* easy, const conf::AlertSettings& to) {
    set_option(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set_option(easy, CURLOPT_USE_SSL,
               static_cast<long>(to.starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (to.ca.empty()) return;
    set_option(easy, CURLOPT_CAINFO, to.ca.c_str());
    set_option(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

}  // namespace

void send_mail(const conf::AlertSettings& to, const std::string& subject, const std::string& text) {
    const auto easy = make_easy();
    std::array<char, CURL_ERROR_SIZE> words{};
    set_option(easy.get(), CURLOPT_ERRORBUFFER, words.data());
    set_option(easy.get(), CURLOPT_NOSIGNAL, 1L);
    set_option(easy.get(), CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set_option(easy.get(), CURLOPT_PROXY, "");  // whatever the environment says
    set_option(easy.get(), CURLOPT_CONNECTTIMEOUT, kConnectS);
    set_option(easy.get(), CURLOPT_TIMEOUT, kAllS);
    set_option(easy.get(), CURLOPT_URL, to.smtp.c_str());
    set_option(easy.get(), CURLOPT_MAIL_FROM, fmt::format("<{}>", to.from).c_str());
    set_tls(easy.get(), to);
    if (!to.user.empty()) {
        set_option(easy.get(), CURLOPT_USERNAME, to.user.c_str());
        set_option(easy.get(), CURLOPT_PASSWORD, read_secret(to.password_file, 1).c_str());
    }
    ListPtr receivers;
    for (const auto& one : to.to) add(receivers, fmt::format("<{}>", one));
    set_option(easy.get(), CURLOPT_MAIL_RCPT, receivers.get());
    const auto headers = headers_of(to, subject);
    set_option(easy.get(), CURLOPT_HTTPHEADER, headers.get());
    const std::unique_ptr<curl_mime, FreeMime> mime{curl_mime_init(easy.get())};
    auto* part = curl_mime_addpart(mime.get());
    if (part == nullptr || curl_mime_data(part, text.data(), text.size()) != CURLE_OK ||
        curl_mime_type(part, "text/plain; charset=utf-8") != CURLE_OK ||
        curl_mime_encoder(part, "quoted-printable") != CURLE_OK) {
        throw Error(Fault::exhausted, "no memory for a mail");
    }
    set_option(easy.get(), CURLOPT_MIMEPOST, mime.get());
    if (const auto code = curl_easy_perform(easy.get()); code != CURLE_OK) {
        throw Error(Fault::unavailable, "{}: {}", to.smtp,
                    words[0] != '\0' ? words.data() : curl_easy_strerror(code));
    }
}

}  // namespace bucky
