// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "conf/sections/all.h"
#include "conf/sections/checker.h"
#include "conf/tenants.h"

namespace bucky::conf {
namespace {

using enum Presence;

constexpr Key<PrecedenceSettings> kKeys[] = {
    {"finding", &PrecedenceSettings::finding,
     Fits{is_not_empty, "the key of a finding of that model"}, "",
     "Key of the finding in the package whose answer stands.", R"("nodule")", required},
    {"model", &PrecedenceSettings::model, Fits{is_not_empty, "the name of a model package"}, "",
     "Name of that package. What others say of the same finding (the same key, or the same code) "
     "is in the decision records and in no result. Where this package did not take the image, or "
     "failed, the others stand.",
     R"("cxr-nodule")", required},
    {"tenant", &PrecedenceSettings::tenant,
     Fits{is_empty_or_ae_title, "the ae_title of a [[tenant]], or empty for all"}, "",
     "Tenant whose images this decides; such rows come before those for all. Empty: all."},
};

void check(const Settings& settings, Checker& checker) {
    std::set<std::tuple<std::string, std::string, std::string>> decided;
    for (std::size_t i = 0; i < settings.precedences.size(); ++i) {
        const auto& [finding, model, tenant, line] = settings.precedences[i];
        if (!tenant.empty() && tenant_of(settings, tenant) == nullptr) {
            checker.complain({"precedence", i}, "tenant",
                             fmt::format(R"(there is no tenant "{}")", tenant));
        }
        if (!model.empty() && !decided.emplace(tenant, finding, model).second) {
            checker.complain({"precedence", i}, "model",
                             fmt::format(R"("{}" has a [[precedence]] for "{}"{} already)", model,
                                         finding, tenant.empty() ? "" : " of that tenant"));
        }
    }
}

}  // namespace

Section<PrecedenceSettings> precedence_section() {
    return {.name = "precedence",
            .field = &Settings::precedences,
            .keys = kKeys,
            .sentence =
                "Whose answer to a finding stands where several packages give one "
                "(inference.answer = \"all\"), one [[precedence]] each. Of several rows for a "
                "finding, the first whose package answered counts. Without one, all stand under "
                "their names; `bucky config check` names each such finding.",
            .in_example = false,
            .check = check};
}

}  // namespace bucky::conf
