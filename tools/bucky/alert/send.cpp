// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/alert/send.h"

#include "conf/base/error.h"
#include "tools/bucky/remote/http_client.h"
#include "tools/bucky/shared/secret.h"

namespace bucky {

void send_alert(const conf::AlertSettings& to, const AlertNews& news) {
    if (!to.smtp.empty()) return send_mail(to, subject_of(news), text_of(news));
    conf::RemoteSettings way;
    way.url = to.url;
    way.ca = to.ca;
    way.proxy = to.proxy;
    way.connect_timeout_s = 5;
    way.answer_timeout_s = 10;
    std::vector<std::string> headers{"Content-Type: application/json"};
    if (!to.token_file.empty()) {
        headers.push_back("Authorization: Bearer " + read_secret(to.token_file, 1));
    }
    HttpClient http{way};
    const auto body = to.form == WebhookForm::slack ? slack_of(news) : json_of(news);
    const auto answer = http.post("", headers, body);
    if (answer.status / 100 == 2) return;
    throw Error(Fault::unavailable, "{}: HTTP {}", host_of(to.url), answer.status);
}

}  // namespace bucky
