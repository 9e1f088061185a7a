// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sites/crl_keeper.h"

#include <system_error>

#include "conf/base/error.h"
#include "tools/bucky/remote/http_client.h"
#include "tools/bucky/remote/wire.h"
#include "tools/bucky/shared/files.h"
#include "tools/bucky/sites/private_file.h"
#include "tools/bucky/sites/x509.h"

namespace bucky {
namespace {

constexpr std::int64_t kForAnAnswerS = 20;  // a node that stops waits for it

}  // namespace

bool fetch_revocation_list(const conf::ServiceSettings& told) {
    conf::RemoteSettings way;
    way.url = told.control;
    way.ca = told.ca;
    way.answer_timeout_s = kForAnAnswerS;
    HttpClient http{way};
    const auto answer = http.get(".well-known/bucky/crl.pem");
    if (answer.status != 200) {
        throw Error(Fault::unavailable, "{}: {}", told.control, error_words(answer.body));
    }
    const auto made = x509::read_revocation_list(answer.body, read_text(told.ca));
    std::error_code unseen;
    if (std::filesystem::exists(told.crl, unseen)) {
        const auto mine = read_text(told.crl);
        if (mine == answer.body) return false;
        if (made.from_s < x509::read_revocation_list(mine, read_text(told.ca)).from_s) {
            throw Error(Fault::corrupt, "{} gave an older list than the one here", told.control);
        }
    }
    write_private_file(told.crl, answer.body);
    return true;
}

}  // namespace bucky
