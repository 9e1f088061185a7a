// SPDX-License-Identifier: Apache-2.0
// Owners of libcurl's handles. Only files that speak with libcurl include it.
#pragma once

#include <memory>

#include <curl/curl.h>

#include "conf/base/error.h"

namespace bucky {

struct CleanEasy {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
using EasyPtr = std::unique_ptr<CURL, CleanEasy>;

struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using ListPtr = std::unique_ptr<curl_slist, FreeList>;

inline EasyPtr make_easy() {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    EasyPtr easy{started == CURLE_OK ? curl_easy_init() : nullptr};
    if (!easy) throw Error(Fault::exhausted, "libcurl cannot start");
    return easy;
}

template <typename Value>
void set_option(CURL* easy, CURLoption option, Value value) {
    if (const auto code = curl_easy_setopt(easy, option, value); code != CURLE_OK) {
        throw Error(Fault::bug, "libcurl option {}: {}", static_cast<int>(option),
                    curl_easy_strerror(code));
    }
}

}  // namespace bucky
